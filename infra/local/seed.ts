/** Declares the demo fleet through the REST API. */

import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesClusterInput } from '../../schemas/cluster.ts';
import { GatewayInput } from '../../schemas/gateway.ts';
import type { Operation } from '../../schemas/operation.ts';
import { type ApiClient, ApiRefusal, callApi } from './client.ts';
import type { DemoCluster } from './demo-cluster.ts';
import type { Stack } from './stack.ts';

export const FLEET = '/v1/fleets/demo';

/** The most time that gateways have to follow; a busy machine needs most of it. */
const SYNC_WITHIN_MS = 60_000;
const REPORT_INTERVAL_MS = 2000;
const ASK_INTERVAL_MS = 5000;

/** The parts of the stack that the fleet of an estate is declared on. */
type Ground = Pick<Stack, 'estate' | 'api' | 'gateways' | 'clusters'>;

/**
 * Declares the fleet of an estate on its clusters and gateways. What people may have edited since is kept; the
 * addresses of clusters and gateways are always declared anew. Resolves once the gateways are verified to follow.
 * `report` is called for steps that take a while.
 */
export async function seed(ground: Ground, report: (step: string) => void = () => undefined): Promise<void> {
  const { estate, api, clusters } = ground;
  report('Declaring the demo fleet.');
  await declare(api, FLEET, estate.fleet);
  for (const { name, declared } of estate.clusters) {
    const cluster = clusters.find((one) => one.name === name);
    if (cluster === undefined) throw new Error(`The cluster ${name} of the estate does not run.`);
    await declareAt(api, `${FLEET}/clusters/${name}`, {
      input: KubernetesClusterInput.shape,
      declared,
      place: reachedAt(cluster),
    });
  }
  await declareAll(api, 'services', estate.services);
  await declareAll(api, 'distributions', estate.distributions);
  const gateways = Object.values(ground.gateways);
  // Gateways are declared last, because they follow whatever is declared once they exist.
  for (const { name, target } of gateways) {
    await declareAt(api, `${FLEET}/gateways/${name}`, { input: GatewayInput.shape, declared: {}, place: { target } });
  }
  const edges = gateways.map(({ name }) => name);
  // Routes are declared in parallel, so that gateways take up all of them in one go.
  await Promise.all(
    Object.entries(estate.routes).map(([name, route]) =>
      declare(api, `${FLEET}/routes/${name}`, { ...route, gateways: edges }),
    ),
  );
  await Promise.all(edges.map((edge) => follow(api, edge, report)));
}

/** Returns the fields of a cluster that are only known once it listens. */
function reachedAt({ address: { host, port } }: DemoCluster) {
  return {
    kind: 'kubernetes',
    ingress: { endpoints: [{ address: host, port }] },
    probes: [
      { type: 'http', url: `http://${host}:${port}/healthz` },
      { type: 'tcp', host, port },
    ],
  };
}

async function declareAll(client: ApiClient, kind: string, items: Readonly<Record<string, object>>): Promise<void> {
  for (const [name, item] of Object.entries(items)) await declare(client, `${FLEET}/${kind}/${name}`, item);
}

/** Creates the resource unless it exists. */
async function declare(client: ApiClient, path: string, body: object): Promise<'created' | 'exists'> {
  try {
    await callApi(client, 'PUT', path, { body, headers: { 'if-none-match': '*' } });
    return 'created';
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 412) return 'exists';
    throw error;
  }
}

interface Placed {
  /** The shape of the fields that people declare. */
  input: object;
  declared: object;
  /** The fields that tell where it is now. */
  place: object;
}

/**
 * Creates the resource, or updates the fields of `place` and keeps everything else as people have declared it since.
 */
async function declareAt(client: ApiClient, path: string, { input, declared, place }: Placed): Promise<void> {
  if ((await declare(client, path, { ...declared, ...place })) === 'created') return;
  const shown = await callApi<object>(client, 'GET', path);
  const kept = Object.fromEntries(Object.entries(shown).filter(([field]) => field in input));
  await callApi(client, 'PUT', path, { body: { ...kept, ...place }, headers: { 'if-match': '*' } });
}

/**
 * Asks the gateway to apply the declarations until it has done so. Writes in quick succession may leave the last of
 * them to the sweep, and so may a writer that ended while it held the lease of the gateway. Nothing sweeps yet at this
 * point, so `apply` is called again and again.
 */
async function follow(client: ApiClient, gateway: string, report: (step: string) => void): Promise<void> {
  const deadline = Date.now() + SYNC_WITHIN_MS;
  let reportAt = Date.now() + REPORT_INTERVAL_MS;
  let reported = '';
  let askAt = Date.now() + ASK_INTERVAL_MS;
  const apply = () => callApi<Operation>(client, 'POST', `${FLEET}/gateways/${gateway}/apply`);
  let operation = await apply();
  while (operation.state !== 'Succeeded') {
    const { state, step, problem, done, total } = operation;
    if (state === 'Failed' || Date.now() > deadline) {
      throw new Error(`The gateway ${gateway} does not follow: ${state}. ${problem?.detail ?? step}`);
    }
    if (Date.now() > reportAt) {
      const waiting = `Waiting for the gateway ${gateway} (${done} of ${total} steps done): ${step}`;
      if (waiting !== reported) report(waiting);
      reported = waiting;
      reportAt += REPORT_INTERVAL_MS;
    }
    await sleep(500);
    const isDue = Date.now() > askAt;
    if (isDue) askAt += ASK_INTERVAL_MS;
    operation = isDue ? await apply() : await callApi<Operation>(client, 'GET', `${FLEET}/operations/${operation.id}`);
  }
}
