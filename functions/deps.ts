/** The ports: everything that Fairlead needs from outside, as types. Implementations are wired in composition.ts. */

import type { AuditEvent } from '../schemas/audit.ts';
import type { Observation } from '../schemas/cluster.ts';
import type { Decision } from '../schemas/decision.ts';
import type { GatewayTarget } from '../schemas/gateway.ts';
import type { Event } from '../schemas/notification.ts';
import type { OperationProblem } from '../schemas/operation.ts';
import type { Traffic } from './core/failover/traffic.ts';
import type { Baseline } from './core/gateway/drift.ts';
import type { Json } from './core/gateway/provider-object.ts';
import type { Points, Reading } from './core/gateway/reading.ts';
import type { HealthRecord } from './core/health/record.ts';
import type { Pool } from './core/model/ir.ts';
import type { Kind, Ref, RefTo, Resource } from './core/model/resource.ts';
import type { Answer, Reply } from './core/notification/format.ts';
import type { Term } from './core/routing/terms.ts';
import type { Cloud } from './ports/cloud.ts';
import type {
  AuditFilter,
  BudgetScope,
  Commit,
  DocumentKind,
  Heartbeat,
  Job,
  Lease,
  ManifestWrite,
  OperationRecord,
  OutboxRequest,
  OutboxRow,
  OutcomeRecord,
  Page,
  PageRequest,
  ProgrammedRow,
  Readable,
  Recording,
  Revision,
  RowKind,
  Step,
  StoredBudget,
  StoredDocument,
  SyncRecord,
  WaitingOperation,
} from './stored.ts';

export * from './ports/cloud.ts';
export * from './stored.ts';

export interface Deps {
  store: Store;
  cloud: Cloud;
  clock: Clock;
  ids: Ids;
  net: Net;
  notifier: Notifier;
  log: Log;
  settings: Settings;
}

export interface Settings {
  /** The id that marks the objects of this installation at the gateways. Installations never touch objects of each other. */
  ownerId: string;
  /** The names of the credential sets that gateways may use. */
  credentials: readonly string[];
  /** The names of the targets that notifications may go to. */
  notificationTargets: readonly string[];
  /** The names of the targets of the format `webhook`, which can be asked questions. */
  webhookTargets: readonly string[];
  /** True when probes may go to loopback addresses, which is for local development only. */
  allowLoopbackProbes: boolean;
}

export interface Clock {
  /** Returns the time in milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Ids {
  /** Returns a new ULID, which is unique and sorts by time. */
  ulid(): string;
}

/** The access to the network for probes. A call that times out rejects with an error named `TimeoutError`. */
export interface Net {
  /** Sends one request. A redirect is returned as the answer, and not followed. */
  fetch(url: string, init: NetRequest): Promise<NetAnswer>;
  /** Resolves once a TCP connection is accepted; it is closed at once. */
  connect(host: string, port: number, timeoutMs: number): Promise<void>;
}

export interface NetRequest {
  method: string;
  headers: Record<string, string>;
  /** The time limit of the whole request, including the body. */
  timeoutMs: number;
  /** The number of bytes of the body to read. When absent, no body is read. */
  bodyBytes?: number | undefined;
}

export interface NetAnswer {
  status: number;
  /** The requested part of the body, as text. */
  body?: string | undefined;
  /** The expiry of the certificate of the server. It is absent in a Worker, which does not see the certificate. */
  certificateExpiresAtMs?: number | undefined;
}

/** The port to the targets of notifications. It knows their URLs and their signing secrets, which never leave it. */
export interface Notifier {
  /** Makes one attempt to send the event. A failure to reach the target is returned as an answer. */
  send(target: string, event: Event): Promise<Answer>;
  /** Makes one attempt to have a question answered. A failure to reach the target is returned as a reply. */
  ask(target: string, event: Event): Promise<Reply>;
  /** Requests the URL of the heartbeat, if the settings name one. It never rejects: the receiver notices a missing heartbeat. */
  beat(): Promise<void>;
}

/** The log: one JSON event per call, with its time. Fields hold neither secrets nor URLs. */
export interface Log {
  info(event: string, fields?: Record<string, Json | undefined>): void;
  /** Writes an error. `cause` is the thrown value as it is: the log removes everything that must not be shown. */
  error(event: string, fields?: Record<string, Json | undefined>, ...cause: [cause?: unknown]): void;
}

