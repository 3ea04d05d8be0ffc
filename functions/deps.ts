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
  Rollout,
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
  /** Marks the objects of this installation at the gateways; two installations never touch each other's. */
  ownerId: string;
  /** Names of the credential sets that gateways may use. */
  credentials: readonly string[];
  /** Names of the targets that notifications may go to. */
  notificationTargets: readonly string[];
  /** Those of them that can be asked something. */
  webhookTargets: readonly string[];
  /** Loopback targets are for local development only. */
  allowLoopbackProbes: boolean;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export interface Ids {
  /** A ULID: unique, and sorted by time. */
  ulid(): string;
}

/** Access to the network for probes. Times out with an error named TimeoutError. */
export interface Net {
  /** One request; a redirect is an answer. */
  fetch(url: string, init: NetRequest): Promise<NetAnswer>;
  /** Resolves once a TCP connection is accepted; it is closed at once. */
  connect(host: string, port: number, timeoutMs: number): Promise<void>;
}

export interface NetRequest {
  method: string;
  headers: Record<string, string>;
  /** For all of it, the body too. */
  timeoutMs: number;
  /** How much of the body is wanted, in bytes; absent: nothing. */
  bodyBytes?: number | undefined;
}

export interface NetAnswer {
  status: number;
  /** As much as was wanted, as text. */
  body?: string | undefined;
  /** Of the server; a Worker does not see it. */
  certificateExpiresAtMs?: number | undefined;
}

/** Knows where targets are and how to sign for them; neither ever leaves it. */
export interface Notifier {
  /** One attempt; what keeps it from the target is an answer, too. */
  send(target: string, event: Event): Promise<Answer>;
  /** One attempt to have a question answered; the same holds. */
  ask(target: string, event: Event): Promise<Reply>;
  /** Requests the URL of the heartbeat, if the settings name one. It never fails: whoever misses it is the one that finds out. */
  beat(): Promise<void>;
}

/** One JSON event per call, with its time. Fields hold neither secrets nor URLs. */
export interface Log {
  info(event: string, fields?: Record<string, Json | undefined>): void;
  /** `cause` is whatever was thrown: the log takes out what must not be shown, so that callers pass it on as it is. */
  error(event: string, fields?: Record<string, Json | undefined>, ...cause: [cause?: unknown]): void;
}

/** What is known of a cluster, and the observation that it is known by, if it is one. */
export interface Evidence {
  record: HealthRecord;
  observation?: Observation | undefined;
}

export interface Store {
  get<K extends Kind>(kind: K, fleet: string, name: string): Promise<Resource<K> | undefined>;
  list<K extends Kind>(kind: K, fleet: string, page: PageRequest): Promise<Page<Resource<K>>>;
  /** Every resource of the kind in the fleet, by name. */
  all<K extends Kind>(kind: K, fleet: string): Promise<Resource<K>[]>;
  /** Every fleet, by name: work on some goes on when the record of another cannot be read. */
  fleets(): Promise<Readable<Resource<'fleet'>>>;
  /** Those of the named resources that exist, by name. */
  find<K extends Kind>(kind: K, fleet: string, names: Iterable<string>): Promise<Resource<K>[]>;
  /** The routes of the fleet that stand under the term, by name; of the first `limit`, or of all. */
  routesUnder(fleet: string, term: Term, limit?: number): Promise<Resource<'route'>[]>;
  /** The gateways of all fleets that are declared to be at the instance of the target, by fleet and name. */
  gatewaysAt(target: GatewayTarget): Promise<Resource<'gateway'>[]>;
  /**
   * How often the resource has been taken as a reference. A commit that looked for referrers carries it back, so that one
   * that was written in between makes the commit fail.
   */
  referenceCount(ref: Ref): Promise<number>;
  /** The same of every resource of the kind in the fleet, by name. */
  referenceCounts(kind: Kind, fleet: string): Promise<Map<string, number>>;
  /**
   * One transaction. `conflict`: the resource is not at the revision before, or the reference count has moved.
   * `missing-reference`: with the references that do not exist.
   */
  commit(
    commit: Commit,
  ): Promise<{ result: 'ok' } | { result: 'conflict' } | { result: 'missing-reference'; missing: Ref[] }>;

  /** Of every resource that has had this name, newest first. They stay when it is deleted. */
  revisions(ref: Ref, page: PageRequest): Promise<Page<Revision>>;
  /** Of the resource with this uid, or of the latest one of the name. */
  revision<K extends Kind>(ref: RefTo<K>, revision: number, uid?: string): Promise<Revision<K> | undefined>;
  /** The last one that was written at that time or before; undefined when there was none yet. */
  revisionAt<K extends Kind>(ref: RefTo<K>, at: string): Promise<Revision<K> | undefined>;
  /**
   * Newest first. Each page looks at a bounded number of events: it may be short, or empty, and still have a token. They stay when the
   * fleet is deleted.
   */
  audits(fleet: string, page: PageRequest, filter?: AuditFilter): Promise<Page<AuditEvent>>;
  audit(fleet: string, id: string): Promise<AuditEvent | undefined>;

