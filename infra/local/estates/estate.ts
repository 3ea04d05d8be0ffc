import type * as z from 'zod';
import type { ClusterInput } from '../../../schemas/cluster.ts';
import type { DistributionInput } from '../../../schemas/distribution.ts';
import type { FleetInput } from '../../../schemas/fleet.ts';
import type { RouteInput } from '../../../schemas/route.ts';
import type { ServiceInput } from '../../../schemas/service.ts';
import type { ClusterPort } from '../ports.ts';

/** What a local stack runs and declares: demo clusters, and a fleet with services and routes upon them. */
export interface Estate {
  clusters: readonly EstateCluster[];
  fleet: z.input<typeof FleetInput>;
  services: Readonly<Record<string, z.input<typeof ServiceInput>>>;
  distributions: Readonly<Record<string, z.input<typeof DistributionInput>>>;
  /** They are declared for every gateway of the stack. */
  routes: Readonly<Record<string, Omit<z.input<typeof RouteInput>, 'gateways'>>>;
  /** What to try with the gateway at this URL. */
  requests(gateway: string): readonly Trial[];
  /** What to break with the demo control at this URL. */
  breaks(control: string): readonly Trial[];
}

export interface EstateCluster {
  name: string;
  /** Where it listens. */
  port: ClusterPort;
  /** Where it is and what it can serve; its addresses are known once it listens. */
  declared: Pick<z.input<typeof ClusterInput>, 'region' | 'site' | 'city' | 'capacity'>;
}

/** What happens, and the command that shows it. */
export interface Trial {
  text: string;
  command: string;
}

/** A fleet in earnest dwells and cools down for minutes; nobody wants to watch that. */
export const WATCHABLE = {
  automation: 'automatic',
  health: {
    intervalSeconds: 5,
    timeoutSeconds: 1,
    confirmSeconds: 1,
    failureThreshold: 3,
    successThreshold: 3,
    dwellSeconds: 10,
  },
  failover: { cooldownSeconds: 10 },
} as const satisfies Estate['fleet'];

/** A service that each of the clusters exports. */
export function serviceOf(clusters: readonly EstateCluster[]): Estate['services'][string] {
  return {
    namespace: 'shop',
    ports: [{ name: 'http', port: 80 }],
    exports: clusters.map(({ name }) => ({ cluster: name, backend: { type: 'ingress' } })),
    healthCheck: { type: 'http', path: '/healthz', method: 'GET' },
  };
}

/** The running ones of the clusters that a name stands for: that of a cluster, a site or a city. */
export function clustersAt<C extends { name: string }>(estate: Estate, running: readonly C[], place: string): C[] {
  const named = estate.clusters.filter(({ name, declared: { site, city } }) => [name, site, city].includes(place));
  return running.filter(({ name }) => named.some((cluster) => cluster.name === name));
}
