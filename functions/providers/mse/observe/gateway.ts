import * as z from 'zod';
import { say } from '../../../../schemas/messages/index.ts';
import { CloudError } from '../../../deps.ts';
import { type CallSession, list, type MseSession, orElse, read } from '../calls.ts';

/** The only status in which a gateway accepts writes (MSE OpenAPI 2019-05-31, GetGateway). */
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

/** Lists the gateways whose names contain `Name`. */
export function listGateways(session: CallSession, Name: string): Promise<Gateway[]> {
  return list(session, 'ListGateway', { FilterParams: { Name } }, Gateway);
}

/** Reads the gateway. Throws a `CloudError` when it does not exist or does not accept writes. */
export async function runningGateway(session: MseSession): Promise<Gateway> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const gateway = await read(session, 'GetGateway', { GatewayUniqueId }, Gateway);
  const { Status, StatusDesc } = gateway;
  if (Status === RUNNING) return gateway;
  const status = `${Status} (${StatusDesc})`;
  const message = say('GatewayNotRunning', { id: GatewayUniqueId, status }).text;
  throw new CloudError({ code: 'GatewayNotRunning', errorClass: 'busy', action: 'GetGateway', message });
}

/**
 * Tells whether a gateway has the tags that the Ingress controller puts on a gateway of its own (ACK documentation,
 * MseIngressConfig).
 */
export function isOfIngressController({ MseTag }: Gateway): boolean {
  return /ack\.aliyun\.com|ingress\.k8s\.alibaba|kubernetes\.reused\.by\.user/.test(MseTag);
}

/**
 * Returns the address at which clients reach the gateway: that of one of its load balancers, preferably a public one.
 */
export async function readAddress(session: MseSession): Promise<string | undefined> {
  const { gatewayUniqueId: GatewayUniqueId } = session.target;
  const slbs = (await read(session, 'ListGatewaySlb', { GatewayUniqueId }, Slbs)).filter((slb) => slb.SlbIp !== '');
  return (slbs.find((slb) => slb.Type === 'PUB_NET') ?? slbs[0])?.SlbIp;
}