  /** Rows of a gateway, of a fleet, or of everything; the first `limit`, or all. */
  outbox(
    scope: { fleet?: never; gateway?: never } | { fleet: string; gateway?: string },
    limit?: number,
  ): Promise<OutboxRow[]>;
  /** Rows of a gateway for what is of the kind and has a name in [from, to]. */
  waiting(fleet: string, gateway: string, kind: RowKind, from: string, to: string): Promise<OutboxRow[]>;
  /** The operations that came with these rows of one gateway, as they were read, or before. */
  waitingOperations(rows: readonly OutboxRow[]): Promise<WaitingOperation[]>;
  /** The first gateway that has rows, or the first one after `last`, in order of fleets and names. */
  nextBehind(last?: { fleet: string; gateway: string }): Promise<{ fleet: string; gateway: string } | undefined>;
  /**
   * Removes rows that are still as they were read, and records them as programmed; forgets them when the resource or the gateway is
   * gone. Rows that have moved on wait since the first change that came later. Throws LeaseLost: then nothing more is written.
   */
  settle(rows: readonly OutboxRow[], verifiedAt: string, lease: Lease): Promise<void>;
  /** Programmed rows of the resources of a kind whose names lie in [from, to]. */
  programmed(fleet: string, kind: Kind, from: string, to: string): Promise<ProgrammedRow[]>;

  sync(fleet: string, gateway: string): Promise<SyncRecord | undefined>;
  /** Throws LeaseLost, also when the gateway is gone. */
  putSync(record: SyncRecord, lease: Lease): Promise<void>;
  /** All sync records of a fleet. */
  syncs(fleet: string): Promise<SyncRecord[]>;

  /** The pools that a gateway serves, as last resolved. A change of health reads these and no route. */
  pools(fleet: string, gateway: string): Promise<Pool[]>;
  /** Replaces them. Throws LeaseLost: then nothing more is written. */
  putPools(fleet: string, gateway: string, pools: readonly Pool[], lease: Lease): Promise<void>;

  /** What the gateway was last verified to have. */
  baseline(fleet: string, gateway: string): Promise<Baseline>;
  /** Throws LeaseLost. */
  putBaseline(fleet: string, gateway: string, baseline: Baseline, lease: Lease): Promise<void>;

  /** What the gateway had when it was last read; undefined when nobody has tried to read it yet. */
  reading(fleet: string, gateway: string): Promise<Reading | undefined>;
  /** The readings of all gateways of a fleet. */
  readings(fleet: string): Promise<Reading[]>;
  /** Where requests went when the gateway was last read. */
  points(fleet: string, gateway: string): Promise<Points>;
  /** Replaces the reading and, where they are given, the points. Throws LeaseLost. */
  putReading(reading: Reading, points: Points | undefined, lease: Lease): Promise<void>;

  /** An operation that changes no resource, with its audit event and the rows that it waits for; all or nothing. */
  begin(operation: OperationRecord, audit: AuditEvent, outbox: OutboxRequest[]): Promise<void>;
  operation(fleet: string, id: string): Promise<OperationRecord | undefined>;
  /** Newest first. */
  operations(fleet: string, page: PageRequest): Promise<Page<OperationRecord>>;
  /** Of the operations whose ids lie in [from, to]. */
  outcomes(fleet: string, from: string, to: string): Promise<OutcomeRecord[]>;
  /** The first outcome of an operation at a gateway counts; with it the operation ends to wait there. Throws LeaseLost. */
  conclude(outcomes: readonly OutcomeRecord[], waiting: readonly WaitingOperation[], lease: Lease): Promise<void>;

  /**
   * An operation that changes many resources: keeps its steps, in order, and holds the fleet until they have been written or something
   * stops them. False when the fleet is held already, or when what the safety rules were checked against has moved.
   */
  beginRollout(
    operation: OperationRecord,
    audit: AuditEvent,
    steps: Step[],
    checkedAgainst?: Commit['checkedAgainst'],
  ): Promise<boolean>;
  /** Id of the operation that holds the fleet: meanwhile what is declared is neither what was nor what shall be. */
  hold(fleet: string): Promise<string | undefined>;
  /** Every fleet that is held. */
  holds(): Promise<Readable<{ fleet: string; operation: string }>>;
  rollout(fleet: string, operation: string): Promise<Rollout | undefined>;
  /** Of the operations whose ids lie in [from, to]. */
  rollouts(fleet: string, from: string, to: string): Promise<Rollout[]>;
  /** The batch that is to be written next. */
  nextSteps(rollout: Rollout): Promise<Step[]>;
  /**
   * One transaction: the commits of the next steps, and that they are written; so that each is done once, however often it is tried.
   * `moved`: the rollout is not where it was thought to be, or there was too much contention. Else as `commit`, with the resources that are
   * not as expected.
   */
  advance(
    rollout: Rollout,
    commits: Commit[],
  ): Promise<
    | { result: 'ok'; rollout: Rollout }
    | { result: 'moved' }
    | { result: 'conflict'; resources: Ref[] }
    | { result: 'missing-reference'; missing: Ref[] }
  >;
  /** Lifts the hold. False when the rollout is not where it was thought to be. */
  endRollout(rollout: Rollout, endedAt: string, problem?: OperationProblem): Promise<boolean>;

