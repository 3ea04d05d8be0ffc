import type * as z from 'zod';
import type { ClusterInput } from '../../../schemas/cluster.ts';
import type { DistributionInput } from '../../../schemas/distribution.ts';
import type { FleetInput } from '../../../schemas/fleet.ts';
import type { RouteInput } from '../../../schemas/route.ts';
import type { ServiceInput } from '../../../schemas/service.ts';
import type { ClusterPort } from '../ports.ts';

/**
 * The content of a local stack: the demo clusters that it runs, and the fleet, services, distributions and routes that
 * it declares.
 */
export interface Estate {
  clusters: readonly EstateCluster[];
  fleet: z.input<typeof FleetInput>;
  services: Readonly<Record<string, z.input<typeof ServiceInput>>>;
  distributions: Readonly<Record<string, z.input<typeof DistributionInput>>>;
  /** The routes, which are declared for every gateway of the stack. */
  routes: Readonly<Record<string, Omit<z.input<typeof RouteInput>, 'gateways'>>>;
  /** Returns requests to try through the gateway at this URL. */
  requests(gateway: string): readonly Trial[];
  /** Returns failures to cause through the demo control at this URL. */
  breaks(control: string): readonly Trial[];
}

export interface EstateCluster {
  name: string;
  /** The name of the port on which it listens. */
  port: ClusterPort;
  /** The place and capacity of the cluster; its addresses are only known once it listens. */
  declared: Pick<z.input<typeof ClusterInput>, 'region' | 'site' | 'city' | 'capacity'>;
}

/** A command to try, with a text that tells what happens. */
export interface Trial {
  text: string;
  command: string;
}

/** Settings of a fleet with short waits. Real fleets dwell and cool down for minutes, which is too long to watch. */
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

/** Returns a service that each of the clusters exports. */
export function serviceOf(clusters: readonly EstateCluster[]): Estate['services'][string] {
  return {
    namespace: 'shop',
    ports: [{ name: 'http', port: 80 }],
    exports: clusters.map(({ name }) => ({ cluster: name, backend: { type: 'ingress' } })),
    healthCheck: { type: 'http', path: '/healthz', method: 'GET' },
  };
}

/** Returns the running clusters that `place` stands for; it is the name of a cluster, a site or a city. */
export function clustersAt<C extends { name: string }>(estate: Estate, running: readonly C[], place: string): C[] {
  const named = estate.clusters.filter(({ name, declared: { site, city } }) => [name, site, city].includes(place));
  return running.filter(({ name }) => named.some((cluster) => cluster.name === name));
}
