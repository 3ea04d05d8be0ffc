import { type Action, newId, reading, timeText, writing } from '../context.ts';
import { alreadyExists, notFound } from '../errors.ts';
import type { Gateway, GatewaySlb } from '../model.ts';

interface AddInput {
  SlbId: string;
  Type?: GatewaySlb['Type'];
  [attribute: string]: unknown;
}

/** Adds a load balancer, which is only remembered and shown; requests reach the local gateway at its own address. */
const addGatewaySlb = writing((context, gateway, input: AddInput) => {
  const { GatewayUniqueId: _, AcceptLanguage: __, SlbId, Type = 'PRIVATE_NET', ...Attributes } = input;
  const slbs = slbsOf(gateway);
  if ([...slbs.values()].some((slb) => slb.SlbId === SlbId)) throw alreadyExists(`${SlbId} is bound already.`);
  const slb: GatewaySlb = {
    Id: newId(context.state),
    SlbId,
    Type,
    GatewaySlbStatus: 'Creating',
    GmtCreate: timeText(context),
    Attributes,
  };
  slbs.set(slb.Id, slb);
  context.schedule.after(context.gatewayLatencyMs, () => {
    slb.GatewaySlbStatus = 'Ready';
  });
  return SlbId;
});

const listGatewaySlb = reading((_, gateway) => [...slbsOf(gateway).values()].map((slb) => presentSlb(gateway, slb)));

const deleteGatewaySlb = writing((_, gateway, { SlbId, Id }: { SlbId: string; Id?: number }) => {
  const slbs = slbsOf(gateway);
  const slb = [...slbs.values()].find((one) => one.SlbId === SlbId && (Id === undefined || one.Id === Id));
  if (!slb) throw notFound('load balancer', SlbId);
  slbs.delete(slb.Id);
  return SlbId;
});

export function presentSlb(gateway: Gateway, { Id, Attributes, ...slb }: GatewaySlb) {
  return { ...Attributes, ...slb, Id: String(Id), GatewayId: String(gateway.Id) };
}

function slbsOf(gateway: Gateway): Map<number, GatewaySlb> {
  gateway.slbs ??= new Map();
  return gateway.slbs;
}

export const slbActions: Record<string, Action> = {
  AddGatewaySlb: addGatewaySlb,
  ListGatewaySlb: listGatewaySlb,
  DeleteGatewaySlb: deleteGatewaySlb,
};