/** The health record of a cluster, and the observation that led to it, if one did. */
export interface Evidence {
  record: HealthRecord;
  observation?: Observation | undefined;
}

export interface Store {
  get<K extends Kind>(kind: K, fleet: string, name: string): Promise<Resource<K> | undefined>;
  list<K extends Kind>(kind: K, fleet: string, page: PageRequest): Promise<Page<Resource<K>>>;
  /** Returns every resource of the kind in the fleet, sorted by name. */
  all<K extends Kind>(kind: K, fleet: string): Promise<Resource<K>[]>;
  /** Returns every fleet, sorted by name. Unreadable records are listed apart, so that work on the other fleets goes on. */
  fleets(): Promise<Readable<Resource<'fleet'>>>;
  /** Returns the named resources that exist, sorted by name. */
  find<K extends Kind>(kind: K, fleet: string, names: Iterable<string>): Promise<Resource<K>[]>;
  /** Returns the routes of the fleet that are indexed under the term, sorted by name: the first `limit`, or all. */
  routesUnder(fleet: string, term: Term, limit?: number): Promise<Resource<'route'>[]>;
  /** Returns the gateways of all fleets whose declared target is the same instance, sorted by fleet and name. */
  gatewaysAt(target: GatewayTarget): Promise<Resource<'gateway'>[]>;
  /**
   * Returns how often the resource has been taken as a reference. A commit that looked for referrers carries this count, so
   * that it fails when a referrer was written in between.
   */
  referenceCount(ref: Ref): Promise<number>;
  /** Returns the reference counts of all resources of the kind in the fleet, by name. */
  referenceCounts(kind: Kind, fleet: string): Promise<Map<string, number>>;
  /**
   * Writes the commit in one transaction. Returns `conflict` when the resource is not at the expected revision or the
   * reference count has moved, and `missing-reference` with the references that do not exist.
   */
  commit(
    commit: Commit,
  ): Promise<{ result: 'ok' } | { result: 'conflict' } | { result: 'missing-reference'; missing: Ref[] }>;

  /** Returns the revisions of every resource that has had this name, newest first. They stay when the resource is deleted. */
  revisions(ref: Ref, page: PageRequest): Promise<Page<Revision>>;
  /** Returns a revision of the resource with this uid or, without a uid, of the latest resource of the name. */
  revision<K extends Kind>(ref: RefTo<K>, revision: number, uid?: string): Promise<Revision<K> | undefined>;
  /** Returns the last revision that was written at that time or before; undefined when there was none yet. */
  revisionAt<K extends Kind>(ref: RefTo<K>, at: string): Promise<Revision<K> | undefined>;
  /**
   * Returns audit events, newest first. Each page looks at a bounded number of events: it may be short, or empty, and still
   * have a token. Events stay when the fleet is deleted.
   */
  audits(fleet: string, page: PageRequest, filter?: AuditFilter): Promise<Page<AuditEvent>>;
  audit(fleet: string, id: string): Promise<AuditEvent | undefined>;

  /** Returns the outbox rows of a gateway, of a fleet, or of all fleets: the first `limit`, or all. */
  outbox(
    scope: { fleet?: never; gateway?: never } | { fleet: string; gateway?: string },
    limit?: number,
  ): Promise<OutboxRow[]>;
  /** Returns the outbox rows of a gateway that have the kind and a name in [from, to]. */
  waiting(fleet: string, gateway: string, kind: RowKind, from: string, to: string): Promise<OutboxRow[]>;
  /** Returns the operations that came with these rows of one gateway, in the state in which they were read, or earlier. */
  waitingOperations(rows: readonly OutboxRow[]): Promise<WaitingOperation[]>;
  /** Returns the first gateway that has rows or, given `last`, the first one after it, in the order of fleets and names. */
  nextBehind(last?: { fleet: string; gateway: string }): Promise<{ fleet: string; gateway: string } | undefined>;
  /**
   * Removes rows that are still as they were read, and records them as programmed, or forgets them when the resource or the
   * gateway is gone. Rows that have changed keep waiting, from the first later change on. Throws `LeaseLost`, after which
   * nothing more is written.
   */
  settle(rows: readonly OutboxRow[], verifiedAt: string, lease: Lease): Promise<void>;
  /** Returns the programmed rows of the resources of a kind whose names lie in [from, to]. */
  programmed(fleet: string, kind: Kind, from: string, to: string): Promise<ProgrammedRow[]>;

