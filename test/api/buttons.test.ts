import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cluster, create, createShop, pointers } from './fixtures.ts';
import { type Answer, type Call, type Harness, inProcess, type Json, startHarness, TOKENS } from './harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});

afterAll(async () => await harness.close());

const as = (actor: keyof typeof TOKENS) => ({ Authorization: `Bearer ${TOKENS[actor]}` });

/** Requests to one fleet. They come from ada unless another actor is named. */
function callerOf(path: string) {
  return async (
    method: string,
    rest: string,
    { actor = 'ada', ...call }: Call & { actor?: keyof typeof TOKENS } = {},
  ) => await harness.call(method, `${path}${rest}`, { ...call, headers: as(actor) });
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.code]).toEqual([status, code]);
}

describe('pausing automation', () => {
  const call = callerOf('/v1/fleets/quiet');
  const own = { automation: 'automatic', displayName: 'Shop', failover: { cooldownSeconds: 7 } };
  const get = async (): Promise<Json> => (await call('GET', '')).body;
  const declared = async (changes: object) => {
    const { automation, displayName, failover } = await get();
    const body = { automation, displayName, failover, ...changes };
    return await harness.call('PUT', '/v1/fleets/quiet', { body, headers: { ...as('ada'), 'If-Match': '*' } });
  };

  beforeAll(async () => {
    await create(harness, '/v1/fleets/quiet', own);
  });

  it('changes the mode and nothing else, with the reason in the audit log, and resuming goes back to it', async () => {
    const before = await get();
    const paused = await call('POST', '/pause', { body: { reason: 'a change of the network' } });
    expect(paused.status).toBe(200);
    expect(paused.body).toMatchObject({ automation: 'paused', displayName: 'Shop', failover: { cooldownSeconds: 7 } });
    expect((await call('GET', '/audit')).body.items[0]).toMatchObject({
      action: 'fleet.update',
      actor: 'ada',
      reason: 'a change of the network',
      changes: [{ pointer: '/automation', before: 'automatic', after: 'paused' }],
    });
    const resumed = await call('POST', '/resume');
    expect(resumed.body.automation).toBe('automatic');
    expect({ ...resumed.body, revision: 0, updatedAt: '', conditions: [] }).toEqual({
      ...before,
      revision: 0,
      updatedAt: '',
      conditions: [],
    });
  });

  it('twice is pausing once, and so is resuming', async () => {
    await call('POST', '/pause', { body: { reason: 'first' } });
    const { revision } = await get();
    expect((await call('POST', '/pause', { body: { reason: 'second' } })).body.revision).toBe(revision);
    await call('POST', '/resume');
    expect((await call('POST', '/resume')).body).toMatchObject({ automation: 'automatic', revision: revision + 1 });
  });

  it('outlasts an edit of the rest, which is kept when automation goes on', async () => {
    await call('POST', '/pause', { body: { reason: 'network' } });
    expect((await declared({ failover: { cooldownSeconds: 9 } })).body.automation).toBe('paused');
    expect((await call('POST', '/resume')).body).toMatchObject({
      automation: 'automatic',
      failover: { cooldownSeconds: 9 },
    });
  });

  it('is ended by whoever declares another mode: there is nothing to resume then', async () => {
    await call('POST', '/pause', { body: { reason: 'network' } });
    await declared({ automation: 'recommend' });
    expect((await call('POST', '/resume')).body.automation).toBe('recommend');
    await declared({ automation: 'automatic' });
  });

  it('of a fleet that was never anything else goes on with recommending', async () => {
    await create(harness, '/v1/fleets/born-paused', { automation: 'paused' });
    expect((await callerOf('/v1/fleets/born-paused')('POST', '/resume')).body.automation).toBe('recommend');
  });

  it('in a dry run is not written', async () => {
    const { revision } = await get();
    const answer = await call('POST', '/pause?dryRun=true', { body: { reason: 'to see' } });
    expect(answer.body).toMatchObject({ automation: 'paused', dryRun: { plans: [] } });
    expect(await get()).toMatchObject({ automation: 'automatic', revision });
  });

  it('needs a fleet and a reason', async () => {
    expectProblem(await callerOf('/v1/fleets/none')('POST', '/pause', { body: { reason: 'r' } }), 404, 'not-found');
    expectProblem(await callerOf('/v1/fleets/none')('POST', '/resume'), 404, 'not-found');
    expectProblem(await call('POST', '/pause', { body: {} }), 400, 'invalid-request');
  });
});

