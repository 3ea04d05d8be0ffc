import type { QuotaUse } from '../../../schemas/plan.ts';
import { effectiveShares, isRejected } from '../../core/allocation/points.ts';
import { type ClassifyInput, type ClassifiedChanges, classifyChanges } from '../../core/gateway/deviations.ts';
import { shownPoints, withEverybody, withFormer, withoutGone } from '../../core/gateway/former.ts';
import { guard } from '../../core/gateway/guard.ts';
import { plan, planOf } from '../../core/gateway/plan.ts';
import type { Change, Plan, ProviderObject, Refusal } from '../../core/gateway/provider-object.ts';
import { type Points, routesOf } from '../../core/gateway/reading.ts';
import type { GatewayConfig, Pool, Rule, Share } from '../../core/model/ir.ts';
import type { Finding, Observed, PoolShares } from '../../providers/provider.ts';
import type { GatewayContext } from './context.ts';

/** The changes that bring a gateway to its desired state, and the objections to them. */
export interface ReconcilePlan extends ClassifiedChanges {
  observed: Observed;
  /** The configuration, matched with the objects at the gateway. */
  config: GatewayConfig;
  desired: ProviderObject[];
  /** All differences between the gateway and what is desired. */
  all: Plan;
  /** The differences that are to be corrected now. */
  plan: Plan;
  findings: Finding[];
  quotas: QuotaUse[];
  points: Points;
}

/** Proposes the changes for a gateway. `refusals` are the changes that the cloud has refused in this run. */
export function planReconcile(
  context: GatewayContext,
  observed: Observed,
  nowMs: number,
  refusals: readonly Refusal[] = [],
): ReconcilePlan {
  const { resource, scope, provider, session, baseline, last, revertsDrift, isAsked } = context;
  const { config, points: told } = located(context, matched(context, observed), observed);
  const desired = desiredObjects(context, config, observed);
  const all = plan(desired, observed.objects, resource.spec.policy, scope === 'full' ? 'full' : 'update');
  const points = scope === 'full' ? withUntouched(context, config, told, all) : told;
  const findings = scope === 'full' ? provider.findings(config, observed.facts) : [];
  const keys = new Map(desired.map((object) => [object.key, object]));
  const classified = classifyChanges(all, {
    baseline,
    last,
    drift: resource.spec.drift,
    isObserveOnly: resource.spec.policy === 'observe-only',
    revertsDrift,
    isAsked,
    nowMs,
    objection: objectionOf(all, findings, refusals, rejectedPools(context, config)),
    movesPoints: (change) => provider.movesPoints(change),
    restoresMarks: (change) => provider.restoresMarks(change),
    shadowed: provider.shadows(observed, session).flatMap(({ key, foreign }) => {
      const object = keys.get(key);
      return object ? [{ object, by: `${foreign.kind} ${foreign.name} (${foreign.remoteId})` }] : [];
    }),
    lagging: laggingOf(context, config, points),
  });
  return {
    ...classified,
    observed,
    config,
    desired,
    all,
    plan: planOf(classified.push),
    findings,
    quotas: scope === 'full' ? provider.quotas(config, observed.facts) : [],
    points,
  };
}

/**
 * Returns the configuration matched with the gateway. A failover uses the configuration that was matched last, as it
 * reads no rules.
 */
function matched({ provider, scope, config, session }: GatewayContext, observed: Observed): GatewayConfig {
  return scope === 'pools' ? config : provider.match(config, observed, session);
}

/** Returns the objects that make the gateway behave as `config` declares under the desired traffic. */
export function desiredObjects(
  context: Pick<GatewayContext, 'provider' | 'traffic' | 'session'>,
  config: GatewayConfig,
  observed: Observed,
): ProviderObject[] {
  return context.provider.compile(config, sharesOf(context, config.pools), observed, context.session);
}

function sharesOf({ traffic }: Pick<GatewayContext, 'traffic'>, pools: readonly Pool[]): PoolShares {
  return new Map(pools.map((pool) => [pool.key, isRejected(pool, traffic) ? [] : effectiveShares(pool, traffic)]));
}

/** Returns the keys of the pools whose requests are rejected because of a panic. */
function rejectedPools({ traffic }: GatewayContext, { pools }: GatewayConfig): Set<string> {
  return new Set(pools.filter((pool) => isRejected(pool, traffic)).map(({ key }) => key));
}

/**
 * Returns the points that the gateway had for each pool when it was read, and the pools together with former members
 * that still have points there.
 */
