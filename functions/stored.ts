/** What the store keeps besides what people declared, and how it is asked for. */

import type { AuditEvent } from '../schemas/audit.ts';
import type { Decision } from '../schemas/decision.ts';
import type { DrillRun } from '../schemas/drill.ts';
import type { GatewayTarget, Progress, SyncState } from '../schemas/gateway.ts';
import type { LossOutcome } from '../schemas/loss-readiness.ts';
import type { Delivery } from '../schemas/notification.ts';
import type { Operation, OperationProblem } from '../schemas/operation.ts';
import type { DistributionRollout } from '../schemas/rollout.ts';
import type { BreakGlass, Shift } from '../schemas/shift.ts';
import type { Traffic } from './core/failover/traffic.ts';
import type { Bucket } from './core/gateway/budget.ts';
import type { DataPlaneRecord } from './core/gateway/data-plane.ts';
import type { Vouch } from './core/health/vouch.ts';
import type { VoterTrace } from './core/incidents/incident.ts';
import type { Told } from './core/incidents/told.ts';
import type { Kind, Ref, Resource } from './core/model/resource.ts';
import type { UnreadableRecord } from './unreadable.ts';

export interface PageRequest {
  /** 1 to 200. */
  limit: number;
  token?: string | undefined;
}

export interface Page<T> {
  items: T[];
  nextToken?: string | undefined;
}

/** A list in which one record that cannot be read must not stop the others. */
export interface Readable<T> {
  items: T[];
  unreadable: UnreadableRecord[];
}

/** The page token was not issued for this list. */
export class InvalidPageToken extends Error {
  constructor() {
    super('The page token is not valid here.');
    this.name = 'InvalidPageToken';
  }
}

/** A write that the store can never take: too many items in one transaction, or an item that is too large. */
export class StoreLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreLimitError';
  }
}

/** The lease went to another holder, or what it is of is gone: whatever was going on must stop, and must not write again. */
export class LeaseLost extends Error {
  constructor(name: string) {
    super(`the lease ${name} is held by another writer`);
    this.name = 'LeaseLost';
  }
}

/**
 * Why the store does not do its work. `silent`: no answer in time. `failing`: an error of its own, or an answer that cannot be read.
 * `contended`: others kept writing the same. `credentials`: the keys are wrong or have expired; `denied`: they do not allow the call.
 * `clock`: the control plane signs with a wrong time.
 */
export type StoreTrouble =
  | 'unreachable'
  | 'silent'
  | 'failing'
  | 'throttled'
  | 'contended'
  | 'credentials'
  | 'denied'
  | 'no-table'
  | 'clock';

/** The store does not do its work at the moment. The message may be shown to anybody; what the store itself said is in `cause`. */
export class StoreUnavailable extends Error {
  readonly trouble: StoreTrouble;
  /** Such as `ThrottlingException` or `ConnectionFailed`. */
  readonly code: string;
  /** Id that the store has given to the request. */
  readonly requestId: string | undefined;

  constructor(fields: {
    trouble: StoreTrouble;
    code: string;
    message: string;
    requestId?: string | undefined;
    cause?: unknown;
  }) {
    super(fields.message, { cause: fields.cause });
    this.name = 'StoreUnavailable';
    this.trouble = fields.trouble;
    this.code = fields.code;
    this.requestId = fields.requestId;
  }
}

/** A state of a resource as it was written; `updatedAt` is when. A deletion leaves one more, with what was declared last. */
export type Revision<K extends Kind = Kind> = Resource<K> & { deleted: boolean };

/** All that are given must hold; times are inclusive, `since` not after `until`. */
export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  kind?: Kind | undefined;
  name?: string | undefined;
  requestId?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** A resource that has changed, traffic that has moved, or somebody who wants the gateway as it is declared. */
export type RowKind = Kind | 'traffic' | 'apply';

/** A change asks a gateway to follow a resource. */
export interface OutboxRequest {
  fleet: string;
  gateway: string;
  kind: RowKind;
  name: string;
  /** Revision of the resource, or version of the traffic state. */
  revision: number;
  requestedAt: string;
  /** Id of the operation that the change is; it waits until the gateway follows. */
  operation?: string | undefined;
}

/** The gateway has yet to follow this resource, as the last request has it. One row per gateway and resource: edits coalesce. */
export interface OutboxRow extends OutboxRequest {
  /** When the first of the changes that still wait was requested. */
  since: string;
  /** Ids of operations that wait as well, where a release that kept them in the row has written it. */
  operations: string[];
}

/** An operation that ends at the gateway when the row of this resource does. */
export interface WaitingOperation extends OutboxRequest {
  operation: string;
}

/** A push on its way to gateways. What has become of it at each stands in outcomes, or in the gateway's sync record until then. */
export type OperationRecord = Pick<
  Operation,
  'id' | 'fleet' | 'action' | 'target' | 'actor' | 'requestId' | 'reason' | 'createdAt'
> & {
  /** Names of the gateways that have to follow. */
  gateways: string[];
};

/** How an operation ended at a gateway. */
export interface OutcomeRecord {
  operation: string;
  fleet: string;
  gateway: string;
  state: 'Verified' | 'Diverged' | 'Failed';
  reason: string;
  message: string;
  /** Changes that were made. */
  steps: number;
  attempts: number;
  endedAt: string;
}

/** Gateway `gateway` is verified to follow the resource at `revision`. */
export interface ProgrammedRow {
  fleet: string;
  gateway: string;
  kind: RowKind;
  name: string;
  revision: number;
  verifiedAt: string;
}

