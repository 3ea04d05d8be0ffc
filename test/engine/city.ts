import { createCloud } from '../../functions/cloud/alicloud.ts';
import { createBudgets } from '../../functions/cloud/budgets.ts';
import type { Resource } from '../../functions/core/model/resource.ts';
import type { Cloud, Store } from '../../functions/deps.ts';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { markOf } from '../../functions/providers/mse/compile/names.ts';
import { type LocalCloud, startLocalCloud } from '../../infra/local/cloud/server.ts';
import { createInstance } from '../../infra/local/instances.ts';
import { ramPolicies } from '../../infra/policies.ts';
import { ClusterInput } from '../../schemas/cluster.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { GatewayInput, type GatewayTarget } from '../../schemas/gateway.ts';
import { ServiceInput } from '../../schemas/service.ts';
import { vote } from '../core/fixtures.ts';
import { SILENT } from '../local-cloud/silent.ts';
import { accounts, closeAllowed } from '../providers/accounts.ts';
import { cluster, commitOk, creation, FLEET, fleet, gateway, health, held, service } from '../store/fixtures.ts';
import { commitRoute } from './commit-route.ts';
import { accountOf, type ControlPlane, KEYS } from './harness.ts';

/** The one address of each cluster, by which its servers are known at the cloud. */
const ADDRESSES = { 'east-1': '10.1.0.1', 'east-2': '10.1.0.2', 'west-1': '10.2.0.1', 'west-2': '10.2.0.2' } as const;
type ClusterName = keyof typeof ADDRESSES;

const PROVIDERS = ['alb', 'mse'] as const;
type Provider = (typeof PROVIDERS)[number];

export const EAST: readonly ClusterName[] = ['east-1', 'east-2'];
export const SPEC = FleetInput.parse({ automation: 'automatic' });

/** The region in which the control plane of a test has its cloud. */
const HOME = 'cn-hangzhou';

/** A fleet of two cities behind many gateways, half of them ALB and half MSE. */
export interface City {
  gateways: string[];
  pools: number;
  /** Clouds by region: each has an account with rates of its own. */
  clouds: ReadonlyMap<string, LocalCloud>;
  /** Calls the clouds of all regions. */
  cloud: Cloud;
  close(): Promise<void>;
}

export interface CityOptions {
  regions: number;
  /** Gateways of each provider in each region. */
  gatewaysEach: number;
  /** Fleets; each has one cluster in each city. */
  poolsEach: number;
}

/**
 * Declares one gateway of each provider and makes it follow; the others are copies of these, at the cloud and in the
 * store.
 */
export async function buildCity(plane: ControlPlane, options: CityOptions): Promise<City> {
  const { regions, gatewaysEach, poolsEach } = options;
  const { store } = plane.deps();
  const clouds = await startClouds(plane, regions);
  await declareFleet(store, poolsEach);
  const gateways: string[] = [];
  for (const provider of PROVIDERS) {
    const first = await declareGateway(plane, provider, poolsEach);
    gateways.push(first.name);
    for (let index = 1; index < regions * gatewaysEach; index++) {
      gateways.push(await copyGateway(store, first, clouds, index));
    }
  }
  const close = async () => {
    for (const [region, cloud] of clouds) if (region !== HOME) await closeAllowed(cloud);
  };
  return { gateways, pools: gateways.length * poolsEach, clouds, cloud: callerOf(plane, clouds), close };
}

async function startClouds({ cloud, clock }: ControlPlane, regions: number): Promise<Map<string, LocalCloud>> {
  const clouds = new Map([[HOME, cloud]]);
  for (let index = 1; index < regions; index++) {
    const options = {
      ...accounts(ramPolicies.routing),
      jobLatencyMs: 200,
      now: clock.now,
      signatureNow: Date.now,
      ...SILENT,
    };
    clouds.set(`cn-place-${index}`, await startLocalCloud(options));
  }
  return clouds;
}

/** Makes a client like the one of the control plane, which calls each region at its own endpoint. */
function callerOf({ clock, deps }: ControlPlane, clouds: ReadonlyMap<string, LocalCloud>): Cloud {
  const { store, log } = deps();
  return createCloud({
    credentials: { default: KEYS },
    endpoint: (_, regionId) => clouds.get(regionId)?.url ?? '',
    clock,
    log,
    budgets: createBudgets({ store, clock, log }),
    timeoutMs: 60_000,
  });
}

async function declareFleet(store: Store, services: number): Promise<void> {
  await commitOk(store, creation({ ...fleet(), spec: SPEC }));
  for (const [name, address] of Object.entries(ADDRESSES)) {
    const spec = ClusterInput.parse({
      kind: 'kubernetes',
      site: name,
      city: name.slice(0, 4),
      ingress: { endpoints: [{ address, port: 80 }] },
      probes: [{ type: 'tcp', host: address, port: 80 }],
    });
    await commitOk(store, creation({ ...cluster(name), spec }));
  }
  const exports = Object.keys(ADDRESSES).map((name) => ({ cluster: name }));
  const spec = ServiceInput.parse({ ports: [{ name: 'http', port: 80 }], exports });
  for (let index = 0; index < services; index++) await commitOk(store, creation({ ...service(`s-${index}`), spec }));
}

/** A gateway with its region and its target at the cloud, as the store knows it. */
interface Declared {
  name: string;
  cloud: LocalCloud;
  target: GatewayTarget;
}

