import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kind, Resource } from '../../functions/core/model/resource.ts';
import { createDynamoClient } from '../../functions/store/dynamo.ts';
import { resourceKey } from '../../functions/store/keys.ts';
import { itemOf } from '../../functions/store/record-type.ts';
import { resourceRecord } from '../../functions/store/records/resources.ts';
import { Table } from '../../functions/store/table.ts';
import { callApi } from '../../infra/local/client.ts';
import { localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { ANY_PORTS } from '../../infra/local/ports.ts';
import { startStack } from '../../infra/local/stack.ts';
import { startWorker } from '../../infra/local/worker.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { ClusterInput } from '../../schemas/cluster.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import type { ProbeRound } from '../../schemas/probe-round.ts';

const FLEET = 'bench';
const TARGETS = 1000;
const TIMEOUT_SECONDS = 1;

/** Every tenth target accepts the request and never answers. */
const HANGS = /0$/;

/** This is as many connections as the engine has for probes. */
const CONNECTIONS = 4;

/**
 * Measures one round over 1,000 targets of which a tenth hangs, in one workerd, by POST /v1/probe-rounds: everything
 * from reading the clusters to the decision. bareMs is the time of the same requests with as many connections in a
 * Worker that does nothing else.
 */
export async function probe(): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const targets = await startTargets();
  const dynamo = await startDynamo();
  const stack = await startStack({
    ports: ANY_PORTS,
    token: 'a-token-for-benches',
    directory,
    persist: false,
    dynamoEndpoint: dynamo.endpoint,
  });
  const bare = await startWorker({
    entrypoint: fileURLToPath(new URL('bare-worker.ts', import.meta.url)),
    settings: {},
    logFile: join(directory, 'bare.log'),
  });
  try {
    await declare(dynamo.endpoint, targets.urls);
    const body = { fleet: FLEET };
    const { ms, answer: round } = await timed(() =>
      callApi<ProbeRound>(stack.api, 'POST', '/v1/probe-rounds', { body }),
    );
    const { ms: bareMs, answer: asked } = await timed(() => askAll(bare.url, targets.urls));
    const hanging = targets.urls.filter((url) => HANGS.test(url)).length;
    requireWhole(round, hanging, asked.answered);
    return { targets: TARGETS, hanging, ms, bareMs, ratio: Number((ms / bareMs).toFixed(2)) };
  } finally {
    await Promise.all([bare.close(), stack.close()]);
    await dynamo.close();
    targets.close();
    rmSync(directory, { recursive: true });
  }
}

async function startTargets(): Promise<{ urls: string[]; close(): void }> {
  const server = createServer(({ url = '' }, response) => {
    if (!HANGS.test(url)) response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    urls: Array.from({ length: TARGETS }, (_, index) => `http://127.0.0.1:${port}/t${index}`),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Writes clusters straight into the table, because declaring them is not measured. */
async function declare(endpoint: string, urls: readonly string[]): Promise<void> {
  const client = createDynamoClient({ ...localSettings, endpoint });
  const at = new Date().toISOString();
  const base = { fleet: FLEET, revision: 1, createdAt: at, updatedAt: at };
  const item = <K extends Kind>(resource: Resource<K>) =>
    itemOf(resourceRecord, resourceKey(resource), resource, { uid: resource.uid, revision: 1, refs: 1 });
  const spec = FleetInput.parse({ health: { intervalSeconds: 60, timeoutSeconds: TIMEOUT_SECONDS } });
  const fleet: Resource<'fleet'> = { ...base, uid: 'flt_bench', kind: 'fleet', name: FLEET, spec };
  const clusters = urls.map((url, index) => {
    const declared = ClusterInput.parse({ kind: 'kubernetes', probes: [{ type: 'http', url }] });
    return item<'cluster'>({ ...base, uid: `cls_${index}`, kind: 'cluster', name: `c${index}`, spec: declared });
  });
  await new Table(client, DEFAULT_TABLE_NAME).writeAll([item(fleet), ...clusters], []);
  client.destroy();
}

async function askAll(url: string, urls: readonly string[]): Promise<{ answered: number }> {
  const work = { urls, timeoutMs: TIMEOUT_SECONDS * 1000, connections: CONNECTIONS };
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(work) });
  return (await response.json()) as { answered: number };
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; answer: T }> {
  const startedMs = performance.now();
  const answer = await work();
  return { ms: Math.round(performance.now() - startedMs), answer };
}

/** A round that left a target out, or that took an answer for a failure, is not a valid measurement. */
function requireWhole({ fleets }: ProbeRound, hanging: number, answered: number): void {
  const results = fleets.flatMap((fleet) => fleet.results);
  const failed = results.filter(({ observation }) => observation.outcome === 'fail').length;
  if (results.length === TARGETS && failed === hanging && answered === TARGETS - hanging) return;
  throw new Error(
    `${results.length} targets were probed and ${failed} failed; without the engine ${answered} answered.`,
  );
}