/** How far a gateway follows; the API shows it as GatewaySync. */
export interface SyncRecord {
  fleet: string;
  gateway: string;
  /** Of full runs until one has ended well; creates at the cloud are idempotent within it. */
  intent?: string | undefined;
  state: SyncState;
  reason: string;
  message: string;
  attempts: number;
  lastAttemptAt?: string | undefined;
  nextAttemptAt?: string | undefined;
  verifiedAt?: string | undefined;
  /** The instance that was created for the gateway, once it serves. */
  provisioned?: GatewayTarget | undefined;
  progress?: Progress | undefined;
  /** When the cloud had accepted all of the last push. */
  pushedAt?: string | undefined;
  /** When a run last read the gateway as a whole. */
  checkedAt?: string | undefined;
}

/** A revision of a resource and all that goes with it; written together or not at all. */
export interface Commit {
  /** The new state; on delete, the last state. */
  resource: Resource;
  verb: 'create' | 'update' | 'delete';
  /** What an update replaces. */
  before?: Resource | undefined;
  /** Resources that must exist, and that no one may delete meanwhile. */
  references: Ref[];
  /** The reference count read before the referrers were looked up: on delete, and on an update that may take something from them. */
  referenceCount?: number | undefined;
  audit: AuditEvent;
  outbox: OutboxRequest[];
  /** The push that follows; absent when no gateway has to. */
  operation?: OperationRecord | undefined;
  /** What the safety rules were checked against; when it has moved, the commit is a conflict. */
  checkedAgainst?: { trafficVersion: number; fleetRevision: number } | undefined;
  /** Each conditional on its `version - 1`; of a distribution, there is room for one. */
  documents?: StoredDocument[] | undefined;
}

/** A decision and all that goes with it; written together or not at all. */
export interface Recording {
  fleet: string;
  /** At the version that the decision leads to. */
  traffic: Traffic;
  decision: Decision;
  /** Canonical JSON of what was decided upon. */
  inputs: string;
  audit: AuditEvent;
  outbox: OutboxRequest[];
  operation?: OperationRecord | undefined;
  /** Each conditional on its `version - 1`. */
  documents: StoredDocument[];
  /** Of the prober that decides. */
  lease?: Lease | undefined;
}

/**
 * What documents hold. shift, break-glass: by name, one of each name. drill-run, delivery: by ULID. voter: by its name, when it was heard
 * last, what it vouches for and which certificates it saw expire, and the number of the last batch of an agent. told: by name of the fleet,
 * of which incidents people know. readiness: by name of the fleet, which losses it could do without. data-plane: by name of the gateway, what the
 * last request through it has shown. rollout: of a distribution, by ULID.
 */
export interface DocumentBodies {
  shift: Shift;
  'break-glass': BreakGlass;
  'drill-run': DrillRun;
  delivery: Delivery;
  voter: VoterTrace & { sequence?: number | undefined; vouch?: Vouch | undefined };
  told: Told;
  readiness: Assessment;
  'data-plane': DataPlaneRecord;
  rollout: DistributionRollout;
}

/** What would become of losses, and when that was worked out. */
export interface Assessment {
  /** A digest of what it follows from. */
  basis: string;
  /** The newest decision that it knows of, and when it was looked last whether it holds. */
  trafficVersion: number;
  checkedAtMs: number;
  atMs: number;
  losses: LossOutcome[];
  /** So many were too much to be worked out. */
  skipped: number;
}

export type DocumentKind = keyof DocumentBodies;

/** A record beside the traffic state, such as what has become of a shift. */
export interface StoredDocument<K extends DocumentKind = DocumentKind> {
  fleet: string;
  kind: K;
  id: string;
  /** 1 when it is first written. */
  version: number;
  body: DocumentBodies[K];
  /** There is more to do with it. */
  isPending: boolean;
  /** It is forgotten after this time, in epoch seconds. */
  ttl?: number | undefined;
}

/** A change of a resource that has been decided on, and is written later together with others. */
export interface Step extends Pick<Commit, 'resource' | 'verb' | 'references' | 'referenceCount'> {
  /** Names of the gateways that have to follow. */
  gateways: string[];
  /** How many of the terms by which it is found come or go. */
  movedTerms: number;
}

/** How far the steps of an operation have been written: in batches, each of which is one transaction. */
export interface Rollout {
  fleet: string;
  operation: string;
  batches: number;
  steps: number;
  writtenBatches: number;
  writtenSteps: number;
  /** Present once it has ended, with what stopped it, if something did. */
  endedAt?: string | undefined;
  problem?: OperationProblem | undefined;
}

export interface Lease {
  name: string;
  epoch: number;
  holder: string;
  expiresAtMs: number;
}

/** What the schedule runs: probe rounds, sweeps of gateways, rollouts of manifests and distributions, and deliveries of notifications. */
export const JOBS = ['probe', 'sweep', 'rollouts', 'deliveries'] as const;
export type Job = (typeof JOBS)[number];

/** When a scheduled job last came to an end. */
export interface Heartbeat {
  job: Job;
  atMs: number;
}

/** What calls are counted by together. */
export interface BudgetScope {
  /** Name of the credential set, which stands for an account. */
  credentials: string;
  product: GatewayTarget['provider'];
  regionId: string;
  /** `*` where all actions count together. */
  action: string;
}

export interface StoredBudget {
  /** 1 when it is first written. */
  version: number;
  bucket: Bucket;
}
