import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { sendTo } from '../local-cloud/data-plane/fixtures.ts';

/** A gateway of the local cloud, and two clusters behind it. */
export interface Edge {
  target: GatewayTarget;
  clusters: Clusters;
  /** One request through the data plane; `cluster` is who answered. */
  get(
    host: string,
    path?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; cluster: string | undefined }>;
  /** Counts how many of n requests each cluster answered; failures count under their status. */
  split(n: number, host: string, headers?: Record<string, string>): Promise<Record<string, number>>;
}

export type Clusters = Record<'a' | 'b', DemoCluster>;

/** A loopback address that nobody else uses: while a cluster refuses connections, its port of 127.0.0.1 could be taken by an outgoing one. */
const CLUSTER_HOST = '127.0.0.2';

export async function startClusters(): Promise<Clusters> {
  const start = (name: string) => startDemoCluster({ name, host: CLUSTER_HOST });
  const [a, b] = await Promise.all([start('a'), start('b')]);
  return { a, b };
}

/** `address`: where the data plane of the target listens. */
export function createEdge(target: GatewayTarget, address: { host: string; port: number }, clusters: Clusters): Edge {
  const get: Edge['get'] = async (host, path = '/', headers = {}) => {
    const answer = await sendTo(address, { path, headers: { host, ...headers }, agent: false });
    return {
      status: answer.status,
      cluster: answer.status === 200 ? String(answer.headers['x-cluster']) : undefined,
    };
  };
  return {
    target,
    clusters,
    get,
    split: async (n, host, headers) => {
      const counts: Record<string, number> = {};
      for (let sent = 0; sent < n; sent++) {
        const { status, cluster } = await get(host, '/', headers);
        const name = cluster ?? String(status);
        counts[name] = (counts[name] ?? 0) + 1;
      }
      return counts;
    },
  };
}
