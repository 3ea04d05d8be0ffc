import { FEATURES } from '../../functions/core/routing/features.ts';
import { countWrites } from '../../infra/local/cloud-writes.ts';
import { addressOf, createInstance } from '../../infra/local/instances.ts';
import { type Api, accountOf, type ControlPlane, type Json, quietApi, startControlPlane } from '../engine/harness.ts';
import { withdraw } from '../engine/withdraw.ts';
import type { Case, Exchange, Group, Provider, Refusal, RouteDraft } from './case.ts';
import { type Client, createClient } from './client.ts';
import { declareFleet, GATEWAY, type Servers, startServers } from './fleet.ts';

export const PROVIDERS: readonly Provider[] = ['alb', 'mse'];

export interface Outcome {
  group: string;
  case: string;
  provider: Provider;
  /** `refused` means that the API refused the route, as the case expects. */
  result: 'pass' | 'refused' | 'fail';
  faults: string[];
}

/** Codes of calls that the cloud's parameter tables do not allow. */
const INVALID_CALL = /^(Invalid|Illegal|Missing|Unsupported)/;

/** Declares every case through the REST API at a gateway of each provider, and asks the data planes what it means. */
export async function runConformance(
  groups: readonly Group[],
  providers: readonly Provider[] = PROVIDERS,
): Promise<Outcome[]> {
  const plane = await startControlPlane();
  const servers = await startServers();
  try {
    const outcomes: Outcome[] = [];
    for (const provider of providers) {
      for (const group of groups) outcomes.push(...(await runGroup(plane, servers, group, provider)));
    }
    return outcomes;
  } finally {
    await plane.close();
    await servers.close();
  }
}

/** A case with its own host name in every place that asks for it. */
interface Placed {
  item: Case;
  name: string;
  faults: string[];
  refused: boolean;
}

interface Stage {
  plane: ControlPlane;
  client: Client;
  provider: Provider;
  fleet: string;
}

/** A group has a fleet and an instance of its own, so that no group meets the quotas or the routes of another. */
async function runGroup(plane: ControlPlane, servers: Servers, group: Group, provider: Provider): Promise<Outcome[]> {
  const fleet = `${group.name}-${provider}`;
  plane.forgetCalls();
  const target = await createInstance[provider](accountOf(plane));
  const api = quietApi(plane);
  await declareFleet(api, fleet, target, servers);
  const cases = group.cases.map((item, index) => place(item, `${group.name}-${String(index + 1).padStart(2, '0')}`));
  for (const one of cases) await declare(api, fleet, one, provider);
  const client = createClient(addressOf(plane.cloud, target), servers);
  const stage = { plane, client, provider, fleet };
  const groupFaults = [...(await follow(stage)), ...(await runRequests(stage, cases)), ...invalidCalls(plane)];
  client.close();
  return cases.map(({ item, faults, refused }) => {
    const all = [...faults, ...groupFaults];
    return { group: group.name, case: item.name, provider, result: resultOf(all, refused), faults: all };
  });
}

function resultOf(faults: readonly string[], refused: boolean): Outcome['result'] {
  if (faults.length > 0) return 'fail';
  return refused ? 'refused' : 'pass';
}

function place(item: Case, name: string): Placed {
  const host = `${name}.example.com`;
  return { item: fill(item, host), name, faults: [], refused: false };
}

function fill<T>(value: T, host: string): T {
  return filled(value, host) as T;
}

function filled(value: unknown, host: string): unknown {
  if (typeof value === 'string') return value.replaceAll('{host}', host).replaceAll('{HOST}', host.toUpperCase());
  if (Array.isArray(value)) return value.map((item) => filled(item, host));
  if (value === null || typeof value !== 'object' || value instanceof RegExp) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, host)]));
}

/** Notes what the API answers, and whether the case expects it. */
async function declare(api: Api, fleet: string, placed: Placed, provider: Provider): Promise<void> {
  const { item, name, faults } = placed;
  const expected = item.refusedOn?.[provider];
  for (const [index, draft] of item.routes.entries()) {
    const { status, body } = await api('PUT', `/v1/fleets/${fleet}/routes/${name}-${index}`, routeOf(draft, name));
    if (status === 201) continue;
    placed.refused = true;
    if (expected === undefined || !isRefusalOf(expected, status, body)) {
      faults.push(`route ${index} is refused with ${status}: ${JSON.stringify(body.errors ?? body)}`);
    }
  }
  if (expected !== undefined && !placed.refused) faults.push(`it is accepted, and should be refused: ${expected}`);
}