  sync(fleet: string, gateway: string): Promise<SyncRecord | undefined>;
  /** Replaces the sync record. Throws `LeaseLost`, also when the gateway is gone. */
  putSync(record: SyncRecord, lease: Lease): Promise<void>;
  /** Returns all sync records of a fleet. */
  syncs(fleet: string): Promise<SyncRecord[]>;

  /** Returns the pools that a gateway serves, as last resolved. A change of health reads these, and no routes. */
  pools(fleet: string, gateway: string): Promise<Pool[]>;
  /** Replaces the pools of a gateway. Throws `LeaseLost`, after which nothing more is written. */
  putPools(fleet: string, gateway: string, pools: readonly Pool[], lease: Lease): Promise<void>;

  /** Returns the objects that the gateway was last verified to have. */
  baseline(fleet: string, gateway: string): Promise<Baseline>;
  /** Replaces the baseline of a gateway. Throws `LeaseLost`. */
  putBaseline(fleet: string, gateway: string, baseline: Baseline, lease: Lease): Promise<void>;

  /** Returns the state of the gateway when it was last read; undefined when nobody has tried to read it yet. */
  reading(fleet: string, gateway: string): Promise<Reading | undefined>;
  /** Returns the readings of all gateways of a fleet. */
  readings(fleet: string): Promise<Reading[]>;
  /** Returns the points of traffic that the gateway gave when it was last read. */
  points(fleet: string, gateway: string): Promise<Points>;
  /** Replaces the reading and, when given, the points. Throws `LeaseLost`. */
  putReading(reading: Reading, points: Points | undefined, lease: Lease): Promise<void>;

  /** Writes an operation that changes no resource, with its audit event and the rows that it waits for: all or nothing. */
  begin(operation: OperationRecord, audit: AuditEvent, outbox: OutboxRequest[]): Promise<void>;
  operation(fleet: string, id: string): Promise<OperationRecord | undefined>;
  /** Returns the operations of a fleet, newest first. */
  operations(fleet: string, page: PageRequest): Promise<Page<OperationRecord>>;
  /** Returns the outcomes of the operations whose ids lie in [from, to]. */
  outcomes(fleet: string, from: string, to: string): Promise<OutcomeRecord[]>;
  /** Writes outcomes. The first outcome of an operation at a gateway counts, and ends its wait there. Throws `LeaseLost`. */
  conclude(outcomes: readonly OutcomeRecord[], waiting: readonly WaitingOperation[], lease: Lease): Promise<void>;

  /**
   * Begins an operation that changes many resources: stores its steps, in order, and holds the fleet until they have been
   * written or something stops them. Returns false when the fleet is held already, or when `checkedAgainst` is not the
   * present state any more.
   */
  beginManifestWrite(
    operation: OperationRecord,
    audit: AuditEvent,
    steps: Step[],
    checkedAgainst?: Commit['checkedAgainst'],
  ): Promise<boolean>;
  /** Returns the id of the operation that holds the fleet. Until it ends, the declaration is between its old and its new state. */
  hold(fleet: string): Promise<string | undefined>;
  /** Returns every fleet that is held, with the operation that holds it. */
  holds(): Promise<Readable<{ fleet: string; operation: string }>>;
  manifestWrite(fleet: string, operation: string): Promise<ManifestWrite | undefined>;
  /** Returns the writes of manifests that belong to the operations whose ids lie in [from, to]. */
  manifestWrites(fleet: string, from: string, to: string): Promise<ManifestWrite[]>;
  /** Returns the batch of steps that is to be written next. */
  nextSteps(manifestWrite: ManifestWrite): Promise<Step[]>;
  /**
   * Writes the commits of the next steps and the progress of the write in one transaction, so that each step is written
   * once, however often it is tried. Returns `moved` when the write is not at the expected batch or there was too much
   * contention. The other results are those of `commit`, with the resources that are not as expected.
   */
  advance(
    manifestWrite: ManifestWrite,
    commits: Commit[],
  ): Promise<
    | { result: 'ok'; manifestWrite: ManifestWrite }
    | { result: 'moved' }
    | { result: 'conflict'; resources: Ref[] }
    | { result: 'missing-reference'; missing: Ref[] }
  >;
  /** Ends the write and releases the fleet. Returns false when the write is not at the expected batch. */
  endManifestWrite(manifestWrite: ManifestWrite, endedAt: string, problem?: OperationProblem): Promise<boolean>;

