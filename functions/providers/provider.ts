import type { GatewayProvision, GatewayTarget, Progress } from '../../schemas/gateway.ts';
import type { ForeignObject, PlannedCall, QuotaUse as UseOfQuota } from '../../schemas/plan.ts';
import type { Issue } from '../../schemas/problem.ts';
import type { RouteSpec } from '../../schemas/route.ts';
import type { Priority } from '../core/gateway/budget.ts';
import type { Change, Json, ProviderObject, Refusal } from '../core/gateway/provider-object.ts';
import type { GatewayConfig, Pool, Rule, Share } from '../core/model/ir.ts';
import type { Capabilities } from '../core/routing/features.ts';
import type { Clock, Cloud } from '../deps.ts';

/** Where and as whom a provider works. */
export interface Session<T extends GatewayTarget = GatewayTarget> {
  target: T;
  cloud: Cloud;
  clock: Clock;
  credentials: string;
  /** Of all calls. */
  priority: Priority;
  /** Owner mark of this gateway's objects: installation/fleet/gateway. */
  owner: string;
  /** Idempotency token of a create: the same for the same intent and object, whatever crashed in between. */
  createToken(key: string): string;
  /** Idempotency token of any other write: new for every run, the same when a call is retried within it. */
  writeToken(parts: readonly string[]): string;
  /** Throws when the writer has lost its lease; to be awaited before every write. */
  ensureLease(): Promise<void>;
  memory: Memory;
  /** Throws when the run has to make way; awaited now and then by calls that wait for their budget. Keeps the lease meanwhile. */
  whileWaiting(): Promise<void>;
}

/**
 * What a provider has read of the gateway and need not read again: kept for an hour, for all runs of the gateway. It may be lost at any
 * time, so it saves reads and decides nothing.
 */
export interface Memory {
  recall(): Promise<ReadonlyMap<string, Json>>;
  /** Adds entries, or replaces those of the same name; their hour begins anew. */
  remember(entries: ReadonlyMap<string, Json>): Promise<void>;
}

/** `pools`: only what serves pools; rules are neither read nor written. */
export type Scope = 'full' | 'pools';

/** How much of a documented limit is in use, and where in the configuration. */
export interface QuotaUse extends UseOfQuota {
  pointer: string;
}

/** What a gateway has now. */
export interface Observed {
  /** Objects that carry our owner mark, canonical. */
  objects: ProviderObject[];
  /** The first 100 by kind and name; none where the scope is `pools`. */
  foreign: ForeignObject[];
  /** DNS name of the gateway. */
  address?: string | undefined;
  /** What compile needs to know of the gateway besides our objects; the provider's own affair. */
  facts: unknown;
}

/** The shares of each pool, by pool key; none at all: its requests are rejected, where the gateway can do so. */
export type PoolShares = ReadonlyMap<string, readonly Share[]>;

/** Two rules of which `first` goes before `second` with us, a request may match both, and the gateway sees it otherwise. */
export interface Disorder {
  first: Rule;
  second: Rule;
  reason: string;
}

/**
 * What a gateway's own checks say of clusters, by name: ok where an endpoint is healthy, fail where none of those that it checks is. A
 * cluster that it does not check is unknown, or left out.
 */
export type Backends = ReadonlyMap<string, 'ok' | 'fail' | 'unknown'>;

/** A limit of the gateway that a configuration does not keep. */
export interface Finding extends Issue {
  /** Keys of the rules concerned; none where the pools say it, or where it is about the gateway as a whole. */
  rules: readonly string[];
  /** Keys of the pools concerned. */
  pools: readonly string[];
  /** So many of the rules that are not at the gateway yet have to stay out, whichever they are. */
  excess?: number | undefined;
}

/** A rule of somebody else that takes requests which one of ours would get. */
export interface Shadow {
  foreign: ForeignObject;
  /** Key of our object. */
  key: string;
}

/** Ids at the gateway of the objects that serve pools, by key: they are found by them even when they have lost their mark. */
export type KnownObjects = ReadonlyMap<string, string>;

/** Where and as whom instances and deleted. */
export type ProvisionSession = Omit<Session, 'target'>;

export type Provisioned<T extends GatewayTarget = GatewayTarget> =
  | { ready: true; target: T }
  | { ready: false; progress: Progress };

/** Actions of a cloud's API, by what they do. */
interface Actions {
  reads: readonly string[];
  writes: readonly string[];
}

