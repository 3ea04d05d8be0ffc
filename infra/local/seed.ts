/** Declares the demo fleet through the REST API. */

import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesClusterInput } from '../../schemas/cluster.ts';
import { GatewayInput } from '../../schemas/gateway.ts';
import type { Operation } from '../../schemas/operation.ts';
import { type ApiClient, ApiRefusal, callApi } from './client.ts';
import type { DemoCluster } from './demo-cluster.ts';
import type { Stack } from './stack.ts';

export const FLEET = '/v1/fleets/demo';

/** A machine that is busy with something else needs most of it. */
const SYNC_WITHIN_MS = 60_000;
const REPORT_INTERVAL_MS = 2000;
const ASK_INTERVAL_MS = 5000;

/** What the fleet of an estate is declared upon. */
type Ground = Pick<Stack, 'estate' | 'api' | 'gateways' | 'clusters'>;

/**
 * Declares the fleet of an estate upon its clusters and gateways. What people may have edited since is left as it is; where clusters and
 * gateways are is always said anew. Resolves once the gateways are verified to follow. `report` is told of steps that take a while.
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
  // Only now, since gateways follow whatever is declared once they are there.
  for (const { name, target } of gateways) {
    await declareAt(api, `${FLEET}/gateways/${name}`, { input: GatewayInput.shape, declared: {}, place: { target } });
  }
  const edges = gateways.map(({ name }) => name);
  // At once, so that gateways take up all of them in one go.
  await Promise.all(
    Object.entries(estate.routes).map(([name, route]) =>
      declare(api, `${FLEET}/routes/${name}`, { ...route, gateways: edges }),
    ),
  );
  await Promise.all(edges.map((edge) => follow(api, edge, report)));
}

/** What is declared of a cluster once it listens. */
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

/** Creates what is not there yet. */
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
  /** The fields that people declare. */
  input: object;
  declared: object;
  /** Where it is now. */
  place: object;
}

/** Creates it, or says where it is now, with everything else as people have declared it since. */
async function declareAt(client: ApiClient, path: string, { input, declared, place }: Placed): Promise<void> {
  if ((await declare(client, path, { ...declared, ...place })) === 'created') return;
  const shown = await callApi<object>(client, 'GET', path);
  const kept = Object.fromEntries(Object.entries(shown).filter(([field]) => field in input));
  await callApi(client, 'PUT', path, { body: { ...kept, ...place }, headers: { 'if-match': '*' } });
}

/**
 * Writes that come in quick succession may leave the last of them to the sweep, and so does a writer that ended with its lease on the gateway when
 * all was stopped before. Here nobody sweeps yet: it is asked for again until it is done.
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
