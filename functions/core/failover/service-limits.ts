/** Limits of single services: shifts and drills of one service, and its return after them. */

import type { Limits } from '../allocation/limits.ts';
import { equal } from '../model/digest.ts';
import type { Policy } from '../model/fleet-facts.ts';
import { compareText } from '../model/text.ts';
import type { Context } from './context.ts';
import { isOfAutomation, isOfPeople, keeping, peoplesLimits } from './peoples-limits.ts';
import type { ServiceReturn, Traffic } from './traffic.ts';
import { isFrozen } from './windows.ts';

type OfService = Limits['services'][number];
type Pair = Pick<OfService, 'service' | 'cluster'>;

/**
 * Returns the services that do not share a placement with others: those that people move on their own, that `asked`
 * names, or that a declared drill may move, and those that still have other points than they would have together with
 * others.
 */
export function servicesApart(
  { shifts, drill, serviceReturns = [], allocation }: Traffic,
  drills: Policy['drills'] = [],
  asked?: string,
): ReadonlySet<string> {
  const named: { service?: string | undefined }[] = [...shifts, ...serviceReturns, ...allocation.backends, ...drills];
  const services = [asked, drill?.service, ...named.map(({ service }) => service)];
  return new Set(services.filter((service) => service !== undefined));
}

/** Returns all limits that automation and people ask for on single services, sorted by service and cluster. */
export function serviceLimitsOf(context: Context, traffic: Traffic): OfService[] {
  const { serviceReturns = [] } = traffic;
  return pairsOf(traffic, serviceReturns).flatMap(({ service, cluster }) => {
    const own = serviceReturns.filter((item) => item.service === service && item.cluster === cluster);
    const limits = [...peoplesLimits(traffic, cluster, service), ...own.map((item) => returnLimit(context, item))];
    return context.clusters.has(cluster) && limits.length > 0 ? [{ service, cluster, limits }] : [];
  });
}

/**
 * Returns the limit of a returning service. Consent is needed only while a freeze window is open, as for a cluster that
 * was up.
 */
function returnLimit({ input }: Context, { ramp }: ServiceReturn): OfService['limits'][number] {
  if (ramp) return { reason: 'ramp', percent: ramp.percent };
  return { reason: isFrozen(input.policy.failover.freezeWindows, input.nowMs) ? 'consent' : 'turn' };
}

/**
 * Returns the limits on single services while automation does not act: those that people ask for, and one that keeps
 * what automation would hold back, or held back when it last acted.
 */
export function keptServiceLimits(traffic: Traffic, wanted: Limits): OfService[] {
  const frozen = (traffic.allocation.services ?? []).filter(
    ({ percent, limits }) => percent < 100 && limits.some(isOfAutomation),
  );
  return pairsOf(traffic, [...frozen, ...wanted.services]).flatMap((pair) => {
    const { service, cluster } = pair;
    const held = wanted.services.find((item) => isPair(item, pair))?.limits.filter(isOfAutomation) ?? [];
    const isHeldBack = held.length > 0 || frozen.some((item) => isPair(item, pair));
    const limits = [...(isHeldBack ? [keeping(held)] : []), ...peoplesLimits(traffic, cluster, service)];
    return limits.length > 0 ? [{ service, cluster, limits }] : [];
  });
}

/** Returns the services for which people ask something else than when the current allocation was made. */
export function servicesAskedAnew(traffic: Traffic): Set<string> {
  const sealed = traffic.allocation.services ?? [];
  const anew = pairsOf(traffic, sealed).filter((pair) => {
    const before = sealed.find((item) => isPair(item, pair))?.limits.filter(isOfPeople) ?? [];
    return !equal(before, peoplesLimits(traffic, pair.cluster, pair.service));
  });
  return new Set(anew.map(({ service }) => service));
}

/**
 * Returns the pairs of service and cluster that people ask something for, and those in `others`, without duplicates.
 */
function pairsOf({ shifts, drill }: Traffic, others: readonly Pair[]): Pair[] {
  const drilled = drill?.clusters.map((cluster) => ({ cluster, service: drill.service })) ?? [];
  const pairs = new Map<string, Pair>();
  for (const { service, cluster } of [...shifts, ...drilled, ...others]) {
    if (service !== undefined) pairs.set(`${service} ${cluster}`, { service, cluster });
  }
  return [...pairs.values()].sort((a, b) => compareText(a.service, b.service) || compareText(a.cluster, b.cluster));
}

function isPair(item: Pair, { service, cluster }: Pair): boolean {
  return item.service === service && item.cluster === cluster;
}
