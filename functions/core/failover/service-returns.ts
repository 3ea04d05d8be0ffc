/**
 * The return of a single service to a cluster that is up, after it was taken out: in the turn of the cluster's site,
 * and step by step.
 */

import { compareText } from '../model/text.ts';
import { type Context, quorumVerdictOf, moved, type Step, stateOf, UNCHANGED } from './context.ts';
import { limitsOf } from './limits.ts';
import { nextRampPercent } from './pace.ts';
import { heldPercent } from './seal.ts';
import type { ServiceReturn, Standing, Traffic } from './traffic.ts';
import { isFrozen } from './windows.ts';

/**
 * Standings in which a cluster has nothing or is held at what it has. Its own return, which begins with the service of
 * which it has least, then brings everything back.
 */
const RETURNS_AS_A_WHOLE: ReadonlySet<Standing> = new Set<Standing>(['down', 'held', 'joining']);

/**
 * Returns the traffic in which a service that people had taken out waits for the turn of the cluster's site. Where
 * automation does not act it does not wait, since nobody would give it a turn.
 */
export function heldApart(
  context: Context,
  traffic: Traffic,
  { service, cluster, shift }: Pick<ServiceReturn, 'service' | 'cluster' | 'shift'>,
  reason: string,
): Traffic {
  if (!context.acts || !isApart(context, traffic, cluster)) return traffic;
  const { nowMs: sinceMs, decision } = context.input;
  const own = { service, cluster, ...(shift !== undefined && { shift }), sinceMs, reason, decision };
  return withReturns(traffic, [...returnsBesides(traffic, own), own]);
}

/** Lists the service returns other than that of this service to this cluster. */
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

/** The step that drops the return of a service whose cluster is gone or by now returns as a whole. */
export const joinReturns: Step = (context, traffic) => {
  const { serviceReturns = [] } = traffic;
  const left = serviceReturns.filter(({ cluster }) => isApart(context, traffic, cluster));
  return left.length === serviceReturns.length ? UNCHANGED : moved(withReturns(traffic, left));
};

/**
 * Tells whether a service may be given more now. Once its return has begun, it pauses while nobody can say that the
 * cluster is healthy.
 */
export function mayGoOn(context: Context, traffic: Traffic, { cluster, ramp }: ServiceReturn): boolean {
  const item = context.clusters.get(cluster);
  if (item === undefined || isFrozen(context.input.policy.failover.freezeWindows, context.input.nowMs))
    return false;
  const { standing, impairedSinceMs } = stateOf(traffic, item.facts);
  const verdict = quorumVerdictOf(traffic, item);
  const isSound = verdict === 'healthy' || (verdict === 'unknown' && ramp === undefined);
  return isSound && standing !== 'suspected' && impairedSinceMs === undefined;
}

/** Returns the traffic after the next step of a service's return, which begins with what the service has already. */
export function withServiceStep(context: Context, traffic: Traffic, own: ServiceReturn): Traffic {
  const { nowMs, decision, policy } = context.input;
  const { failback } = policy.failover;
  const percent = own.ramp?.percent ?? heldPercent(context, traffic, limitsOf(context, traffic), own);
  const next =
    failback.mode === 'auto' ? 100 : nextRampPercent(percent, nowMs - (own.ramp?.steppedAtMs ?? nowMs), failback);
  if (own.ramp !== undefined && next === percent) return traffic;
  const others = returnsBesides(traffic, own);
  if (next >= 100) return withReturns(traffic, others);
  return withReturns(traffic, [...others, { ...own, decision, ramp: { percent: next, steppedAtMs: nowMs } }]);
}
