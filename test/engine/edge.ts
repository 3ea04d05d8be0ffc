import { request } from 'node:http';
import type { Clock, Cloud } from '../../functions/deps.ts';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';

/** A load balancer with a listener at the local cloud, and two clusters behind it. */
export interface Edge {
  loadBalancerId: string;
  listenerId: string;
  defaultGroupId: string;
  clusters: Record<'a' | 'b', DemoCluster>;
  /** One request through the data plane; `cluster` is who answered. */
  get(
    host: string,
    path?: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; cluster: string | undefined }>;
  /** How many of n requests each cluster answered; failures count under their status. */
  split(n: number, host: string, headers?: Record<string, string>): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export async function createEdge(
  cloud: Cloud,
  clock: Clock,
  dataPlaneOf: (listenerId: string) => string,
): Promise<Edge> {
  const call = (action: string, parameters: Parameters<Cloud['call']>[0]['parameters']) =>
    cloud.call({ product: 'alb', regionId: 'cn-hangzhou', credentials: 'default', action, parameters });
  const settle = async () => {
    await clock.sleep(5000);
    await call('ListAsynJobs', { MaxResults: 1 });
  };
  const { LoadBalancerId } = await call('CreateLoadBalancer', {
    VpcId: 'vpc-1',
    AddressType: 'Intranet',
    LoadBalancerEdition: 'Standard',
    LoadBalancerBillingConfig: { PayType: 'PostPay' },
    ZoneMappings: [
      { ZoneId: 'cn-hangzhou-a', VSwitchId: 'vsw-a' },
      { ZoneId: 'cn-hangzhou-b', VSwitchId: 'vsw-b' },
    ],
  });
  const { ServerGroupId } = await call('CreateServerGroup', {
    ServerGroupName: 'default-backend',
    ServerGroupType: 'Ip',
    VpcId: 'vpc-1',
    HealthCheckConfig: { HealthCheckEnabled: false },
  });
  await settle();
  const { ListenerId } = await call('CreateListener', {
    LoadBalancerId,
    ListenerPort: 80,
    ListenerProtocol: 'HTTP',
    DefaultActions: [{ Type: 'ForwardGroup', ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId }] } }],
  });
  await settle();
  const clusters = { a: await startDemoCluster({ name: 'a' }), b: await startDemoCluster({ name: 'b' }) };
  const get: Edge['get'] = (host, path = '/', headers = {}) =>
    ask(dataPlaneOf(String(ListenerId)), path, { host, ...headers });
  return {
    loadBalancerId: String(LoadBalancerId),
    listenerId: String(ListenerId),
    defaultGroupId: String(ServerGroupId),
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
    close: async () => {
      await Promise.all([clusters.a.close(), clusters.b.close()]);
    },
  };
}

function ask(
  address: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; cluster: string | undefined }> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path, headers, agent: false }, (response) => {
      response.resume();
      const cluster = response.statusCode === 200 ? String(response.headers['x-cluster']) : undefined;
      response.on('end', () => resolve({ status: response.statusCode ?? 0, cluster }));
    });
    outgoing.on('error', reject).end();
  });
}
