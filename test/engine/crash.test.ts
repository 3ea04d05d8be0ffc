import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../../functions/deps.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import { matrix, stride } from '../matrix.ts';
import { contradictions, entries } from './books.ts';
import { nthToDieAt, startProcess } from './cut.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { type Api, createApi, type Harness, quietApi } from './harness.ts';
import { inventory } from './inventory.ts';
import { keepAsking, type Requests } from './requests.ts';
import { expectConverged, expectFollowed } from './truth.ts';
import { declareVersion } from './versions.ts';

/** A process passes far fewer moments than this; one that does not end is stuck in a loop. */
const MAX_MOMENTS = 400;

/** A sample cuts at some of the moments. Both steps are odd, since versions and clusters take turns between two states. */
const APPLY_STEP = stride(13);
const COMMAND_STEP = stride(9);

/**
 * Each cut sends requests itself once it is made, so that the answers after each write are seen; this pause covers the
 * time between.
 */
const PAUSE_MS = 200;

/** This is longer than any lease of a gateway. */
const LEASE_IS_OVER_MS = 30_000;

describe.each(matrix(['mse', 'alb'] as const, 1))('a process that is cut at any await, before %s', (provider) => {
  let harness: Harness;
  let quiet: Api;
  let requests: Requests;
  /** Another ingress of cluster a. */
  let spare: DemoCluster;

  beforeAll(async () => {
    harness = await startFleet({ provider, jobLatencyMs: 50 });
    spare = await startDemoCluster({ name: 'a' });
    quiet = quietApi(harness);
    const asks = [{ host: 'shop.example.com' }, { host: 'eu.ledger.example.com', path: '/v1' }];
    requests = keepAsking(harness.edge, asks, PAUSE_MS);
  });
  afterAll(async () => {
    await requests.stop();
    await spare.close();
    await harness.close();
  });

  /**
   * Runs a process to its n-th moment and no further. Resolves with that moment, or with undefined when the work was
   * done before it.
   */
  async function cut(n: number, work: (deps: Deps) => Promise<unknown>): Promise<string | undefined> {
    const process = startProcess(harness, nthToDieAt(n));
    const end = await Promise.race([process.stopped, work(process.deps).then(() => undefined)]);
    // The answer and whatever else the process was about to do are lost with it.
    process.kill();
    if (end === undefined) await process.landed();
    await requests.ask();
    process.close();
    return end;
  }

  /**
   * Does what happens in production after a process has died: its lease ends, and the sweep of another process comes
   * by.
   */
  async function recover(when: string): Promise<void> {
    harness.clock.advance(LEASE_IS_OVER_MS);
    await sweep(harness.deps());
    await expectFollowed(harness, when);
    expect(requests.failed(), when).toEqual([]);
  }

  it('passes the same moments in every step of what is declared, so that they can be counted over all steps', async () => {
    const steps: string[][] = [];
    for (const n of [-3, -2, -1]) {
      await declareVersion(quiet, n);
      const process = startProcess(harness, () => false);
      await sweep(process.deps);
      steps.push([...process.wrote].sort());
      process.close();
    }
    expect(steps[1]).toEqual(steps[2]);
  });

  it('in an apply: the next sweep ends in the declared state, with nothing twice and no request failed', async () => {
    const sizes = new Set<number>();
    let moments = 0;
    for (let version = 1, n = 1; n < MAX_MOMENTS; version++, n += APPLY_STEP) {
      await declareVersion(quiet, version);
      const moment = await cut(n, sweep);
      await recover(`cut ${n}, ${moment}`);
      // Verified means that the gateway was read back and planned again; every third case also checks that another run
      // writes nothing.
      if (version % 3 === 0 || moment === undefined) await expectConverged(harness, `cut ${n}, ${moment}`);
      sizes.add(inventory(harness.cloud).length);
      if (moment === undefined) break;
      moments = n;
    }
    expect(sizes.size).toBe(1);
    expect(moments).toBeGreaterThan(40);
    expect(contradictions(await entries(harness))).toEqual([]);
  }, 600_000);

  it('in a command: its client asks again, and all of it has happened, once', async () => {
    let moments = 0;
    for (let n = 1; n < MAX_MOMENTS; n += COMMAND_STEP) {
      const cuts: unknown[] = [];
      for (const command of commands(n, [harness.edge.clusters.a, spare])) cuts.push(await cutCommand(n, command));
      await expectConverged(harness, `commands cut ${n}`);
      if (cuts.every((moment) => moment === undefined)) break;
      moments += COMMAND_STEP * cuts.filter((moment) => moment !== undefined).length;
    }
    expect(moments).toBeGreaterThan(20);
    expect(contradictions(await entries(harness))).toEqual([]);
  }, 600_000);

  async function cutCommand(n: number, command: Command): Promise<string | undefined> {
    const before = await revisionOf(command.path);
    const moment = await cut(n, (deps) => send(createApi(deps, { wait: false }), command));
    const when = `${command.method} ${command.path}, cut ${n}, ${moment}`;
    await recover(when);
    const { status } = await send(harness.api, command);
    expect(command.answers, when).toContain(status);
    expect(await revisionOf(command.path), when).toBe(command.method === 'DELETE' ? 0 : before + 1);
    await expectFollowed(harness, when);
    return moment;
  }

  async function revisionOf(path: string): Promise<number> {
    const { status, body } = await harness.api('GET', path);
    return status === 404 ? 0 : body.revision;
  }
});

interface Command {
  method: 'PUT' | 'DELETE';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Statuses that a client which asks again may get: either the work is done now, or it was done before. */
  answers: readonly number[];
}

/** One command of each kind; the commands of one turn lead back to where it began. */
function commands(n: number, ingress: readonly DemoCluster[]): Command[] {
  const create = { method: 'PUT', answers: [201, 428] } as const;
  const update = { method: 'PUT', headers: { 'if-match': '"1"' }, answers: [200, 412] } as const;
  const remove = { method: 'DELETE', headers: { 'if-match': '"2"' }, answers: [204, 404] } as const;
  const route = `${FLEET}/routes/extra`;
  const service = `${FLEET}/services/extra`;
  const port = { name: 'http', port: 80 };
  const spec = { ...ROUTES.shop, hostnames: [`extra-${n}.example.com`] };
  const endpoints = ingress.map(({ address: { host, port } }) => ({ address: host, port }));
  const cluster = { kind: 'kubernetes', ingress: { endpoints: endpoints.slice(0, (n % 2) + 1) } };
  return [
    { ...create, path: route, body: spec },
    { ...update, path: route, body: { ...spec, distribution: { strategy: 'replicas' } } },
    { ...remove, path: route },
    { ...create, path: service, body: { ports: [port], exports: [{ cluster: 'a' }] } },
    { ...update, path: service, body: { ports: [port], exports: [{ cluster: 'b' }] } },
    { ...remove, path: service },
    { ...update, path: `${FLEET}/clusters/a`, headers: { 'if-match': '*' }, answers: [200], body: cluster },
  ];
}

function send(api: Api, { method, path, body, headers }: Command): ReturnType<Api> {
  return api(method, path, body, headers);
}
