import { afterAll, beforeAll, expect, it } from 'vitest';
import { cluster, create, createShop, gateway, route, service } from './fixtures.ts';
import { type Harness, inProcess, startHarness } from './harness.ts';

/** How many other resources of each kind are declared; enough that reading them would show in the counts. */
const OTHERS = 12;

/** A request: its method, its path and its body. Resources that exist are replaced. */
type Request = [method: string, place: string, body?: unknown];

inProcess.describe('in a fleet that grows', () => {
  let harness: Harness;
  let path: string;
  const small = new Map<string, object>();

  beforeAll(async () => {
    harness = await startHarness();
    path = await createShop(harness, 'growing');
    await create(harness, `${path}/services/pay`, service);
    await create(harness, `${path}/clusters/idle`, cluster);
    for (const [name, requests] of Object.entries(REQUESTS)) small.set(name, await readsOf(requests));
    for (let index = 0; index < OTHERS; index++) {
      await call(['PUT', `clusters/c${index}`, cluster]);
      await call(['PUT', `services/s${index}`, { ...service, exports: [{ cluster: `c${index}` }] }]);
      await call(['PUT', `routes/r${index}`, otherRoute(index)]);
    }
  });
  afterAll(() => harness.close());

  const otherRoute = (index: number) => ({
    ...route,
    hostnames: [`h${index}.example.com`],
    rules: [{ backendRefs: [{ service: `s${index}`, port: 80 }] }],
  });

  /** Gateways do not follow, because the reads of a run are not what is counted here. */
  async function call([method, place, body]: Request) {
    const { store } = harness.deps;
    const headers = method === 'GET' ? {} : { 'If-Match': (await exists(place)) ? '*' : undefined };
    harness.meter.reset();
    const overrides = { store: { ...store, acquire: async () => undefined } };
    const answer = await harness.call(method, `${path}/${place}`, { body, headers }, overrides);
    if (answer.status >= 300) throw new Error(`${method} ${place}: ${JSON.stringify(answer.body)}`);
  }

  const exists = async (place: string) => (await harness.call('GET', `${path}/${place}`)).status === 200;

  async function readsOf(requests: readonly Request[]): Promise<object> {
    const reads: object[] = [];
    for (const request of requests) {
      await call(request);
      const items = Object.entries(harness.meter.read()).map(([name, count]) => [name, count.items]);
      reads.push(Object.fromEntries(items));
    }
    return reads;
  }

  const moved = { ...route, hostnames: ['moved.example.com'] };

  /** Requests that each leave the fleet as it was. */
  const REQUESTS: Record<string, Request[]> = {
    'a route that is created, edited, shown and deleted': [
      ['PUT', 'routes/new', { ...route, hostnames: ['new.example.com'] }],
      ['PUT', 'routes/new', moved],
      ['GET', 'routes/new'],
      ['DELETE', 'routes/new'],
    ],
    'a service that is edited, loses a cluster and gets it back': [
      ['PUT', 'services/pay', { ...service, labels: { a: 'b' } }],
      ['PUT', 'services/pay', { ...service, exports: [{ cluster: 'one' }] }],
      ['PUT', 'services/pay', service],
      ['GET', 'services/pay'],
    ],
    'a service that is created and deleted': [
      ['PUT', 'services/new', service],
      ['DELETE', 'services/new'],
    ],
    'a cluster that is edited and shown': [
      ['PUT', 'clusters/one', { ...cluster, labels: { a: 'b' } }],
      ['PUT', 'clusters/one', cluster],
      ['GET', 'clusters/one'],
    ],
    'a cluster that nothing has ever named and is deleted': [
      ['PUT', 'clusters/new', cluster],
      ['DELETE', 'clusters/new'],
    ],
    'a gateway that is created, shown and deleted': [
      ['PUT', 'gateways/new', gateway('new')],
      ['GET', 'gateways/new'],
      ['DELETE', 'gateways/new'],
    ],
  };

  it.each(Object.keys(REQUESTS))('%s reads as much as in a small one', async (name) => {
    expect(await readsOf(REQUESTS[name] ?? [])).toEqual(small.get(name));
  });

  it('a page reads what is on it', async () => {
    await call(['GET', 'routes?pageSize=2']);
    const { route: routes, service: services, cluster: clusters } = harness.meter.read();
    // One more item is read to tell whether there is another page.
    expect(routes?.items).toBe(3);
    expect(services?.items).toBeLessThanOrEqual(2);
    expect(clusters?.items).toBeLessThanOrEqual(4);
  });

  it('a resource that thousands could depend on is refused with the first hundred of them', async () => {
    const before = harness.deps.store;
    const routes = Array.from({ length: 101 }, (_, index) => index);
    const list: typeof before.list = async (kind, fleet, page) => {
      const [item] = (await before.list(kind, fleet, page)).items;
      return { items: item ? routes.map((index) => ({ ...item, name: `n${index}` })) : [] };
    };
    const store = { ...before, list };
    const answer = await harness.call('DELETE', path, { headers: { 'If-Match': '*' } }, { store });
    expect(answer.status).toBe(409);
    expect(answer.body.errors).toHaveLength(100);
  });
});