async function declareGateway(plane: ControlPlane, provider: Provider, pools: number): Promise<Declared> {
  const { store } = plane.deps();
  const name = nameOf(provider, 0);
  const target = await createInstance[provider](accountOf(plane));
  await commitOk(store, creation(gatewayOf(name, target)));
  for (let index = 0; index < pools; index++) {
    const half = (index % 2) + 1;
    await commitRoute(
      plane.deps(),
      { fleet: FLEET, name: `${name}-${index}` },
      {
        gateways: [name],
        hostnames: [`h${index}.example.com`],
        rules: [{ backendRefs: [{ service: `s-${index}`, port: 80 }] }],
        distribution: {
          strategy: 'weighted',
          clusters: [
            { cluster: `east-${half}`, weight: 60 },
            { cluster: `west-${half}`, weight: 40 },
          ],
        },
      },
    );
  }
  const { state, message } = await reconcileGateway(plane.deps(), FLEET, name);
  if (state !== 'Verified') throw new Error(`${name} is ${state}: ${message}`);
  return { name, cloud: plane.cloud, target };
}

function nameOf(provider: Provider, index: number): string {
  return `${provider}-${String(index).padStart(3, '0')}`;
}

function gatewayOf(name: string, target: GatewayTarget): Resource<'gateway'> {
  return { ...gateway(name), spec: GatewayInput.parse({ target }) };
}

/** Copies a gateway into the next region in turn. Resolves with the name of the copy. */
async function copyGateway(
  store: Store,
  first: Declared,
  clouds: ReadonlyMap<string, LocalCloud>,
  index: number,
): Promise<string> {
  const [region = HOME, cloud] = [...clouds][index % clouds.size] ?? [];
  const name = nameOf(first.target.provider, index);
  const rename = renaming(first.name, name, region, index);
  if (cloud) copyObjects(first, cloud, rename);
  const lease = await held(store);
  await commitOk(store, creation(gatewayOf(name, renamed(first.target, rename))));
  await store.putPools(FLEET, name, renamed(await store.pools(FLEET, first.name), rename), lease);
  await store.putBaseline(FLEET, name, renamed(await store.baseline(FLEET, first.name), rename), lease);
  return name;
}

/** Replaces the last characters of ids by the number of the copy, and names in the marks of the owner by its name. */
function renaming(from: string, to: string, region: string, index: number): (text: string) => string {
  const suffix = String(index).padStart(3, '0');
  const ownerOf = (name: string) => `test/${FLEET}/${name}`;
  return (text) =>
    text
      .replace(/\b(?:(?:alb|lsn|sgp|rule)-[a-z0-9]{18}|gw-[a-z0-9]+)\b/g, (id) => `${id.slice(0, -3)}${suffix}`)
      .replaceAll(markOf(ownerOf(from)), markOf(ownerOf(to)))
      .replaceAll(ownerOf(from), ownerOf(to))
      .replaceAll(HOME, region);
}

/**
 * Copies everything of ALB that the first region holds for the first gateway; the objects of the copies have ids of
 * their own.
 */
function copyObjects({ cloud: from, target }: Declared, to: LocalCloud, rename: (text: string) => string): void {
  const text = (object: unknown) => JSON.stringify(object);
  if (target.provider === 'mse') {
    copyTo(from.mse.gateways, to.mse.gateways, (id) => id === target.gatewayUniqueId, rename);
    return;
  }
  const rules = [...from.state.rules.values()].filter(({ ListenerId }) => target.listenerIds.includes(ListenerId));
  const listeners = target.listenerIds.map((id) => from.state.listeners.get(id));
  const named = text([target, rules, listeners]);
  for (const kind of ['loadBalancers', 'listeners', 'rules', 'serverGroups'] as const) {
    copyTo<unknown>(from.state[kind], to.state[kind], (id) => named.includes(id), rename);
  }
}

function copyTo<T>(
  from: ReadonlyMap<string, T>,
  to: Map<string, T>,
  isMeant: (id: string) => boolean,
  rename: (text: string) => string,
): void {
  for (const [id, object] of [...from]) if (isMeant(id)) to.set(rename(id), renamed(object, rename));
}

/** A copy in which every text is renamed. */
function renamed<T>(value: T, rename: (text: string) => string): T {
  const text = JSON.stringify(value, (_, part) => (part instanceof Map ? { entries: [...part] } : part));
  return JSON.parse(rename(text), (_, part) => (Array.isArray(part?.entries) ? new Map(part.entries) : part));
}

/** Records what the voter of the fleet has seen: the clusters of the east are dead, those of the west are well. */
export async function loseEast({ deps, clock }: ControlPlane): Promise<void> {
  const { store } = deps();
  const nowMs = clock.now();
  for (const { name, uid } of await store.all('cluster', FLEET)) {
    const { record, observation } = health(name, 1, uid);
    const state = name.startsWith('east') ? ('unhealthy' as const) : ('healthy' as const);
    const votes = [vote('edge', state, nowMs, nowMs)];
    const seen = { ...record, state, votes, firstHealthyAtMs: nowMs - 86_400_000 };
    await store.putHealth([{ record: seen, observation }]);
  }
}

/** Counts the servers of ALB with a weight and the services of MSE that lead to the east. */
export function leadingEast({ clouds }: City): number {
  const addresses = EAST.map((name) => `${ADDRESSES[name]}:`);
  const isEast = (endpoint: string) => addresses.some((address) => endpoint.startsWith(address));
  const counts = [...clouds.values()].map(({ state, mse }) => {
    const servers = [...state.serverGroups.values()].flatMap(({ Servers }) => Servers);
    const services = [...mse.gateways.values()].flatMap((one) => [...one.services.values()]);
    return (
      servers.filter(({ ServerIp, Weight }) => Weight > 0 && isEast(`${ServerIp}:`)).length +
      services.filter(({ Ips }) => Ips.some(isEast)).length
    );
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
