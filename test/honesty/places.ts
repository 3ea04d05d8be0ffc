/**
 * Addresses of the fleet of the run. Every service has addresses of its own in every cluster, so that an address tells
 * both.
 */

export const FLEET = 'prod';
export const BASE = `/v1/fleets/${FLEET}`;
export const CLUSTERS = ['a', 'b', 'c'] as const;
export const SERVICES = ['shop', 'pay', 'cart', 'mail'] as const;
export const GATEWAYS = ['alb', 'mse'] as const;
export type GatewayName = (typeof GATEWAYS)[number];

const PORT = 8080;

/** Returns the n-th address of one service in one cluster. */
export function addressOf(service: (typeof SERVICES)[number], cluster: (typeof CLUSTERS)[number], n: number): string {
  return `10.${CLUSTERS.indexOf(cluster) + 1}.${SERVICES.indexOf(service) + 1}.${n + 1}`;
}

/** Returns `service/cluster` of an `address:port`; the cluster is `nobody` where the address is unknown. */
export function ownerOf(endpoint: string, known?: ReadonlySet<string>): string {
  const [, cluster, service] = /^10\.(\d+)\.(\d+)\.\d+:8080$/.exec(endpoint) ?? [];
  const names = [SERVICES[Number(service) - 1], CLUSTERS[Number(cluster) - 1]];
  if (names.includes(undefined)) return 'nobody';
  return known === undefined || known.has(endpoint) ? names.join('/') : `${names[0]}/nobody`;
}

/** The address that the probes of a cluster ask. */
export function probeUrl(cluster: (typeof CLUSTERS)[number]): string {
  return `http://${addressOf('shop', cluster, 99)}:${PORT}/healthz`;
}

export function clusterOfProbe(url: string): string | undefined {
  return CLUSTERS.find((cluster) => probeUrl(cluster) === url);
}

export function serviceSpec(service: (typeof SERVICES)[number], endpoints: number) {
  return {
    ports: [{ name: 'http', port: 80 }],
    exports: CLUSTERS.map((cluster) => ({
      cluster,
      backend: { type: 'endpoints', endpoints: endpointsOf(service, cluster, endpoints) },
    })),
  };
}

function endpointsOf(service: (typeof SERVICES)[number], cluster: (typeof CLUSTERS)[number], count: number) {
  return Array.from({ length: count }, (_, n) => ({ address: addressOf(service, cluster, n), port: PORT }));
}