function routeOf(draft: RouteDraft, name: string) {
  return { hostnames: [`${name}.example.com`], ...draft, gateways: [GATEWAY] };
}

/** Expects that a refusal names the feature and its place in the route. */
function isRefusalOf(expected: Refusal, status: number, body: Json): boolean {
  const errors: { pointer: string; detail: string }[] = body?.errors ?? [];
  if (status !== 422 || errors.length === 0 || errors.some(({ pointer }) => !pointer.includes('#/'))) return false;
  if (expected === 'order') return body.code === 'conflicting-declaration';
  if (body.code !== 'unsupported-feature') return false;
  return expected === 'limit' || errors.some(({ detail }) => detail.includes(FEATURES[expected]));
}

/** The request waits for a part of the work only; the next request continues it. */
const MAX_APPLIES = 50;

async function follow({ plane, fleet }: Stage): Promise<string[]> {
  for (let count = 0; count < MAX_APPLIES; count++) {
    const { status, body } = await plane.api('POST', `/v1/fleets/${fleet}/gateways/${GATEWAY}/apply`);
    if (status === 200 && body.state === 'Succeeded') return [];
    if (status !== 202) return [`the gateway does not follow: ${JSON.stringify(body)}`];
  }
  return ['the gateway does not follow'];
}

/**
 * Sends the requests as declared, then while clusters are withdrawn, then as declared again. The faults of one case are
 * noted there; faults that concern all cases are returned.
 */
async function runRequests(stage: Stage, cases: readonly Placed[]): Promise<string[]> {
  const served = cases.filter(({ refused }) => !refused);
  await checkAll(stage, served, ({ requests }) => requests);
  const sets = Map.groupBy(
    served.filter(({ item }) => item.withdrawn),
    ({ item }) => item.withdrawn?.clusters.join() ?? '',
  );
  const faults: string[] = [];
  for (const [clusters, members] of sets) {
    faults.push(...(await move(stage, clusters.split(','))));
    await checkAll(stage, members, ({ withdrawn }) => withdrawn?.requests ?? [], `while ${clusters} is withdrawn: `);
    faults.push(...(await move(stage, [])));
    await checkAll(stage, members, ({ requests }) => requests, `after ${clusters} is back: `);
  }
  return faults;
}

async function checkAll(
  { client }: Stage,
  cases: readonly Placed[],
  requestsOf: (item: Case) => readonly Exchange[],
  when = '',
): Promise<void> {
  for (const { item, name, faults } of cases) {
    for (const exchange of requestsOf(item)) {
      const found = await client.check({ ...exchange, host: exchange.host ?? `${name}.example.com` });
      const what = `${when}${exchange.method ?? 'GET'} ${exchange.path ?? '/'}`;
      faults.push(...found.map((fault) => `${what}: ${fault}`));
    }
  }
}

/** Expects the same rules as before, because health moves pools and never routes. */
async function move({ plane, fleet }: Stage, withdrawn: readonly string[]): Promise<string[]> {
  const known = plane.cloud.log.entries.length;
  const results = await withdraw(plane, { fleet, gateways: [GATEWAY] }, withdrawn);
  const { rules } = countWrites(plane.cloud.log.entries.slice(known));
  return [
    ...results
      .filter(({ state }) => state !== 'Verified')
      .map(({ message }) => `the gateway does not follow the withdrawal of ${withdrawn}: ${message}`),
    ...(rules > 0 ? [`the withdrawal of ${withdrawn} wrote ${rules} routes`] : []),
  ];
}

function invalidCalls({ cloud }: ControlPlane): string[] {
  return cloud.log.entries
    .filter(({ code }) => code !== undefined && INVALID_CALL.test(code))
    .map(({ action, code, parameters }) => `${action} is refused with ${code}: ${JSON.stringify(parameters)}`);
}