  /** What was remembered of a gateway within the hour before `nowMs`. */
  recall(fleet: string, gateway: string, nowMs: number): Promise<Map<string, Json>>;
  /**
   * Adds entries, or replaces those of the same name; each by itself. Names are printable ASCII and begin with a letter. Under a lease, if
   * there is one. Throws LeaseLost.
   */
  remember(
    fleet: string,
    gateway: string,
    entries: ReadonlyMap<string, Json>,
    nowMs: number,
    lease: Lease | undefined,
  ): Promise<void>;

  /** Takes the lease when it is free or has expired; undefined when another holder has it. */
  acquire(name: string, holder: string, ttlMs: number, nowMs: number): Promise<Lease | undefined>;
  /** Extends a lease that is still ours; undefined when it is lost. */
  renew(lease: Lease, ttlMs: number, nowMs: number): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;

  /** Records that a scheduled job came to an end at that time; an earlier time than the recorded one changes nothing. */
  beat(job: Job, atMs: number): Promise<void>;
  /** When each scheduled job last came to an end; one that never has is missing. */
  heartbeats(): Promise<Readable<Heartbeat>>;

  /** Undefined before the first call. This and `putBudget` throw when there is no answer in half a second: no call shall wait longer. */
  budget(scope: BudgetScope): Promise<StoredBudget | undefined>;
  /** Replaces the budget; false when it is not at `version - 1`. */
  putBudget(scope: BudgetScope, budget: StoredBudget): Promise<boolean>;

  /** Of all clusters, or of those whose names lie in [from, to]; with what their voters vouch for. */
  health(fleet: string, names?: { from: string; to: string }): Promise<HealthRecord[]>;
  /**
   * Appends the observations and replaces the records, at most 49, in one transaction; false when one of them is not at `version - 1`, or
   * when there is a lease and it is lost.
   */
  putHealth(evidence: readonly Evidence[], lease?: Lease): Promise<boolean>;
  /** Newest first; of all, or of those that were made in that time, both ends included. */
  observations(
    fleet: string,
    cluster: string,
    page: PageRequest,
    span?: { fromMs: number; toMs: number },
  ): Promise<Page<Observation>>;

  traffic(fleet: string): Promise<Traffic>;
  /**
   * One transaction: the traffic state (conditional on `traffic.version - 1`) and all that goes with it. False when another decision came
   * first, or when there is a lease and it is lost.
   */
  decide(recording: Recording): Promise<boolean>;
  /**
   * Writes what the transaction of a decision has no room for: rows of gateways and records beyond the first tens, and what it was taken upon where
   * that is long. Nothing is left to do of most decisions.
   */
  complete(recording: Recording): Promise<void>;
  /** Canonical JSON of what was decided upon. */
  inputs(fleet: string, decision: string): Promise<string | undefined>;
  decision(fleet: string, id: string): Promise<Decision | undefined>;
  /** Newest first. */
  decisions(fleet: string, page: PageRequest): Promise<Page<Decision>>;

  /** An audit event of something that changed nothing, such as a refusal. */
  appendAudit(fleet: string, audit: AuditEvent): Promise<void>;

  document<K extends DocumentKind>(fleet: string, kind: K, id: string): Promise<StoredDocument<K> | undefined>;
  /** Newest first where ids are ULIDs, else by name. */
  documents<K extends DocumentKind>(fleet: string, kind: K, page: PageRequest): Promise<Page<StoredDocument<K>>>;
  /** With an audit event, in one transaction; false when it is not at `version - 1`. */
  putDocument(document: StoredDocument, audit?: AuditEvent): Promise<boolean>;
  /** One transaction of at most 49 documents; false when one of them is not at `version - 1`. */
  putDocuments(documents: readonly StoredDocument[]): Promise<boolean>;
  /** Of all fleets, those that are still to be worked on, oldest first; the first `limit`. */
  pendingDocuments<K extends DocumentKind>(kind: K, limit: number): Promise<Readable<StoredDocument<K>>>;
}