function located(
  context: GatewayContext,
  { rules, pools }: GatewayConfig,
  observed: Observed,
): { config: GatewayConfig; points: Points } {
  const { provider, scope, pools: before, lastPoints, exporters } = context;
  const unsure = scope === 'full' ? new Set<string>() : sharedOutOtherwise(context);
  const found: Points = { pools: {}, routes: scope === 'full' ? poolsByRoute(rules) : lastPoints.routes };
  const known = pools.map((matchedPool) => {
    const pool = withFormer(matchedPool, before, exporters.get(matchedPool.service));
    const points = provider.points(withEverybody(pool), observed);
    if (points && !unsure.has(pool.key)) found.pools[pool.key] = shownPoints(pool, points);
    return withoutGone(pool, points);
  });
  return { config: { rules, pools: known }, points: found };
}

/**
 * Adds points for pools whose points could not be read. When all objects and rules of such a pool are as desired, it
 * has the points that the gateway would give it.
 */
function withUntouched(
  { provider, traffic }: GatewayContext,
  { pools }: GatewayConfig,
  points: Points,
  { changes }: Plan,
): Points {
  const routes = changes.flatMap(({ before, after }) => routesOf(after?.rules ?? before?.rules));
  const touched = new Set([
    ...changes.map(({ before, after }) => (after ?? before)?.pool),
    ...routes.flatMap((route) => points.routes[route] ?? []),
  ]);
  const untold = pools.filter(({ key }) => points.pools[key] === undefined && !touched.has(key));
  const served = untold.map((pool) => [pool.key, provider.served(pool, effectiveShares(pool, traffic))] as const);
  return { ...points, pools: { ...points.pools, ...Object.fromEntries(served) } };
}

/**
 * Returns the keys of pools whose routes were read to distribute requests otherwise than declared; a run with scope
 * `pools` does not read those routes again.
 */
function sharedOutOtherwise({ last, lastPoints }: GatewayContext): ReadonlySet<string> {
  const altered = last.deviations.filter(({ isPoints, pool }) => isPoints && pool === undefined);
  return new Set(altered.flatMap(({ routes }) => routes.flatMap((route) => lastPoints.routes[route] ?? [])));
}

function poolsByRoute(rules: readonly Rule[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { key, backends, mirror, fallback } of rules) {
    const [route = ''] = routesOf([key]);
    const pools = [...backends.map(({ pool }) => pool), mirror, fallback].filter((pool) => pool !== undefined);
    found[route] = [...new Set([...(found[route] ?? []), ...pools])].sort();
  }
  return found;
}

/**
 * Returns a function that lists the clusters whose points in a pool differ from those that the gateway would give them,
 * or all clusters where the points are unknown.
 */
function laggingOf(
  { provider, traffic }: GatewayContext,
  { pools }: GatewayConfig,
  { pools: points }: Points,
): ClassifyInput['lagging'] {
  const byKey = new Map(pools.map((pool) => [pool.key, pool]));
  return (key) => {
    const pool = byKey.get(key);
    if (pool === undefined) return [];
    const wanted = provider.served(pool, effectiveShares(pool, traffic));
    const verified = points[key];
    const percentOf = (shares: readonly Share[] | undefined, name: string) =>
      shares?.find(({ cluster }) => cluster === name)?.percent;
    const names = new Set([...wanted, ...(verified ?? [])].map(({ cluster }) => cluster));
    return [...names].filter((name) => percentOf(verified, name) !== (percentOf(wanted, name) ?? 0)).sort();
  };
}

/**
 * Returns a function that finds the objection to a change. A limit of the gateway concerns the objects of the rules and
 * pools that it names, or every change when it names none.
 */
function objectionOf(
  { changes }: Plan,
  findings: readonly Finding[],
  refusals: readonly Refusal[],
  rejected: ReadonlySet<string>,
): ClassifyInput['objection'] {
  const refused = new Map(refusals.map((refusal) => [`${refusal.kind}\n${refusal.key}`, refusal]));
  const excess = new Map(findings.flatMap((finding) => excessOf(changes, finding).map((change) => [change, finding])));
  return (change) => {
    const finding = excess.get(change) ?? findings.find((item) => concerns(item, change));
    return (
      (finding && { kind: change.kind, key: change.key, code: finding.code, detail: finding.detail }) ??
      guard(change, rejected) ??
      refused.get(`${change.kind}\n${change.key}`)
    );
  };
}

function concerns({ rules, pools, excess }: Finding, { verb, after }: Change): boolean {
  if (excess !== undefined) return false;
  if (rules.length === 0 && pools.length === 0) return true;
  if (verb === 'delete' || after === undefined) return false;
  return (
    (after.pool !== undefined && pools.includes(after.pool)) || (after.rules ?? []).some((rule) => rules.includes(rule))
  );
}

/** Returns the changes that have to stay out when there are too many rules: the last of those that would be created. */
function excessOf(changes: readonly Change[], { excess = 0 }: Finding): Change[] {
  const coming = changes.filter(({ verb, after }) => verb === 'create' && after?.rules !== undefined);
  return excess > 0 ? coming.slice(-excess) : [];
}
