import { randomUUID } from 'node:crypto';
import { notCarried } from '../../errors.ts';
import { type Action, action, type Context, newId, reading, timeText, writing } from '../context.ts';
import { illegalRequest, invalid } from '../errors.ts';
import type { Gateway } from '../model.ts';
import { contains, equals, type PageInput, page } from '../page.ts';
import { presentSlb } from './slbs.ts';

const STATUS_TEXTS: Readonly<Record<Gateway['Status'], string>> = {
  0: 'creating',
  1: 'create failed',
  2: 'running',
  3: 'changing',
  4: 'scaling in',
  6: 'scaling out',
  8: 'deleting',
  10: 'restarting',
  11: 'rebuilding',
  12: 'updating',
  13: 'update failed',
};

interface AddInput {
  Region: string;
  Vpc: string;
  ZoneInfo: { VSwitchId: string; ZoneId: string }[];
  Name?: string;
  Spec?: string;
  Replica?: number;
  ChargeType?: string;
  Tag?: { Key: string; Value?: string }[];
}

const addGateway = action((context, input: AddInput) => {
  if (input.ZoneInfo.length === 0) throw invalid('ZoneInfo', 'a gateway needs a zone');
  const GatewayUniqueId = `gw-${randomUUID().replaceAll('-', '')}`;
  const gateway: Gateway = {
    GatewayUniqueId,
    Id: newId(context.state),
    Name: input.Name ?? GatewayUniqueId,
    Region: input.Region,
    Vpc: input.Vpc,
    Status: 0,
    Spec: input.Spec ?? 'MSE_GTW_2_4_200_c',
    Replica: input.Replica ?? 2,
    ChargeType: input.ChargeType ?? 'POSTPAY',
    GmtCreate: timeText(context),
    Tags: (input.Tag ?? []).map(({ Key, Value = '' }) => ({ Key, Value })),
    slbs: new Map(),
    domains: new Map(),
    services: new Map(),
    routes: new Map(),
  };
  context.state.gateways.set(GatewayUniqueId, gateway);
  context.schedule.after(context.gatewayLatencyMs, () => open(context, gateway));
  return { GatewayUniqueId };
});

async function open({ dataPlane }: Context, gateway: Gateway): Promise<void> {
  try {
    gateway.dataPlaneAddress = await dataPlane.openGateway(gateway);
    gateway.Status = 2;
  } catch {
    gateway.Status = 1;
  }
}

const getGateway = reading((_, gateway) => present(gateway));

function present(gateway: Gateway) {
  const { GatewayUniqueId, Id, Name, Region, Vpc, Status, Spec, Replica, ChargeType, GmtCreate, Tags } = gateway;
  const MseTag = JSON.stringify(Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])));
  const StatusDesc = STATUS_TEXTS[Status];
  return { GatewayUniqueId, Id, Name, Region, Vpc, Status, StatusDesc, Spec, Replica, ChargeType, GmtCreate, MseTag };
}

interface ListInput extends PageInput {
  FilterParams?: {
    GatewayUniqueId?: string;
    Name?: string;
    Vpc?: string;
    [other: string]: unknown;
  };
}

const listGateway = action((context, input: ListInput) => {
  const { GatewayUniqueId, Name, Vpc, ...others } = input.FilterParams ?? {};
  const [other] = Object.keys(others);
  if (other !== undefined) throw notCarried(`the filter ${other} of gateways`);
  const wanted = [...context.state.gateways.values()].filter(
    (gateway) =>
      equals(gateway.GatewayUniqueId, GatewayUniqueId) &&
      contains(gateway.Name, Name) &&
      equals(gateway.Vpc, Vpc) &&
      (!context.regionGiven || gateway.Region === context.regionId),
  );
  const { Result, ...rest } = page(wanted, input);
  return { ...rest, Result: Result.map(presentItem) };
});

function presentItem(gateway: Gateway) {
  const { Vpc: VpcId, ...fields } = present(gateway);
  return { ...fields, VpcId, Slb: [...(gateway.slbs?.values() ?? [])].map((slb) => presentSlb(gateway, slb)) };
}

/** Deletes a gateway with everything in it. */
const deleteGateway = reading((context, gateway) => {
  if (gateway.Status !== 1 && gateway.Status !== 2) {
    throw illegalRequest(`the gateway ${gateway.GatewayUniqueId} has status ${gateway.Status}`);
  }
  gateway.Status = 8;
  const { GatewayUniqueId, Name, Status } = gateway;
  context.schedule.after(context.gatewayLatencyMs, async () => {
    await context.dataPlane.closeGateway(GatewayUniqueId);
    context.state.gateways.delete(GatewayUniqueId);
  });
  return { GatewayUniqueId, Name, Status };
});

const updateGatewaySpec = writing((context, gateway, { Spec, Replica }: { Spec: string; Replica: number }) => {
  gateway.Status = 3;
  context.schedule.after(context.gatewayLatencyMs, () => {
    Object.assign(gateway, { Spec, Replica, Status: 2 });
  });
  return gateway.GatewayUniqueId;
});

export const gatewayActions: Record<string, Action> = {
  AddGateway: addGateway,
  GetGateway: getGateway,
  ListGateway: listGateway,
  DeleteGateway: deleteGateway,
  UpdateGatewaySpec: updateGatewaySpec,
};
