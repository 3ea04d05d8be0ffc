import * as z from 'zod';
import { CloudError } from '../../../deps.ts';
import { type CallSession, list, type MseSession, orElse, read } from '../calls.ts';

/** The only status in which a gateway takes writes (MSE OpenAPI 2019-05-31, GetGateway). */
export const RUNNING = 2;

const Gateway = z.object({
  GatewayUniqueId: z.string(),
  Name: z.string(),
  Status: z.int(),
  StatusDesc: orElse(z.string(), 'unknown'),
  MseTag: orElse(z.string(), ''),
});
export type Gateway = z.output<typeof Gateway>;

const Slbs = orElse(z.array(z.object({ SlbIp: orElse(z.string(), ''), Type: orElse(z.string(), '') })), []);

/** Gateways whose names contain this one. */
export function listGateways(session: CallSession, Name: string): Promise<Gateway[]> {
  return list(session, 'ListGateway', { FilterParams: { Name } }, Gateway);
}

/** Throws a CloudError while the gateway is not there, or takes no writes. */
export async function runningGateway(session: MseSession): Promise<Gateway> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const gateway = await read(session, 'GetGateway', { GatewayUniqueId }, Gateway);
  const { Status, StatusDesc } = gateway;
  if (Status === RUNNING) return gateway;
  const message = `The gateway ${GatewayUniqueId} has status ${Status} (${StatusDesc})`;
  throw new CloudError({ code: 'GatewayNotRunning', errorClass: 'busy', action: 'GetGateway', message });
}

/** The tags that the Ingress controller puts on a gateway of its own (ACK documentation, MseIngressConfig). */
export function isOfIngressController({ MseTag }: Gateway): boolean {
  return /ack\.aliyun\.com|ingress\.k8s\.alibaba|kubernetes\.reused\.by\.user/.test(MseTag);
}

/** Where clients reach the gateway: the address of one of its load balancers, a public one first. */
export async function readAddress(session: MseSession): Promise<string | undefined> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const slbs = (await read(session, 'ListGatewaySlb', { GatewayUniqueId }, Slbs)).filter((slb) => slb.SlbIp !== '');
  return (slbs.find((slb) => slb.Type === 'PUB_NET') ?? slbs[0])?.SlbIp;
}
