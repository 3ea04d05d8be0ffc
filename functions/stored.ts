/** The records that the store keeps besides declarations, and the types of requests to it. */

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
  /** The largest number of items, from 1 to 200. */
  limit: number;
  token?: string | undefined;
}

export interface Page<T> {
  items: T[];
  nextToken?: string | undefined;
}

/** A list in which a record that cannot be read does not hide the others. */
export interface Readable<T> {
  items: T[];
  unreadable: UnreadableRecord[];
}

/** The error of a page token that was not issued for the list. */
export class InvalidPageToken extends Error {
  constructor() {
    super('The page token is not valid here.');
    this.name = 'InvalidPageToken';
  }
}

/** The error of a write that the store can never accept: too many items in one transaction, or an item that is too large. */
export class StoreLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StoreLimitError';
  }
}

/** The error of a lease that went to another holder, or whose subject is gone. The work under it must stop, and must not write again. */
export class LeaseLost extends Error {
  constructor(name: string) {
    super(`the lease ${name} is held by another writer`);
    this.name = 'LeaseLost';
  }
}

/**
 * The reason why the store is unavailable. `silent`: it did not answer in time. `failing`: it had an error of its own, or its
 * answer cannot be read. `contended`: other writers kept writing the same item. `credentials`: the keys are wrong or have
 * expired. `denied`: the keys do not allow the call. `clock`: the control plane signs with a wrong time.
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

/** The error of a store that is unavailable at present. The message may be shown to anybody; the answer of the store is in `cause`. */
export class StoreUnavailable extends Error {
  readonly trouble: StoreTrouble;
  /** The error code, such as `ThrottlingException` or `ConnectionFailed`. */
  readonly code: string;
  /** The id that the store has given to the request. */
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

/** A state of a resource as it was written at `updatedAt`. A deletion adds a revision with the last declaration. */
export type Revision<K extends Kind = Kind> = Resource<K> & { deleted: boolean };

/** The filters of audit events. All that are given must hold. Times are inclusive, and `since` is not after `until`. */
export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  kind?: Kind | undefined;
  name?: string | undefined;
  requestId?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** The kind of an outbox row: the kind of a changed resource, `traffic` when traffic has moved, or `apply` when somebody asked for a push. */
export type RowKind = Kind | 'traffic' | 'apply';

/** A request to a gateway to follow a change of a resource. */
export interface OutboxRequest {
  fleet: string;
  gateway: string;
  kind: RowKind;
  name: string;
  /** The revision of the resource, or the version of the traffic state. */
  revision: number;
  requestedAt: string;
  /** The id of the operation of the change, which waits until the gateway follows. */
  operation?: string | undefined;
}

/** A resource that a gateway has yet to follow, in the state of the last request. There is one row per gateway and resource: edits coalesce. */
export interface OutboxRow extends OutboxRequest {
  /** The time at which the first of the changes that still wait was requested. */
  since: string;
  /** The ids of operations that wait as well. Only rows of earlier releases have any. */
  operations: string[];
}

/** An operation that ends at the gateway when the outbox row of this resource is settled. */
export interface WaitingOperation extends OutboxRequest {
  operation: string;
}

/** A push to gateways. Its result at each gateway is in an outcome and, until there is one, in the sync record of the gateway. */
export type OperationRecord = Pick<
  Operation,
  'id' | 'fleet' | 'action' | 'target' | 'actor' | 'requestId' | 'reason' | 'createdAt'
> & {
  /** The names of the gateways that have to follow. */
  gateways: string[];
};

/** The result of an operation at a gateway. */
export interface OutcomeRecord {
  operation: string;
  fleet: string;
  gateway: string;
  state: 'Verified' | 'Diverged' | 'Failed';
  reason: string;
  message: string;
  /** The number of changes that were made. */
  steps: number;
  attempts: number;
  endedAt: string;
}

/** A record that the gateway `gateway` is verified to follow the resource at `revision`. */
export interface ProgrammedRow {
  fleet: string;
  gateway: string;
  kind: RowKind;
  name: string;
  revision: number;
  verifiedAt: string;
}

/** The state of bringing a gateway to what is declared. The API shows it as GatewaySync. */
export interface SyncRecord {
  fleet: string;
  gateway: string;
  /** An id that full runs share until one of them succeeds. Creates at the cloud are idempotent within one intent. */
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
  /** The time at which the cloud had accepted all of the last push. */
  pushedAt?: string | undefined;
  /** The time at which a run last read the gateway as a whole. */
  checkedAt?: string | undefined;
}

/** A revision of a resource and everything that goes with it, which is written together or not at all. */
export interface Commit {
  /** The new state of the resource or, on delete, its last state. */
  resource: Resource;
  verb: 'create' | 'update' | 'delete';
  /** The state that an update replaces. */
  before?: Resource | undefined;
  /** The resources that must exist, and that nobody may delete meanwhile. */
  references: Ref[];
  /**
   * The reference count that was read before the referrers were looked up. It is given on delete, and on an update that may
   * take something from its referrers.
   */
  referenceCount?: number | undefined;
  audit: AuditEvent;
  outbox: OutboxRequest[];
  /** The push of the change to gateways; absent when no gateway has to follow. */
  operation?: OperationRecord | undefined;
  /** The versions that the safety rules were checked against. When one of them has moved, the commit is a conflict. */
  checkedAgainst?: { trafficVersion: number; fleetRevision: number } | undefined;
  /** Documents to write, each conditional on its `version - 1`. The commit of a distribution has room for one. */
  documents?: StoredDocument[] | undefined;
}

/** A decision and everything that goes with it, which is written together or not at all. */
export interface Recording {
  fleet: string;
  /** The traffic state that the decision leads to, with its new version. */
  traffic: Traffic;
  decision: Decision;
  /** The canonical JSON of the inputs of the decision. */
  inputs: string;
  audit: AuditEvent;
  outbox: OutboxRequest[];
  operation?: OperationRecord | undefined;
  /** Documents to write, each conditional on its `version - 1`. */
  documents: StoredDocument[];
  /** The lease of the prober that decides. */
  lease?: Lease | undefined;
}

/**
 * The bodies of documents by kind, and the ids of documents. shift, break-glass: the id is the name. drill-run, delivery: the
 * id is a ULID. voter: the id is the name of the voter, and the body has the time at which it was last heard, what it vouches
 * for, the certificates that it saw expire, and the number of the last batch of an agent. told: the id is the name of the
 * fleet, and the body has the incidents that people were told of. readiness: the id is the name of the fleet, and the body
 * has the losses that it could survive. data-plane: the id is the name of the gateway, and the body has the result of the
 * last request through it. rollout: the id is a ULID, and the body is the rollout of a distribution.
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

/** The predicted outcomes of losses, and the times of the prediction. */
export interface Assessment {
  /** A digest of the inputs of the assessment. */
  basis: string;
  /** The version of the newest decision that the assessment takes into account. */
  trafficVersion: number;
  /** The time at which it was last checked whether the assessment still holds. */
  checkedAtMs: number;
  /** The time at which the assessment was worked out. */
  atMs: number;
  losses: LossOutcome[];
  /** The number of losses that were not worked out, since they would have taken too long. */
  skipped: number;
}

export type DocumentKind = keyof DocumentBodies;

/** A record that is kept beside the traffic state, such as a shift. */
export interface StoredDocument<K extends DocumentKind = DocumentKind> {
  fleet: string;
  kind: K;
  id: string;
  /** The version, which is 1 when the document is first written. */
  version: number;
  body: DocumentBodies[K];
  /** True while there is work left to do on the document. */
  isPending: boolean;
  /** The time after which the document is forgotten, in epoch seconds. */
  ttl?: number | undefined;
}

/** A change of a resource that has been decided on, and is written later together with others. */
export interface Step extends Pick<Commit, 'resource' | 'verb' | 'references' | 'referenceCount'> {
  /** The names of the gateways that have to follow. */
  gateways: string[];
  /** The number of index terms of the resource that are added or removed. */
  movedTerms: number;
}

/** The progress of writing the steps of an operation, in batches that are one transaction each. */
export interface ManifestWrite {
  fleet: string;
  operation: string;
  batches: number;
  steps: number;
  writtenBatches: number;
  writtenSteps: number;
  /** The time at which the write ended; present once it has. `problem` is the problem that stopped it, if one did. */
  endedAt?: string | undefined;
  problem?: OperationProblem | undefined;
}

export interface Lease {
  name: string;
  epoch: number;
  holder: string;
  expiresAtMs: number;
}

/** The scheduled jobs: probe rounds, sweeps of gateways, writes of manifests and rollouts of distributions, and deliveries of notifications. */
export const JOBS = ['probe', 'sweep', 'rollouts', 'deliveries'] as const;
export type Job = (typeof JOBS)[number];

/** The time at which a scheduled job last ended. */
export interface Heartbeat {
  job: Job;
  atMs: number;
}

/** The scope of a budget: calls with the same scope are counted together. */
export interface BudgetScope {
  /** The name of the credential set, which stands for an account. */
  credentials: string;
  product: GatewayTarget['provider'];
  regionId: string;
  /** The action, or `*` when all actions are counted together. */
  action: string;
}

export interface StoredBudget {
  /** The version, which is 1 when the budget is first written. */
  version: number;
  bucket: Bucket;
}
