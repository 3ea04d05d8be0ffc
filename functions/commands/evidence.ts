import type { FleetSpec } from '../../schemas/fleet.ts';
import type { Progress } from '../core/conditions.ts';
import type { HealthRecord } from '../core/health.ts';
import type { Kind, Resource } from '../core/model.ts';
import { compareText } from '../core/precedence.ts';
import { NO_TRAFFIC, type Traffic } from '../core/traffic.ts';
import type { OutboxRow, ProgrammedRow, Store, SyncRecord } from '../deps.ts';
import { kinds } from './kinds.ts';
import type { World } from './world.ts';

/** What is known, besides the declarations, of some resources of one kind and fleet. Read once per page. */
export interface Evidence {
  /** Those that follow any of the resources. */
  gateways: readonly string[];
  syncs: readonly SyncRecord[];
  outbox: readonly OutboxRow[];
  programmed: readonly ProgrammedRow[];
  health: readonly HealthRecord[];
  traffic: Traffic;
  /** Of clusters: the policy by which they are watched. */
  policy?: FleetSpec | undefined;
}

/** Reads what the views of the kind need and nothing else. */
export async function loadEvidence<K extends Kind>(
  store: Store,
  world: World,
  kind: K,
  resources: readonly Resource<K>[],
): Promise<Evidence> {
  const { fleet } = world;
  const names = resources.map((resource) => resource.name).sort(compareText);
  const [from = '', to = ''] = [names[0], names.at(-1)];
  const followers = await followersOf(world, kind, resources);
  const [syncs, programmed, outbox, health, traffic, owner] = await Promise.all([
    store.syncs(fleet),
    store.programmed(fleet, kind, from, to),
    Promise.all(followers.map((gateway) => waitingRows(store, { fleet, gateway, kind }, from, to))),
    kind === 'cluster' ? store.health(fleet, { from, to }) : [],
    kind === 'cluster' || kind === 'route' ? store.traffic(fleet) : NO_TRAFFIC,
    kind === 'cluster' ? store.get('fleet', fleet, fleet) : undefined,
  ]);
  return { gateways: followers, syncs, programmed, outbox: outbox.flat(), health, traffic, policy: owner?.spec };
}

/** The gateways that follow any of the resources. */
async function followersOf<K extends Kind>(
  world: World,
  kind: K,
  resources: readonly Resource<K>[],
): Promise<string[]> {
  const named = resources.map((resource) => kinds[kind].gateways(resource));
  if (named.includes(undefined)) return (await world.gateways()).map((gateway) => gateway.name);
  return [...new Set(named.flatMap((names) => names ?? []))];
}

/** Rows for the resources from the first to the last. That a gateway is behind shows in any row, of which there may be many. */
async function waitingRows(
  store: Store,
  { fleet, gateway, kind }: Pick<OutboxRow, 'fleet' | 'gateway'> & { kind: Kind },
  from: string,
  to: string,
): Promise<OutboxRow[]> {
  const rows = store.waiting(fleet, gateway, kind, from, to);
  return kind === 'gateway' ? [...(await rows), ...(await store.outbox({ fleet, gateway }, 1))] : await rows;
}

/** How far each gateway that should follow the resource has come. */
export function progressOf<K extends Kind>(resource: Resource<K>, evidence: Evidence): Progress[] {
  const gateways = kinds[resource.kind].gateways(resource) ?? evidence.gateways;
  const isAbout = (row: OutboxRow | ProgrammedRow, gateway: string) =>
    row.gateway === gateway && row.kind === resource.kind && row.name === resource.name;
  return gateways.map((gateway) => {
    const record = evidence.syncs.find((item) => item.gateway === gateway);
    const isPending = evidence.outbox.some((row) => isAbout(row, gateway));
    const row = evidence.programmed.find((item) => isAbout(item, gateway));
    return {
      gateway,
      programmed: row ?? (isPending ? undefined : sinceFirstRun(resource, record)),
      attempt: attemptOf(record),
    };
  });
}

/** What was declared before the gateway was has no row of its own: the first verified run of the gateway took it all up. */
function sinceFirstRun(resource: Resource, record: SyncRecord | undefined): Progress['programmed'] {
  if (record?.verifiedAt === undefined) return undefined;
  return { revision: resource.revision, verifiedAt: record.verifiedAt };
}

/** A gateway that was verified before this resource was written has not been tried with it yet. */
function attemptOf(record: SyncRecord | undefined): Progress['attempt'] {
  if (record === undefined || record.state === 'Verified' || record.lastAttemptAt === undefined) return undefined;
  return { reason: record.reason || 'Pending', message: record.message, at: record.lastAttemptAt };
}
