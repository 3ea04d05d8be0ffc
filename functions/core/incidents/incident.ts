/** Incidents: situations of a fleet that open and resolve, and of which people are told. */

import type { SyncState } from '../../../schemas/gateway.ts';
import type { LossOutcome } from '../../../schemas/loss-readiness.ts';
import type { IncidentType, Severity } from '../../../schemas/notification.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';
import type { Traffic } from '../failover/traffic.ts';
import type { DataPlaneVerdict } from '../gateway/data-plane.ts';
import type { Reading } from '../gateway/reading.ts';
import type { HealthRecord } from '../health/record.ts';
import type { Resource } from '../model/resource.ts';

/** A situation that is open now. */
export interface Incident {
  /** Stable: fleet, kind and name of the subject, and what is wrong with it. */
  key: string;
  type: IncidentType;
  severity: Severity;
  /** Names of the clusters concerned. */
  clusters: string[];
  /** What is so, in whole sentences. */
  summary: string;
  /** What is said once it is over. */
  resolution: string;
}

/** Everything that incidents are derived from; all of it is stored. */
export interface IncidentFacts {
  nowMs: number;
  fleet: Pick<Resource<'fleet'>, 'name' | 'spec' | 'createdAt' | 'updatedAt'>;
  clusters: readonly Resource<'cluster'>[];
  /** Of these clusters. */
  health: readonly HealthRecord[];
  traffic: Traffic;
  gateways: readonly GatewayFacts[];
  /** What voters have left, by name. */
  traces: ReadonlyMap<string, VoterTrace>;
  /** What would become of each loss. */
  losses: readonly LossOutcome[];
  /** Rollouts of distributions that have not ended. */
  rollouts: readonly DistributionRollout[];
  /** Keys of the incidents that people were told of and that are not resolved yet. */
  told: ReadonlySet<string>;
}

/** What is known of a gateway. */
export interface GatewayFacts {
  name: string;
  reading?: Reading | undefined;
  /** What a request through it has shown. */
  observed?: DataPlaneVerdict | undefined;
  /** Changes that it has yet to follow. */
  waiting: readonly { kind: string; since: string }[];
  sync?: { state: SyncState; reason: string; message: string; attempts: number } | undefined;
}

export interface VoterTrace {
  heardAtMs?: number | undefined;
  /** When certificates of clusters expire that do so soon, in milliseconds since the epoch, by cluster. */
  certificates?: Record<string, number> | undefined;
}

/** Where incidents come from: one function for each kind of subject. */
export type IncidentSource = (facts: IncidentFacts) => Incident[];

/** `subject`: such as `gateway/edge`. */
export function keyOf({ fleet }: Pick<IncidentFacts, 'fleet'>, subject: string, what: string): string {
  return `${fleet.name}/${subject}/${what}`;
}