/** What the credentials of a gateway have to be allowed. */
export interface Permissions {
  /** Needed to read gateways, and to write what carries routes. */
  routing: Actions;
  /** Needed in addition where gateways are created and deleted. */
  provisioning: Actions;
  /** What the writes of `routing` have to be allowed on, as RAM names resources. Everything else has to be allowed on `*`. */
  writtenResources: readonly string[];
}

export interface GatewayProvider<T extends GatewayTarget = GatewayTarget> {
  readonly kind: T['provider'];
  /** What this kind of gateway can carry of a route, and why not the rest. */
  readonly capabilities: Capabilities;
  readonly permissions: Permissions;
  /** Limits within what it can carry, such as lengths; pointers are relative to the route. */
  check(route: RouteSpec): Issue[];
  /**
   * Of rules in our order, the pairs that the gateway would take in another, one of each `asked` for; none where it takes our order.
   */
  checkOrder(rules: readonly Rule[], asked: (rule: Rule) => boolean): Disorder[];
  /** Pure. What of the configuration the gateway cannot hold; `facts` are those of the last time it was observed. */
  findings(config: GatewayConfig, facts: Observed['facts']): Finding[];
  /** Pure. What the configuration would use of the gateway's quotas: of each quota, by the one that uses most of it. */
  quotas(config: GatewayConfig, facts: Observed['facts']): QuotaUse[];
  /** What is at the gateway now. Throws a CloudError when it cannot be read. */
  observe(session: Session<T>, scope: Scope, known: KnownObjects): Promise<Observed>;
  /**
   * Pure. The same configuration, each pool with the objects that are to serve it: those at the gateway that serve the same port of the same
   * service and have most rules in common with it, or new ones.
   */
  match(config: GatewayConfig, observed: Observed, session: Pick<Session<T>, 'target' | 'owner'>): GatewayConfig;
  /**
   * Pure. How much of a matched pool each cluster has as the gateway was observed. Less than 100 in all when somebody else gets the rest;
   * undefined when an object that serves it is not there.
   */
  points(pool: Pool, observed: Observed): Share[] | undefined;
  /** Pure. Our objects that rules of others keep requests from; none where the scope was `pools`. */
  shadows(observed: Observed, session: Pick<Session<T>, 'target' | 'owner'>): Shadow[];
  /** Pure. Whether a change only moves traffic between the members of a pool. */
  movesPoints(change: Change): boolean;
  /** Pure. Whether a change only puts back our own marks, which is done whatever the drift policy. */
  restoresMarks(change: Change): boolean;
  /** What the gateway sees of the members of these pools, in few calls. Throws a CloudError when it cannot be asked. */
  backends(session: Session<T>, pools: readonly Pool[]): Promise<Backends>;
  /** Pure. The objects that make the gateway behave as a matched `config`, with `shares` in force. */
  compile(
    config: GatewayConfig,
    shares: PoolShares,
    observed: Observed,
    session: Pick<Session<T>, 'target' | 'owner'>,
  ): ProviderObject[];
  /** Pure. What each cluster really gets of a matched pool from this kind of gateway, with `shares` in force. */
  served(pool: Pool, shares: readonly Share[]): Share[];
  /** Pure. Cuts ordered changes into batches that are applied one after the other. */
  batch(changes: readonly Change[]): Change[][];
  /**
   * Pure. The writes that applying these changes takes, batch by batch. What is independent of each other may go in another order.
   */
  calls(changes: readonly Change[], observed: Observed, session: Pick<Session<T>, 'target' | 'owner'>): PlannedCall[];
  /**
   * Asks the cloud whether it would take the changes, where it offers a dry run; nothing is changed. Empty where it offers none. Throws
   * a CloudError when the cloud cannot say.
   */
  rehearse(changes: readonly Change[], observed: Observed, session: Session<T>): Promise<Issue[]>;
  /**
   * Takes the creation of an instance as far as it will go now, and says how far that is. To be called again until it is ready; what
   * exists already is found by our owner mark and not created twice.
   */
  provision(
    wanted: Extract<GatewayProvision, { provider: T['provider'] }>,
    session: ProvisionSession,
  ): Promise<Provisioned<T>>;
  /** Deletes an instance that `provision` created, and nothing that does not carry our owner mark. */
  destroy(target: T, session: ProvisionSession): Promise<void>;
  /**
   * Applies a batch and returns once the cloud has finished it. Idempotent: what is done already is not done again. Resolves with what the
   * cloud refuses of it, and with what could not be done for that; everything else is done. Throws a CloudError when that concerns the
   * gateway as a whole: it does not answer, is busy, throttles, or the credentials are not valid.
   */
  apply(batch: readonly Change[], observed: Observed, session: Session<T>): Promise<Refusal[]>;
}
