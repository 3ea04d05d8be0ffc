/** What holds one service back by itself: shifts and drills of it, and its return after them. */

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
 * Services that share no placement with others: people move them by themselves, or are about to, or may do so in a drill; and those that still
 * have other points than they would have together with others.
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

/** All that automation and people ask for of single services, by service and cluster. */
export function serviceLimitsOf(context: Context, traffic: Traffic): OfService[] {
  const { serviceReturns = [] } = traffic;
  return pairsOf(traffic, serviceReturns).flatMap(({ service, cluster }) => {
    const own = serviceReturns.filter((item) => item.service === service && item.cluster === cluster);
    const limits = [...peoplesLimits(traffic, cluster, service), ...own.map((item) => returnLimit(context, item))];
    return context.clusters.has(cluster) && limits.length > 0 ? [{ service, cluster, limits }] : [];
  });
}

/** As a cluster that was up returns: consent is only asked for while a freeze window is open. */
function returnLimit({ situation }: Context, { ramp }: ServiceReturn): OfService['limits'][number] {
  if (ramp) return { reason: 'ramp', percent: ramp.percent };
  return { reason: isFrozen(situation.policy.failover.freezeWindows, situation.nowMs) ? 'consent' : 'turn' };
}

/** Where automation does not act: what people ask for, and what automation holds back, or held back when it acted last, keeps what it has. */
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

/** Services of which people ask for something else than when the allocation in force was made. */
export function servicesAskedAnew(traffic: Traffic): Set<string> {
  const sealed = traffic.allocation.services ?? [];
  const anew = pairsOf(traffic, sealed).filter((pair) => {
    const before = sealed.find((item) => isPair(item, pair))?.limits.filter(isOfPeople) ?? [];
    return !equal(before, peoplesLimits(traffic, pair.cluster, pair.service));
  });
  return new Set(anew.map(({ service }) => service));
}

/** Those of which people ask for something, and the others that are named; each once. */
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
