import type { MseProvision, MseTarget } from '../../../schemas/gateway.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
import type { Provisioned, ProvisionSession } from '../provider.ts';
import { type CallSession, isGone, write, writeOnce } from './calls.ts';
import { markOf, nameOf } from './compile/names.ts';
import { type Gateway, listGateways, RUNNING } from './observe/gateway.ts';

const NETWORKS: Record<MseProvision['network'], string> = {
  private: 'privatenet',
  public: 'pubnet',
  both: 'privatepubnet',
};
const CREATE_FAILED = 1;

/** Creates a gateway, which takes some minutes. It is found again by its name, which contains the mark of the owner. */
export async function provision(wanted: MseProvision, session: ProvisionSession): Promise<Provisioned<MseTarget>> {
  const calls = { ...session, target: { regionId: wanted.regionId } };
  const found = (await findGateway(calls)) ?? (await createGateway(wanted, calls));
  if (found === undefined) return waiting(say('MseGatewayBegun'));
  const { GatewayUniqueId: gatewayUniqueId, Status, StatusDesc } = found;
  if (Status === RUNNING) {
    const { regionId, certificates } = wanted;
    return {
      ready: true,
      target: { provider: 'mse', regionId, gatewayUniqueId, ...(certificates && { certificates }) },
    };
  }
  if (Status === CREATE_FAILED) return waiting(say('MseGatewayFailed', { id: gatewayUniqueId }));
  return waiting(say('MseGatewayIs', { id: gatewayUniqueId, status: `${Status} (${StatusDesc})` }));
}

function waiting({ text: step }: Message): Provisioned<MseTarget> {
  return { ready: false, progress: { done: 0, total: 1, step } };
}

/** Deletes the gateway and its load balancers, if it is the one that `provision` created. */
export async function destroy(target: MseTarget, session: ProvisionSession): Promise<void> {
  const calls = { ...session, target };
  const found = await findGateway(calls);
  if (found?.GatewayUniqueId !== target.gatewayUniqueId) return;
  try {
    await write(calls, 'DeleteGateway', { GatewayUniqueId: found.GatewayUniqueId, DeleteSlb: true });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function createGateway(wanted: MseProvision, session: CallSession): Promise<Gateway | undefined> {
  const parameters = {
    Name: instanceName(session),
    Region: wanted.regionId,
    Vpc: wanted.vpcId,
    ZoneInfo: wanted.zones.map(({ zoneId, vSwitchId }) => ({ ZoneId: zoneId, VSwitchId: vSwitchId })),
    Spec: wanted.spec,
    Replica: wanted.replicas,
    ChargeType: 'POSTPAY',
    NlbNetworkType: NETWORKS[wanted.network],
    Tag: [{ Key: 'fairlead-owner', Value: `${session.owner}/instance` }],
  };
  await writeOnce(session, 'AddGateway', parameters, async () => (await findGateway(session)) !== undefined);
  return await findGateway(session);
}

async function findGateway(session: CallSession): Promise<Gateway | undefined> {
  const Name = instanceName(session);
  return (await listGateways(session, Name)).find((gateway) => gateway.Name === Name);
}

function instanceName({ owner }: Pick<ProvisionSession, 'owner'>): string {
  return nameOf(markOf(owner), owner, `${owner}/instance`);
}
