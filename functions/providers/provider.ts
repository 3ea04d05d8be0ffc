import type { GatewayProvision, GatewayTarget, Progress } from '../../schemas/gateway.ts';
import type { ForeignObject, PlannedCall, QuotaUse as UseOfQuota } from '../../schemas/plan.ts';
import type { Issue } from '../../schemas/problem.ts';
import type { RouteSpec } from '../../schemas/route.ts';
import type { Priority } from '../core/gateway/budget.ts';
import type { Change, Json, ProviderObject, Refusal } from '../core/gateway/provider-object.ts';
import type { GatewayConfig, Pool, Rule, Share } from '../core/model/ir.ts';
import type { Capabilities } from '../core/routing/features.ts';
import type { Clock, Cloud } from '../deps.ts';

/** The gateway that a provider works on, and the means and credentials that it works with. */
export interface Session<T extends GatewayTarget = GatewayTarget> {
  target: T;
  cloud: Cloud;
  clock: Clock;
  credentials: string;
  /** The priority of all calls of this session. */
  priority: Priority;
  /** The owner mark of this gateway's objects: installation/fleet/gateway. */
  owner: string;
  /** Returns the idempotency token of a create. It is the same for the same intent and object, even after a crash. */
  createToken(key: string): string;
  /**
   * Returns the idempotency token of any other write. Each run has new ones; a call that is retried within a run keeps
   * its own.
   */
  writeToken(parts: readonly string[]): string;
  /** Throws when the writer has lost its lease. It is awaited before every write. */
  ensureLease(): Promise<void>;
  memory: Memory;
  /**
   * Throws when the run has to make way, and keeps the lease otherwise. Calls that wait for their budget await it now
   * and then.
   */
  whileWaiting(): Promise<void>;
}

/**
 * The memory of what a provider has read of the gateway and need not read again. It is kept for an hour, for all runs
 * of the gateway. It may be lost at any time, so it saves reads and decides nothing.
 */
export interface Memory {
  recall(): Promise<ReadonlyMap<string, Json>>;
  /** Adds entries, or replaces those of the same name. Their hour begins anew. */
  remember(entries: ReadonlyMap<string, Json>): Promise<void>;
}

/**
 * The part of a gateway that is observed. `pools` is limited to what serves pools: rules are neither read nor written.
 */
export type Scope = 'full' | 'pools';

/** The use of a documented limit, and the place in the configuration that causes it. */
export interface QuotaUse extends UseOfQuota {
  pointer: string;
}

/** The state of a gateway as it was read. */
export interface Observed {
  /** The objects that carry our owner mark, in canonical form. */
  objects: ProviderObject[];
  /** The first 100 objects of others, sorted by kind and name; empty when the scope is `pools`. */
  foreign: ForeignObject[];
  /** The DNS name of the gateway. */
  address?: string | undefined;
  /** Whatever `compile` needs to know of the gateway besides our objects. Its form is the provider's own affair. */
  facts: unknown;
}

/**
 * The shares of each pool, by pool key. Requests to a pool without any shares are rejected, if the gateway can do so.
 */
export type PoolShares = ReadonlyMap<string, readonly Share[]>;

/**
 * Two rules in an order that the gateway would reverse: `first` goes before `second` in our order, and a request may
 * match both.
 */
export interface Disorder {
  first: Rule;
  second: Rule;
  reason: string;
}

/**
 * The results of a gateway's own health checks, by cluster name. A cluster is `ok` when one of its endpoints is
 * healthy, and `fail` when none of the endpoints that are checked is. A cluster that the gateway does not check is
 * `unknown` or left out.
 */
export type BackendHealth = ReadonlyMap<string, 'ok' | 'fail' | 'unknown'>;

/** A limit of the gateway that a configuration exceeds. */
export interface Finding extends Issue {
  /** The keys of the rules concerned; empty when pools are concerned, or the gateway as a whole. */
  rules: readonly string[];
  /** The keys of the pools concerned. */
  pools: readonly string[];
  /** The number of rules that have to stay out. Any of those that are not at the gateway yet will do. */
  excess?: number | undefined;
}

/** A rule of somebody else that takes requests which one of our rules would get. */
export interface Shadow {
  foreign: ForeignObject;
  /** The key of our object. */
  key: string;
}

/**
 * Ids at the gateway of the objects that serve pools, by key. The ids find the objects even when these have lost their
 * mark.
 */
export type KnownObjects = ReadonlyMap<string, string>;

/** The means and credentials with which instances are created and deleted. */
export type ProvisionSession = Omit<Session, 'target'>;

export type Provisioned<T extends GatewayTarget = GatewayTarget> =
  | { ready: true; target: T }
  | { ready: false; progress: Progress };

/** Actions of a cloud's API, divided into reads and writes. */
interface Actions {
  reads: readonly string[];
  writes: readonly string[];
}

