/** Incidents are situations of a fleet that open and resolve, and that people are told about. */

import type { SyncState } from '../../../schemas/gateway.ts';
import type { LossOutcome } from '../../../schemas/loss-readiness.ts';
import type { IncidentType, Severity } from '../../../schemas/notification.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';
import type { Traffic } from '../failover/traffic.ts';
import type { DataPlaneState } from '../gateway/data-plane.ts';
import type { Reading } from '../gateway/reading.ts';
import type { HealthRecord } from '../health/types.ts';
import type { Resource } from '../model/resource.ts';

/** A situation that is open now. */
export interface Incident {
  /** The stable key of the incident: the fleet, the kind and name of the subject, and what is wrong with it. */
  key: string;
  type: IncidentType;
  severity: Severity;
  /** The names of the clusters concerned. */
  clusters: string[];
  /** A description of the situation in whole sentences. */
  summary: string;
  /** The text that tells people that the incident is over. */
  resolution: string;
}

/** Everything that incidents are derived from; all of it is stored. */
export interface IncidentFacts {
  nowMs: number;
  fleet: Pick<Resource<'fleet'>, 'name' | 'spec' | 'createdAt' | 'updatedAt'>;
  clusters: readonly Resource<'cluster'>[];
  /** The health records of these clusters. */
  health: readonly HealthRecord[];
  traffic: Traffic;
  gateways: readonly GatewayFacts[];
  /** The traces that voters have left, by the voter's name. */
  traces: ReadonlyMap<string, VoterTrace>;
  /** The outcomes of all losses that the fleet could have. */
  losses: readonly LossOutcome[];
  /** The rollouts of distributions that have not ended. */
  rollouts: readonly DistributionRollout[];
  /** The keys of the incidents that people were told of and that are not resolved yet. */
  told: ReadonlySet<string>;
}

/** A gateway, as far as incidents depend on it. */
export interface GatewayFacts {
  name: string;
  reading?: Reading | undefined;
  /** The result of a test request through the gateway. */
  observed?: DataPlaneState | undefined;
  /** The changes that it has yet to follow. */
  waiting: readonly { kind: string; since: string }[];
  sync?: { state: SyncState; reason: string; message: string; attempts: number } | undefined;
}

export interface VoterTrace {
  heardAtMs?: number | undefined;
  /**
   * The times at which certificates of clusters expire, by cluster, in milliseconds since the epoch. Only certificates
   * that expire soon are listed.
   */
  certificates?: Record<string, number> | undefined;
}

/** A function that derives the incidents of one kind of subject. */
export type IncidentSource = (facts: IncidentFacts) => Incident[];

/** Returns the key of an incident. `subject` is a kind and a name, such as `gateway/edge`. */
export function keyOf({ fleet }: Pick<IncidentFacts, 'fleet'>, subject: string, what: string): string {
  return `${fleet.name}/${subject}/${what}`;
}
