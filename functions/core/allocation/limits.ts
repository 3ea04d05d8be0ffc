/** What holds the members of a backend back: whatever holds back their clusters, and what holds back its service by itself. */

import type { Limit } from './types.ts';

type ByCluster = ReadonlyMap<string, readonly Limit[]>;

/** Whoever is held back by nothing is absent. */
export interface Limits {
  clusters: ByCluster;
  /** What concerns the backends of one service alone; no pair of service and cluster twice. */
  services: readonly OfService[];
}

interface OfService {
  service: string;
  cluster: string;
  limits: readonly Limit[];
}

/** What holds the members of a backend back, by cluster; `service` is the one to which it belongs alone. */
export function limitsFor({ clusters, services }: Limits, service: string | undefined): ByCluster {
  if (service === undefined || services.length === 0) return clusters;
  const all = new Map(clusters);
  for (const own of services) {
    if (own.service === service) all.set(own.cluster, tightest([...(all.get(own.cluster) ?? []), ...own.limits]));
  }
  return all;
}

/** Each reason once; of two parts of an entitlement the smaller one. */
function tightest(limits: readonly Limit[]): Limit[] {
  const found = new Map<Limit['reason'], Limit>();
  for (const limit of limits) {
    const other = found.get(limit.reason);
    if (other === undefined || isTighter(limit, other)) found.set(limit.reason, limit);
  }
  return [...found.values()];
}

function isTighter(limit: Limit, other: Limit): boolean {
  return 'percent' in limit && 'percent' in other && limit.percent < other.percent;
}

/** Whether something holds a service back that does not hold back the whole cluster. */
export function isHeldApart({ services }: Limits, service: string | undefined, cluster: string): boolean {
  return services.some((own) => own.service === service && own.cluster === cluster);
}