/** The permissions that the credentials of a gateway need. */
export interface Permissions {
  /** Actions that read gateways, and that write what carries routes. */
  routing: Actions;
  /** Actions that are needed in addition where gateways are created and deleted. */
  provisioning: Actions;
  /**
   * The resources, as RAM names them, on which the writes of `routing` have to be allowed. Every other action has to be
   * allowed on `*`.
   */
  writtenResources: readonly string[];
}

export interface GatewayProvider<T extends GatewayTarget = GatewayTarget> {
  readonly kind: T['provider'];
  /** The features of a route that this kind of gateway can carry, and the reasons against the others. */
  readonly capabilities: Capabilities;
  readonly permissions: Permissions;
  /** Checks limits within the supported features, such as lengths. Pointers are relative to the route. */
  check(route: RouteSpec): Issue[];
  /**
   * Returns the pairs of rules that the gateway would take in another order than ours: one pair for each rule that is
   * `asked` for and affected. The result is empty when the gateway takes our order.
   */
  checkOrder(rules: readonly Rule[], asked: (rule: Rule) => boolean): Disorder[];
  /** Pure. Returns what the gateway cannot hold of the configuration. `facts` are those of the last observation. */
  findings(config: GatewayConfig, facts: Observed['facts']): Finding[];
  /**
   * Pure. Returns what the configuration would use of the gateway's quotas. Each quota is represented by the object
   * that uses most of it.
   */
  quotas(config: GatewayConfig, facts: Observed['facts']): QuotaUse[];
  /** Reads the present state of the gateway. Throws a `CloudError` when it cannot be read. */
  observe(session: Session<T>, scope: Scope, known: KnownObjects): Promise<Observed>;
  /**
   * Pure. Returns the configuration with the objects that are to serve each pool. These are the objects at the gateway
   * that serve the same port of the same service and have most rules in common with the pool, or else new ones.
   */
  match(config: GatewayConfig, observed: Observed, session: Pick<Session<T>, 'target' | 'owner'>): GatewayConfig;
  /**
   * Pure. Returns the share of a matched pool that each cluster has according to `observed`. The total is below 100
   * when somebody else gets the rest. The result is undefined when an object that serves the pool is missing.
   */
  points(pool: Pool, observed: Observed): Share[] | undefined;
  /** Pure. Returns our objects that rules of others keep requests from; none when the scope was `pools`. */
  shadows(observed: Observed, session: Pick<Session<T>, 'target' | 'owner'>): Shadow[];
  /** Pure. Tells whether a change does nothing but move traffic between the members of a pool. */
  movesPoints(change: Change): boolean;
  /**
   * Pure. Tells whether a change does nothing but restore our own marks, which is done whatever the drift policy is.
   */
  restoresMarks(change: Change): boolean;
  /**
   * Returns the health of the members of these pools as the gateway sees it, in few calls. Throws a `CloudError` when
   * the gateway cannot be asked.
   */
  backends(session: Session<T>, pools: readonly Pool[]): Promise<BackendHealth>;
  /** Pure. Returns the objects that make the gateway behave as a matched `config` says, with `shares` in force. */
  compile(
    config: GatewayConfig,
    shares: PoolShares,
    observed: Observed,
    session: Pick<Session<T>, 'target' | 'owner'>,
  ): ProviderObject[];
  /**
   * Pure. Returns what each cluster really gets of a matched pool from this kind of gateway, with `shares` in force.
   */
  served(pool: Pool, shares: readonly Share[]): Share[];
  /** Pure. Cuts ordered changes into batches that are applied one after the other. */
  batch(changes: readonly Change[]): Change[][];
  /**
   * Pure. Returns the writes that applying these changes takes, batch by batch. Independent writes may happen in
   * another order.
   */
  calls(changes: readonly Change[], observed: Observed, session: Pick<Session<T>, 'target' | 'owner'>): PlannedCall[];
  /**
   * Asks the cloud whether it would take the changes, where it offers a dry run. Nothing is changed. The result is
   * empty where the cloud offers no dry run. Throws a `CloudError` when the cloud cannot tell.
   */
  rehearse(changes: readonly Change[], observed: Observed, session: Session<T>): Promise<Issue[]>;
  /**
   * Advances the creation of an instance as far as possible now, and returns its progress. It is called again until the
   * instance is ready. What exists already is found by our owner mark and is not created twice.
   */
  provision(
    wanted: Extract<GatewayProvision, { provider: T['provider'] }>,
    session: ProvisionSession,
  ): Promise<Provisioned<T>>;
  /** Deletes an instance that `provision` created, and nothing that lacks our owner mark. */
  destroy(target: T, session: ProvisionSession): Promise<void>;
  /**
   * Applies a batch and returns once the cloud has finished it. This is idempotent: what is done already is not done
   * again. The result lists what the cloud refuses, and what could not be done because of that; everything else is
   * done. Throws a `CloudError` when the failure concerns the gateway as a whole: it does not answer, is busy,
   * throttles, or the credentials are not valid.
   */
  apply(batch: readonly Change[], observed: Observed, session: Session<T>): Promise<Refusal[]>;
}
