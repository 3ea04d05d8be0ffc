import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import { createApi, type Harness, type Json, quietApi } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startFleet({ jobLatencyMs: 20 });
});
afterAll(() => harness.close());

const newest = async (): Promise<Json> => (await harness.api('GET', `${FLEET}/operations?pageSize=1`)).body.items[0];

describe('an operation', () => {
  it('is there for every push, and ends when the gateway is read back', async () => {
    await harness.put(`${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames: ['extra.example.com'] });
    expect(await newest()).toMatchObject({
      action: 'route.create',
      target: { kind: 'route', name: 'extra' },
      state: 'Succeeded',
      gateways: [{ gateway: 'edge', state: 'Verified', reason: 'Programmed' }],
    });
  });

  it('of edits that came together ends with the one push of the last of them', async () => {
    const quiet = quietApi(harness);
    for (const host of ['one.example.com', 'two.example.com', 'three.example.com']) {
      await quiet('PUT', `${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames: [host] }, { 'if-match': '*' });
    }
    const open = (await harness.api('GET', `${FLEET}/operations?pageSize=3`)).body.items;
    expect(open.map((item: Json) => item.state)).toEqual(['Pending', 'Pending', 'Pending']);
    harness.forgetCalls();
    await sweep(harness.deps());
    expect(harness.writes().filter((action) => action === 'CreateRules')).toHaveLength(1);
    const ended = (await harness.api('GET', `${FLEET}/operations?pageSize=3`)).body.items;
    expect(ended.map((item: Json) => [item.id, item.state])).toEqual(open.map((item: Json) => [item.id, 'Succeeded']));
  });

  it('fails with the reason when the gateway cannot take it, and stays failed when that has been mended', async () => {
    harness.cloud.faults.add({
      kind: 'error',
      action: 'CreateServerGroup',
      code: 'QuotaExceeded.ServerGroup',
      times: 1,
    });
    await harness.put(`${FLEET}/services/more`, { ports: [{ name: 'http', port: 80 }], exports: [{ cluster: 'a' }] });
    const rules = [{ backendRefs: [{ service: 'more', port: 80 }] }];
    await harness.put(`${FLEET}/routes/more`, {
      ...ROUTES.ledger,
      hostnames: ['more.example.com'],
      rules,
      distribution: { strategy: 'replicas' },
    });
    const failed = await newest();
    expect(failed).toMatchObject({
      state: 'Failed',
      problem: { code: 'push-failed', errors: [{ code: 'Refused', detail: expect.stringContaining('QuotaExceeded') }] },
    });
    harness.clock.advance(600_000);
    await sweep(harness.deps());
    expect(await harness.edge.get('more.example.com')).toMatchObject({ status: 200 });
    expect((await newest()).state).toBe('Failed');
  });

  it('tells how far it has come while it is on its way, and watching it shows the steps in order', async () => {
    const plane = harness.deps();
    const seen: Json[] = [];
    const { store } = plane;
    const watching = {
      ...store,
      putSync: async (...args: Parameters<typeof store.putSync>) => {
        const written = await store.putSync(...args);
        seen.push(await newest());
        return written;
      },
    };
    const quiet = quietApi(harness);
    await quiet('PUT', `${FLEET}/services/new`, { ports: [{ name: 'http', port: 80 }], exports: [{ cluster: 'a' }] });
    const rules = [{ backendRefs: [{ service: 'new', port: 80 }] }];
    await quiet('PUT', `${FLEET}/routes/new`, { ...ROUTES.shop, hostnames: ['new.example.com'], rules });
    await reconcileGateway(harness.deps({ store: watching }), 'prod', 'edge');
    const steps = seen.filter((item) => item.gateways[0].progress && item.endedAt === undefined);
    expect(steps.length).toBeGreaterThan(1);
    expect(steps.map((item) => item.state)).toEqual(steps.map(() => 'Running'));
    expect(steps.map((item) => item.done)).toEqual(steps.map((item) => item.done).sort((a, b) => a - b));
    expect(steps[0].step).toMatch(/^edge: /);
  });
});