  /** Returns the entries that were remembered of a gateway within the hour before `nowMs`, by name. */
  recall(fleet: string, gateway: string, nowMs: number): Promise<Map<string, Json>>;
  /**
   * Adds entries, or replaces those of the same name. Each entry is written by itself, under the lease if one is given. Names
   * are printable ASCII and begin with a letter. Throws `LeaseLost`.
   */
  remember(
    fleet: string,
    gateway: string,
    entries: ReadonlyMap<string, Json>,
    nowMs: number,
    lease: Lease | undefined,
  ): Promise<void>;

  /** Takes the lease when it is free or has expired. Returns undefined when another holder has it. */
  acquire(name: string, holder: string, ttlMs: number, nowMs: number): Promise<Lease | undefined>;
  /** Extends a lease that its holder still has. Returns undefined when it is lost. */
  renew(lease: Lease, ttlMs: number, nowMs: number): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;

  /** Records that a scheduled job ended at that time. A time before the recorded one changes nothing. */
  beat(job: Job, atMs: number): Promise<void>;
  /** Returns when each scheduled job last ended. A job that never has is missing. */
  heartbeats(): Promise<Readable<Heartbeat>>;

  /**
   * Returns the stored budget; undefined before the first call. This method and `putBudget` throw when there is no answer in
   * half a second, so that no call to a cloud waits longer.
   */
  budget(scope: BudgetScope): Promise<StoredBudget | undefined>;
  /** Replaces the budget. Returns false when it is not at `version - 1`. */
  putBudget(scope: BudgetScope, budget: StoredBudget): Promise<boolean>;

  /** Returns the health records of all clusters, or of those with names in [from, to], including what voters vouch for. */
  health(fleet: string, names?: { from: string; to: string }): Promise<HealthRecord[]>;
  /**
   * Appends the observations and replaces the records, at most 49, in one transaction. Returns false when a record is not at
   * `version - 1`, or when a lease is given and it is lost.
   */
  putHealth(evidence: readonly Evidence[], lease?: Lease): Promise<boolean>;
  /** Returns the observations of a cluster, newest first: all, or those that were made in the span, both ends included. */
  observations(
    fleet: string,
    cluster: string,
    page: PageRequest,
    span?: { fromMs: number; toMs: number },
  ): Promise<Page<Observation>>;

  traffic(fleet: string): Promise<Traffic>;
  /**
   * Writes a decision in one transaction: the traffic state (conditional on `traffic.version - 1`) and everything that goes
   * with it. Returns false when another decision came first, or when a lease is given and it is lost.
   */
  decide(recording: Recording): Promise<boolean>;
  /**
   * Writes the parts of a decision that its transaction has no room for: rows of gateways and records beyond the first tens,
   * and long inputs. Most decisions leave nothing to write here.
   */
  complete(recording: Recording): Promise<void>;
  /** Returns the canonical JSON of the inputs of a decision. */
  inputs(fleet: string, decision: string): Promise<string | undefined>;
  decision(fleet: string, id: string): Promise<Decision | undefined>;
  /** Returns the decisions of a fleet, newest first. */
  decisions(fleet: string, page: PageRequest): Promise<Page<Decision>>;

  /** Writes an audit event of something that changed nothing, such as a refusal. */
  appendAudit(fleet: string, audit: AuditEvent): Promise<void>;

  document<K extends DocumentKind>(fleet: string, kind: K, id: string): Promise<StoredDocument<K> | undefined>;
  /** Returns the documents of a kind: newest first when their ids are ULIDs, else sorted by name. */
  documents<K extends DocumentKind>(fleet: string, kind: K, page: PageRequest): Promise<Page<StoredDocument<K>>>;
  /** Writes a document and, if given, an audit event in one transaction. Returns false when it is not at `version - 1`. */
  putDocument(document: StoredDocument, audit?: AuditEvent): Promise<boolean>;
  /** Writes at most 49 documents in one transaction. Returns false when one of them is not at `version - 1`. */
  putDocuments(documents: readonly StoredDocument[]): Promise<boolean>;
  /** Returns the first `limit` pending documents of all fleets, oldest first. */
  pendingDocuments<K extends DocumentKind>(kind: K, limit: number): Promise<Readable<StoredDocument<K>>>;
}
