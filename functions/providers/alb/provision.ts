import * as z from 'zod';
import type { AlbProvision, AlbTarget } from '../../../schemas/gateway.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Provisioned, ProvisionSession } from '../provider.ts';
import { change, createJobs } from './apply/jobs.ts';
import { type AlbSession, list, write } from './calls.ts';
import { OWNER_TAG, resourceName, tagValue } from './compile/marks.ts';
import { listListeners } from './observe/lists.ts';

const Balancers = z
  .object({
    LoadBalancers: z.array(z.object({ LoadBalancerId: z.string(), LoadBalancerStatus: z.string() })).default([]),
    NextToken: z.string().optional(),
  })
  .transform((page) => ({ items: page.LoadBalancers, nextToken: page.NextToken }));

const Groups = z
  .object({
    ServerGroups: z.array(z.object({ ServerGroupId: z.string(), ServerGroupStatus: z.string() })).default([]),
    NextToken: z.string().optional(),
  })
  .transform((page) => ({ items: page.ServerGroups, nextToken: page.NextToken }));

/**
 * The steps that every instance takes, for the load balancer and the default server group. Each listener takes one
 * more.
 */
const FIXED_STEPS = 2;

/**
 * Creates a load balancer with its listeners, one step per call; each call first waits for what the one before has
 * begun. Everything carries the owner tag of the instance, by which it is found again. The rules and server groups of
 * the gateway carry another tag.
 */
export async function provision(wanted: AlbProvision, session: ProvisionSession): Promise<Provisioned<AlbTarget>> {
  const work = workFor(wanted.regionId, session);
  const total = FIXED_STEPS + wanted.listeners.length;
  const waiting = (done: number, step: string): Provisioned<AlbTarget> => ({
    ready: false,
    progress: { done, total, step },
  });

  const balancer = await findBalancer(work);
  if (balancer === undefined) return waiting(0, await createBalancer(wanted, work));
  const { LoadBalancerId: loadBalancerId, LoadBalancerStatus: status } = balancer;
  if (status === 'CreateFailed') return waiting(0, say('AlbBalancerFailed', { id: loadBalancerId }).text);
  if (status !== 'Active') return waiting(0, say('AlbBalancerIs', { id: loadBalancerId, status }).text);

  const group = await findGroup(work);
  if (group === undefined) return waiting(1, await createDefaultGroup(wanted, work));
  if (group.ServerGroupStatus !== 'Available') return waiting(1, say('AlbGroupBegun').text);

  const listeners = await listListeners(work.session, loadBalancerId);
  const missing = wanted.listeners.filter(({ port }) => !listeners.some((listener) => listener.ListenerPort === port));
  const [next] = missing;
  if (next)
    return waiting(total - missing.length, await createListener(next, loadBalancerId, group.ServerGroupId, work));
  const idle = listeners.find((listener) => listener.ListenerStatus !== 'Running');
  if (idle) {
    return waiting(total - 1, say('AlbListenerIs', { id: idle.ListenerId, status: idle.ListenerStatus }).text);
  }
  const listenerIds = listeners.map((listener) => listener.ListenerId);
  return { ready: true, target: { provider: 'alb', regionId: wanted.regionId, loadBalancerId, listenerIds } };
}

/** Deletes the listeners, the load balancer and the default server group, if they are ours. */
export async function destroy(target: AlbTarget, session: ProvisionSession): Promise<void> {
  const work = workFor(target.regionId, session);
  const balancer = await findBalancer(work);
  if (balancer?.LoadBalancerId === target.loadBalancerId) {
    for (const { ListenerId } of await listListeners(work.session, target.loadBalancerId)) {
      await change('DeleteListener', { ListenerId }, work);
    }
    await change('DeleteLoadBalancer', { LoadBalancerId: target.loadBalancerId }, work);
  }
  const group = await findGroup(work);
  if (group) await change('DeleteServerGroup', { ServerGroupId: group.ServerGroupId }, work);
}

interface Work {
  session: AlbSession;
  jobs: ReturnType<typeof createJobs>;
  owner: string;
}

/** Returns a session for calls, which need nothing of a target but its region. */
function workFor(regionId: string, session: ProvisionSession): Work {
  const albSession: AlbSession = {
    ...session,
    target: { provider: 'alb', regionId, loadBalancerId: '', listenerIds: [] },
  };
  return { session: albSession, jobs: createJobs(albSession), owner: tagValue(`${session.owner}/instance`) };
}

const tagged = ({ owner }: Work) => [{ Key: OWNER_TAG, Value: owner }];

async function findBalancer(work: Work) {
  return (await list(work.session, 'ListLoadBalancers', { Tag: tagged(work) }, Balancers))[0];
}

async function findGroup(work: Work) {
  return (await list(work.session, 'ListServerGroups', { Tag: tagged(work) }, Groups))[0];
}

async function createBalancer(wanted: AlbProvision, work: Work): Promise<string> {
  const answer = await write(
    work.session,
    'CreateLoadBalancer',
    {
      LoadBalancerName: resourceName(work.session.owner),
      LoadBalancerEdition: wanted.edition,
      LoadBalancerBillingConfig: { PayType: 'PostPay' },
      AddressType: wanted.addressType,
      VpcId: wanted.vpcId,
      ZoneMappings: wanted.zones.map(({ zoneId, vSwitchId }) => ({ ZoneId: zoneId, VSwitchId: vSwitchId })),
      Tag: tagged(work),
    },
    work.session.createToken('load-balancer'),
  );
  return say('AlbBalancerIs', { id: String(answer['LoadBalancerId']), status: 'being created' }).text;
}

/**
 * Creates the default server group, which a listener needs for requests that no rule matches. It has no servers, so
 * such requests get 503.
 */
async function createDefaultGroup(wanted: AlbProvision, work: Work): Promise<string> {
  const parameters = {
    ServerGroupName: resourceName(`${work.session.owner}-default`),
    ServerGroupType: 'Ip',
    VpcId: wanted.vpcId,
    HealthCheckConfig: { HealthCheckEnabled: false },
    Tag: tagged(work),
  };
  await write(work.session, 'CreateServerGroup', parameters, work.session.createToken('default-group'));
  return say('AlbGroupBegun').text;
}

async function createListener(
  { port, protocol, certificateId }: AlbProvision['listeners'][number],
  LoadBalancerId: string,
  ServerGroupId: string,
  { session }: Work,
): Promise<string> {
  const parameters = {
    LoadBalancerId,
    ListenerPort: port,
    ListenerProtocol: protocol,
    DefaultActions: [{ Type: 'ForwardGroup', ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId }] } }],
    ...(certificateId === undefined ? {} : { Certificates: [{ CertificateId: certificateId }] }),
  };
  await write(session, 'CreateListener', parameters, session.createToken(`listener-${port}`));
  return say('AlbListenerBegun', { port }).text;
}