describe('a long apply', () => {
  it('stops between two batches when its time is over, and goes on in the next invocation from there', async () => {
    const quiet = quietApi(harness);
    for (let index = 0; index < 45; index++) {
      const exports = [{ cluster: 'a' }, { cluster: 'b' }];
      await quiet('PUT', `${FLEET}/services/s${index}`, { ports: [{ name: 'http', port: 80 }], exports });
      const rules = [{ backendRefs: [{ service: `s${index}`, port: 80 }] }];
      await quiet('PUT', `${FLEET}/routes/s${index}`, { ...ROUTES.shop, hostnames: [`s${index}.example.com`], rules });
    }
    const untilMs = harness.clock.now() + 1;
    const first = await reconcileGateway(harness.deps(), 'prod', 'edge', { untilMs });
    expect(first).toMatchObject({ state: 'Pending', reason: 'Continues' });
    const halfway = (await newest()).gateways[0].progress;
    expect(halfway.done).toBeLessThan(halfway.total);
    harness.forgetCalls();
    await sweep(harness.deps());
    expect(await newest()).toMatchObject({ state: 'Succeeded' });
    expect(await harness.edge.get('s44.example.com')).toMatchObject({ status: 200 });
    const groups = [...harness.cloud.state.serverGroups.values()].map((group) => group.ServerGroupName);
    expect(new Set(groups).size).toBe(groups.length);
  });
});

describe('an apply of a plan', () => {
  const plan = async (): Promise<Json> => (await harness.api('POST', `${FLEET}/gateways/edge/plan`)).body;
  const apply = (digest: string) => harness.api('POST', `${FLEET}/gateways/edge/apply?digest=${digest}`);

  it('is refused when something was declared since, writes nothing, and says what the plan is now', async () => {
    const quiet = quietApi(harness);
    const { digest } = await plan();
    await quiet('PUT', `${FLEET}/routes/s1`, { ...ROUTES.shop, hostnames: ['moved.example.com'] }, { 'if-match': '*' });
    harness.forgetCalls();
    const { status, body } = await apply(digest);
    expect([status, body.code]).toEqual([409, 'stale-plan']);
    expect(harness.writes()).toEqual([]);
    const now = await plan();
    expect(body.detail).toContain(now.digest);
    expect(await apply(now.digest)).toMatchObject({ status: 200, body: { state: 'Succeeded' } });
  });

  it('is refused with the digest of another gateway', async () => {
    const { status, body } = await apply('0'.repeat(64));
    expect([status, body.code]).toEqual([409, 'stale-plan']);
  });

  it('is refused while another writer is at work', async () => {
    const { store } = harness.deps();
    const lease = await store.acquire('gateway/prod/edge', 'bystander', 60_000, harness.clock.now());
    const { status, body } = await apply((await plan()).digest);
    expect([status, body.code]).toEqual([409, 'write-conflict']);
    if (lease) await store.release(lease);
  });

  it('in a dry run shows the operation and the plan, and leaves nothing behind', async () => {
    const before = await newest();
    harness.forgetCalls();
    const { status, body } = await harness.api('POST', `${FLEET}/gateways/edge/apply?dryRun=true`);
    expect(status).toBe(200);
    expect(body.dryRun.plans).toHaveLength(1);
    expect(await newest()).toEqual(before);
    expect(harness.writes()).toEqual([]);
  });
});

describe('watching', () => {
  it('is a stream of events that ends with the operation', async () => {
    const { id } = await newest();
    const text = await eventsOf(id);
    expect(text).toMatch(/^event: operation\ndata: \{.*"state":"Succeeded".*\}\n\n$/);
  });

  async function eventsOf(id: string): Promise<string> {
    const api = createApi(harness.deps(), { read: (response) => response.text() });
    return (await api('GET', `${FLEET}/operations/${id}/events`)).body;
  }
});
