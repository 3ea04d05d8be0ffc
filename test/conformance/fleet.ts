import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Api } from '../engine/harness.ts';

export const GATEWAY = 'edge';

/** Replicas of each service, by cluster. */
const REPLICAS: Record<string, Record<string, number>> = {
  shop: { a: 1, b: 1 },
  pay: { a: 1, b: 1 },
  old: { a: 1 },
  herd: { a: 3, b: 1 },
  sticky: { a: 1, b: 1 },
  copy: { a: 1 },
  gone: { a: 1 },
};

/** Starts a server for each service and cluster, such as `shop-a`; the server of `gone` refuses connections. */
export interface Servers {
  all: readonly DemoCluster[];
  close(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const names = Object.entries(REPLICAS).flatMap(([service, clusters]) =>
    Object.keys(clusters).map((cluster) => `${service}-${cluster}`),
  );
  const all = await Promise.all(names.map((name) => startDemoCluster({ name })));
  await all.find(({ name }) => name === 'gone-a')?.fail('refuse');
  const close = async () => {
    await Promise.all(all.map((server) => server.close()));
  };
  return { all, close };
}

/** Declares clusters a and b, the services and the gateway; service shop goes by the ingress of its clusters. */
export async function declareFleet(api: Api, fleet: string, target: GatewayTarget, servers: Servers): Promise<void> {
  const put = (path: string, body: unknown) => mustPut(api, `/v1/fleets/${fleet}${path}`, body);
  const endpoints = (name: string) =>
    servers.all
      .filter((server) => server.name === name)
      .map(({ address }) => ({ address: address.host, port: address.port }));
  await put('', {});
  for (const cluster of ['a', 'b']) {
    await put(`/clusters/${cluster}`, { kind: 'kubernetes', ingress: { endpoints: endpoints(`shop-${cluster}`) } });
  }
  for (const [name, clusters] of Object.entries(REPLICAS)) {
    await put(`/services/${name}`, {
      ports: [{ name: 'http', port: 80 }],
      exports: Object.entries(clusters).map(([cluster, replicas]) => ({
        cluster,
        replicas,
        ...(name !== 'shop' && { backend: { type: 'endpoints', endpoints: endpoints(`${name}-${cluster}`) } }),
      })),
      healthCheck: { type: 'tcp', intervalSeconds: name === 'gone' ? 1 : 50 },
      ...(name === 'sticky' && { sessionAffinity: { type: 'cookie', ttlSeconds: 600 } }),
    });
  }
  await put(`/gateways/${GATEWAY}`, { target });
}

async function mustPut(api: Api, path: string, body: unknown): Promise<void> {
  const { status, body: answer } = await api('PUT', path, body);
  if (status !== 201) throw new Error(`PUT ${path}: ${JSON.stringify(answer)}`);
}