describe('an evacuation', () => {
  let shop: string;
  let call: ReturnType<typeof callerOf>;
  const evacuate = async (body: object, query = '', actor: keyof typeof TOKENS = 'ada') =>
    await call('POST', `/evacuations${query}`, { body: { reason: 'flood', ...body }, actor });
  const back = async (body: object, actor: keyof typeof TOKENS = 'ada') =>
    await call('POST', '/returns', { body, actor });
  const traffic = async () => await harness.deps.store.traffic('town');
  const live = async () => (await traffic()).shifts.map(({ name, cluster: of, mode }) => [name, of, mode]);

  beforeAll(async () => {
    shop = await createShop(harness, 'town');
    call = callerOf(shop);
    const ingress = (n: number) => ({ endpoints: [{ address: `10.0.1.${n}`, port: 80 }] });
    const at = { 'three-a': ['east-1', 'east'], 'three-b': ['east-1', 'east'], 'three-c': ['east-2', 'east'] };
    for (const [index, [name, [site, city]]] of Object.entries(at).entries()) {
      await create(harness, `${shop}/clusters/${name}`, { ...cluster, ingress: ingress(index + 1), site, city });
    }
  });

  it('takes out all clusters of a city in one decision, and a repetition changes nothing, whoever sends it', async () => {
    const answer = await evacuate({ city: 'east' });
    expect(answer.status).toBe(200);
    expect(answer.body.clusters.map((item: Json) => [item.cluster, item.shift])).toEqual([
      ['three-a', 'evacuation-three-a'],
      ['three-b', 'evacuation-three-b'],
      ['three-c', 'evacuation-three-c'],
    ]);
    const after = await traffic();
    expect(answer.body.decision.version).toBe(after.version);
    expect(await live()).toHaveLength(3);
    const again = await evacuate({ city: 'east' }, '', 'bob');
    expect([again.status, again.body.decision]).toEqual([200, undefined]);
    expect(await traffic()).toEqual(after);
  });

  it('ends by a return of any part of it, whoever sends that, and says what each cluster waits for', async () => {
    const site = await back({ site: 'east-1' }, 'bob');
    expect(site.status).toBe(200);
    expect(site.body.clusters).toMatchObject([
      { cluster: 'three-a', endedShifts: ['evacuation-three-a'] },
      { cluster: 'three-b', endedShifts: ['evacuation-three-b'] },
    ]);
    expect(await live()).toEqual([['evacuation-three-c', 'three-c', 'drain']]);
    expect((await call('GET', '/shifts/evacuation-three-a')).body).toMatchObject({ endedBy: 'bob' });
    await back({ city: 'east' });
    const after = await traffic();
    expect(after.shifts).toEqual([]);
    expect((await back({ city: 'east' })).body.decision, 'a repetition changes nothing').toBeUndefined();
    expect(await traffic()).toEqual(after);
  });

  it('goes over whatever shift a cluster has, of anybody; that shift has ended', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const body = { cluster: 'three-a', percent: 50, reason: 'kernel', expiresAt };
    expect((await call('PUT', '/shifts/mine', { body, actor: 'bob' })).status).toBe(201);
    expect((await evacuate({ site: 'east-1', mode: 'isolate' })).status).toBe(200);
    expect(await live()).toEqual([
      ['evacuation-three-a', 'three-a', 'isolate'],
      ['evacuation-three-b', 'three-b', 'isolate'],
    ]);
    expect((await call('GET', '/shifts/mine')).body).toMatchObject({ state: 'ended', endedBy: 'ada' });
    await evacuate({ city: 'east' });
    expect(
      (await live()).map(([, , mode]) => mode),
      'an isolation is not weakened',
    ).toEqual(['isolate', 'isolate', 'drain']);
    await back({ city: 'east' });
  });

  it('of a city with more clusters than one transaction of the store holds is one decision, and so is its return', async () => {
    const names = Array.from({ length: 110 }, (_, index) => `big-${String(index).padStart(3, '0')}`);
    for (const [index, name] of names.entries()) {
      const ingress = { endpoints: [{ address: `10.0.9.${index + 1}`, port: 80 }] };
      await create(harness, `${shop}/clusters/${name}`, { ...cluster, ingress, city: 'big' });
    }
    const { version } = await traffic();
    expect((await evacuate({ city: 'big' })).body.clusters).toHaveLength(names.length);
    expect((await traffic()).version).toBe(version + 1);
    for (const name of [names[0], names.at(-1)]) {
      expect((await call('GET', `/shifts/evacuation-${name}`)).body).toMatchObject({ cluster: name, percent: 0 });
    }
    expect((await back({ city: 'big' })).status).toBe(200);
    expect((await traffic()).shifts).toEqual([]);
    expect((await call('GET', `/shifts/evacuation-${names.at(-1)}`)).body).toMatchObject({ state: 'ended' });
  });

  inProcess.it('of which not all records could be kept is shown, and ends, all the same', async () => {
    const complete = async () => {
      throw new Error('the process ends');
    };
    const store = { ...harness.deps.store, complete };
    const body = { city: 'big', reason: 'flood' };
    const path = `${shop}/evacuations`;
    expect((await harness.call('POST', path, { body }, { store })).status).toBe(200);
    const shifts = [...(await traffic()).shifts].reverse();
    const states = await Promise.all(shifts.map(async ({ name }) => (await call('GET', `/shifts/${name}`)).status));
    expect(new Set(states)).toEqual(new Set([200]));
    expect((await call('DELETE', `/shifts/${shifts[0]?.name}`, { actor: 'api' })).status).toBe(204);
    await back({ city: 'big' });
    expect((await traffic()).shifts).toEqual([]);
  });

  it('in a dry run tells points and writes nothing', async () => {
    const before = await traffic();
    const dry = await evacuate({ cluster: 'one' }, '?dryRun=true');
    expect(dry.body).toMatchObject({ heldBy: [], decision: { outcome: 'applied' } });
    expect(await traffic()).toEqual(before);
    expect((await call('GET', '/shifts/evacuation-one')).status).toBe(404);
  });

  it('of a place without a cluster is refused with a pointer, and so is one of two places or of none', async () => {
    for (const place of [{ site: 'mars' }, { city: 'atlantis' }, { cluster: 'nowhere' }]) {
      for (const answer of [await evacuate(place), await back(place)]) {
        expectProblem(answer, 422, 'unknown-reference');
        expect(pointers(answer.body)).toEqual([`#/${Object.keys(place)[0]}`]);
      }
    }
    for (const place of [{}, { site: 'east-1', city: 'east' }]) {
      expectProblem(await evacuate(place), 400, 'invalid-request');
      expectProblem(await back(place), 400, 'invalid-request');
    }
    const expiresAt = new Date(Date.now() + 73 * 3_600_000).toISOString();
    expect(pointers((await evacuate({ cluster: 'one', expiresAt })).body)).toEqual(['#/expiresAt']);
  });

  it('and others that come at the same moment are all done: none is refused because it lost a race', async () => {
    const places = [{ cluster: 'one' }, { cluster: 'three-a' }, { cluster: 'three-b' }, { cluster: 'three-c' }];
    const twice = [...places, ...places, ...places];
    const answers = await Promise.all(twice.map((place) => evacuate(place)));
    expect(answers.map(({ status }) => status)).toEqual(twice.map(() => 200));
    expect((await traffic()).shifts.map((shift) => shift.cluster)).toEqual(['one', 'three-a', 'three-b', 'three-c']);
    const returned = await Promise.all(twice.map((place) => back(place)));
    expect(returned.map(({ status }) => status)).toEqual(twice.map(() => 200));
    expect((await traffic()).shifts).toEqual([]);
  });
});
