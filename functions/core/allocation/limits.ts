/** The limits of the members of a backend: those of their clusters, and those of the backend's service alone. */

import type { Limit } from './types.ts';

type ByCluster = ReadonlyMap<string, readonly Limit[]>;

/** The limits of clusters, and of single services at clusters. A cluster without limits has no entry. */
export interface Limits {
  clusters: ByCluster;
  /** Limits that apply only to the backends of one service. No pair of service and cluster appears twice. */
  services: readonly OfService[];
}

interface OfService {
  service: string;
  cluster: string;
  limits: readonly Limit[];
}

/**
 * Returns the limits that apply to the members of a backend, by cluster. `service` is set when all pools of the backend
 * belong to a service that has limits of its own.
 */
export function limitsFor({ clusters, services }: Limits, service: string | undefined): ByCluster {
  if (service === undefined || services.length === 0) return clusters;
  const all = new Map(clusters);
  for (const own of services) {
    if (own.service === service) all.set(own.cluster, tightest([...(all.get(own.cluster) ?? []), ...own.limits]));
  }
  return all;
}

/** Keeps each reason once; when a reason has two percentages, the smaller one is kept. */
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

/** Tells whether a service has limits of its own at a cluster, besides those of the whole cluster. */
export function isHeldApart({ services }: Limits, service: string | undefined, cluster: string): boolean {
  return services.some((own) => own.service === service && own.cluster === cluster);
}
