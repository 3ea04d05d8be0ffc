import type { Harness } from './harness.ts';

/** Sends everything of service `shop` to cluster b, as a human would in the console of the cloud. */
export const EDITS = {
  alb: async ({ cloud, ownerCloud, edge }: Harness) => {
    const group = [...cloud.state.serverGroups.values()].find((item) => item.ServerGroupName?.includes('shop'));
    const { host, port } = edge.clusters.a.address;
    await ownerCloud.call({
      product: 'alb',
      regionId: edge.target.regionId,
      credentials: 'default',
      action: 'UpdateServerGroupServersAttribute',
      parameters: {
        ServerGroupId: group?.ServerGroupId,
        Servers: [{ ServerType: 'Ip', ServerId: host, Port: port, Weight: 0 }],
      },
    });
  },
  mse: async ({ cloud, ownerCloud, edge }: Harness) => {
    const a = `${edge.clusters.a.address.host}:${edge.clusters.a.address.port}`;
    const b = `${edge.clusters.b.address.host}:${edge.clusters.b.address.port}`;
    const [gateway] = cloud.mse.gateways.values();
    const services = [...(gateway?.services.values() ?? [])].filter(
      ({ Name, Ips }) => Name.includes('shop') && Ips.includes(a),
    );
    for (const { Id, Name } of services) {
      await ownerCloud.call({
        product: 'mse',
        regionId: edge.target.regionId,
        credentials: 'default',
        action: 'UpdateGatewayService',
        parameters: { GatewayUniqueId: gateway?.GatewayUniqueId, Id, Name, IpList: [b] },
      });
    }
  },
};
