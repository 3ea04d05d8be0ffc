/** How a service that was taken out of a cluster by itself gets its share back, while the cluster is up: in the turn of its site, and step by step. */

import { compareText } from '../model/text.ts';
import { type Context, findingOf, moved, type Step, stateOf, UNCHANGED } from './context.ts';
import { limitsOf } from './limits.ts';
import { nextRampPercent } from './pace.ts';
import { heldPercent } from './seal.ts';
import type { ServiceReturn, Standing, Traffic } from './traffic.ts';
import { isFrozen } from './windows.ts';

/** The cluster has nothing, or is held at what it has: its own return, which begins with the service of which it has least, brings everything back. */
const RETURNS_AS_A_WHOLE: ReadonlySet<Standing> = new Set<Standing>(['down', 'held', 'joining']);

/** A service that people have taken out waits for the turn of its site; where automation does not act, nobody would give it one. */
export function heldApart(
  context: Context,
  traffic: Traffic,
  { service, cluster, shift }: Pick<ServiceReturn, 'service' | 'cluster' | 'shift'>,
  reason: string,
): Traffic {
  if (!context.acts || !isApart(context, traffic, cluster)) return traffic;
  const { nowMs: sinceMs, decision } = context.situation;
  const own = { service, cluster, ...(shift !== undefined && { shift }), sinceMs, reason, decision };
  return withReturns(traffic, [...returnsBesides(traffic, own), own]);
}

/** The returns of others. */
export function returnsBesides(
  { serviceReturns = [] }: Traffic,
  { service, cluster }: { service?: string | undefined; cluster: string },
): ServiceReturn[] {
  return serviceReturns.filter((item) => item.service !== service || item.cluster !== cluster);
}

export function withReturns(traffic: Traffic, serviceReturns: readonly ServiceReturn[]): Traffic {
  const { serviceReturns: _, ...rest } = traffic;
  if (serviceReturns.length === 0) return rest;
  const sorted = [...serviceReturns].sort(
    (a, b) => compareText(a.service, b.service) || compareText(a.cluster, b.cluster),
  );
  return { ...rest, serviceReturns: sorted };
}

function isApart({ clusters }: Context, traffic: Traffic, cluster: string): boolean {
  const facts = clusters.get(cluster)?.facts;
  return facts !== undefined && !RETURNS_AS_A_WHOLE.has(stateOf(traffic, facts).standing);
}

/** A service whose cluster is gone, or returns as a whole by now, does not return by itself. */
export const joinReturns: Step = (context, traffic) => {
  const { serviceReturns = [] } = traffic;
  const left = serviceReturns.filter(({ cluster }) => isApart(context, traffic, cluster));
  return left.length === serviceReturns.length ? UNCHANGED : moved(withReturns(traffic, left));
};

/** Whether it may be given more now: once it is on its way, not while nobody can say that its cluster is healthy. */
export function mayGoOn(context: Context, traffic: Traffic, { cluster, ramp }: ServiceReturn): boolean {
  const item = context.clusters.get(cluster);
  if (item === undefined || isFrozen(context.situation.policy.failover.freezeWindows, context.situation.nowMs))
    return false;
  const { standing, impairedSinceMs } = stateOf(traffic, item.facts);
  const finding = findingOf(traffic, item);
  const isSound = finding === 'healthy' || (finding === 'unknown' && ramp === undefined);
  return isSound && standing !== 'suspected' && impairedSinceMs === undefined;
}

/** Its next step, which begins with what it has already. */
export function withServiceStep(context: Context, traffic: Traffic, own: ServiceReturn): Traffic {
  const { nowMs, decision, policy } = context.situation;
  const { failback } = policy.failover;
  const percent = own.ramp?.percent ?? heldPercent(context, traffic, limitsOf(context, traffic), own);
  const next =
    failback.mode === 'auto' ? 100 : nextRampPercent(percent, nowMs - (own.ramp?.steppedAtMs ?? nowMs), failback);
  if (own.ramp !== undefined && next === percent) return traffic;
  const others = returnsBesides(traffic, own);
  if (next >= 100) return withReturns(traffic, others);
  return withReturns(traffic, [...others, { ...own, decision, ramp: { percent: next, steppedAtMs: nowMs } }]);
}
