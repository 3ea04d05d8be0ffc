import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Deps } from '../../functions/deps.ts';
import { sweepManifestWrites } from '../../functions/engine/schedule/manifest-writes.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { cluster, create, service } from './fixtures.ts';
import { type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => await harness.close());

type Moment = 'before' | 'after';

const WRITES = /^(TransactWrite|BatchWrite)/;

/**
 * A process that dies at its n-th write to the table: either before the write is sent, or after it is done and before
 * its answer is used.
 */
function killedAt(n: number, moment: Moment): { store: Deps['store']; killed: Promise<'killed'>; close(): void } {
  const client = harness.connect();
  const { promise: killed, resolve: die } = Promise.withResolvers<'killed'>();
  const forever = new Promise<never>(() => undefined);
  let writes = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const isDead = writes >= n;
      if (isDead) return await forever;
      if (!WRITES.test(String(context['commandName']))) return await next(args);
      writes += 1;
      if (writes < n) return await next(args);
      if (moment === 'after') await next(args);
      die('killed');
      return await forever;
    },
    { step: 'deserialize', priority: 'high', name: 'kill' },
  );
  return {
    store: createDynamoStore(client, DEFAULT_TABLE_NAME, { patienceMs: 3_600_000 }),
    killed,
    close: () => client.destroy(),
  };
}

const document = (kind: string, name: string, spec: Json): string =>
  `---\n${stringify({ apiVersion: 'fairlead.dev/v1', kind, metadata: { name }, spec })}`;

const ports = [{ name: 'http', port: 80 }];

/** A manifest that creates, updates and deletes clusters and services, a batch of each. */
const MANIFEST = [
  document('Cluster', 'one', { ...cluster, region: 'cn-hangzhou' }),
  document('Cluster', 'three', cluster),
  document('Service', 'cart', { ports, exports: [{ cluster: 'one' }, { cluster: 'three' }] }),
].join('');

const CHANGES = ['cluster.create', 'cluster.delete', 'cluster.update', 'service.create', 'service.delete'];

async function declare(name: string): Promise<string> {
  const fleet = `/v1/fleets/${name}`;
  await create(harness, fleet, {});
  for (const item of ['one', 'two']) await create(harness, `${fleet}/clusters/${item}`, cluster);
  await create(harness, `${fleet}/services/checkout`, service);
  return fleet;
}

/** The dead process holds a lease, which has to expire first. */
function later(): Deps {
  const { deps } = harness;
  return { ...deps, clock: { ...deps.clock, now: () => Date.now() + 120_000 } };
}

const put = (fleet: string, overrides: Partial<Deps> = {}) => {
  const headers = { 'Content-Type': 'application/yaml' };
  return harness.call('PUT', `${fleet}/manifest?prune=true`, { body: MANIFEST, headers }, overrides);
};

async function written(fleet: string): Promise<string[]> {
  const { body } = await harness.call('GET', `${fleet}/audit?pageSize=200`);
  const actions = body.items.map((item: Json) => item.action as string).sort();
  // The events of the fleet's own creation are not among these.
  for (const action of ['fleet.create', 'cluster.create', 'cluster.create', 'service.create']) {
    actions.splice(actions.indexOf(action), 1);
  }
  return actions;
}

/** This is far more writes than an apply takes. */
const MAX_WRITES = 40;

inProcess.describe('a process that is killed at any write of an apply', () => {
  it.each<Moment>(['before', 'after'])(
    '%s it is done: the sweep completes what has begun, each change once, and lifts the hold',
    async (moment) => {
      for (let n = 1; n < MAX_WRITES; n++) {
        const name = `crash-${moment}-${n}`;
        const fleet = await declare(name);
        const { store, killed, close } = killedAt(n, moment);
        const end = await Promise.race([killed, put(fleet, { store }).then(() => 'finished' as const)]);
        await sweepManifestWrites(later(), Number.POSITIVE_INFINITY);
        close();
        const found = await written(fleet);
        const hasBegun = found.includes('manifest.apply');
        expect(found, `killed ${moment} write ${n}`).toEqual(hasBegun ? [...CHANGES, 'manifest.apply'].sort() : []);
        expect(await harness.deps.store.hold(name)).toBeUndefined();
        const again = await put(fleet);
        expect(again.status, `killed ${moment} write ${n}`).toBe(hasBegun ? 200 : 202);
        expect(await written(fleet)).toEqual([...CHANGES, 'manifest.apply'].sort());
        const operations = await harness.call('GET', `${fleet}/operations`);
        expect(operations.body.items[0]).toMatchObject({
          action: 'manifest.apply',
          state: 'Succeeded',
          done: 5,
          total: 5,
        });
        if (end === 'finished') return;
      }
      throw new Error('the apply never finished');
    },
    300_000,
  );
});
