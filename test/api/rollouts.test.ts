import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cluster, create, pointers } from './fixtures.ts';
import { type Harness, type Json, startHarness } from './harness.ts';

let harness: Harness;
let serial = 0;
let path: string;

const split = (a: number, b: number) => [
  { cluster: 'a', weight: a },
  { cluster: 'b', weight: b },
];
const steps = [{ percent: 10, waitSeconds: 300 }, { percent: 50 }];
const body = { clusters: split(50, 50), steps, reason: 'b is new' };

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => await harness.close());

/** Declares a fleet without gateways and routes, and the distribution `main` over clusters that nobody watches. */
beforeEach(async () => {
  path = `/v1/fleets/rollouts-${++serial}`;
  await create(harness, path, {});
  for (const name of ['a', 'b'])
    await create(harness, `${path}/clusters/${name}`, { ...cluster, joins: 'at-once', probes: [] });
  await create(harness, `${path}/clusters/c`, { ...cluster, joins: 'at-once', probes: [], city: 'north' });
  await create(harness, `${path}/distributions/main`, {
    strategy: 'weighted',
    clusters: split(90, 10),
    labels: { team: 'shop' },
  });
});

const post = (given: Json, name = 'main', rest = '') =>
  harness.call('POST', `${path}/distributions/${name}/rollouts${rest}`, { body: given });

describe('a rollout', () => {
  it('of a distribution that no route uses begins with its first step, and answers where it is', async () => {
    const { status, body: begun, headers } = await post(body);
    expect([status, begun.percent, begun.steps.length]).toEqual([201, 10, 3]);
    const at = `${path}/distributions/main/rollouts/${begun.id}`;
    expect(headers.get('Location')).toBe(at);
    const { body: shown } = await harness.call('GET', at);
    expect(shown.calls.map(({ path: to }: Json) => to)).toEqual([`${at}/pause`, `${at}/undo`]);
    const { body: main } = await harness.call('GET', `${path}/distributions/main`);
    expect(main).toMatchObject({ revision: 2, labels: { team: 'shop' } });
    expect(main.clusters.map(({ weight }: Json) => weight)).toEqual([86, 14]);
    const second = await post(body);
    expect([second.status, second.body.code]).toEqual([409, 'already-live']);
    expect(second.body.detail).toContain(begun.id);
  });

  it.each<[string, Json, number, string, string[]]>([
    [
      'steps that do not rise',
      { ...body, steps: [{ percent: 50 }, { percent: 50 }] },
      400,
      'invalid-request',
      ['#/steps'],
    ],
    ['a step of more than all', { ...body, steps: [{ percent: 101 }] }, 400, 'invalid-request', ['#/steps/0/percent']],
    ['a step of nothing', { ...body, steps: [{ percent: 0 }] }, 400, 'invalid-request', ['#/steps/0/percent']],
    ['no steps', { ...body, steps: [] }, 400, 'invalid-request', ['#/steps']],
    [
      'a wait of more than a day',
      { ...body, steps: [{ percent: 5, waitSeconds: 86_401 }] },
      400,
      'invalid-request',
      ['#/steps/0/waitSeconds'],
    ],
    ['no reason', { clusters: split(50, 50), steps }, 400, 'invalid-request', ['#/reason']],
    ['what is so already', { ...body, clusters: split(9, 1) }, 422, 'conflicting-declaration', ['#/clusters']],
    [
      'an unknown cluster',
      { ...body, clusters: [{ cluster: 'nobody' }] },
      422,
      'unknown-reference',
      ['#/clusters/0/cluster'],
    ],
    [
      'a city without clusters',
      { ...body, clusters: [{ city: 'atlantis' }] },
      422,
      'unknown-reference',
      ['#/clusters/0/city'],
    ],
    [
      'a cluster that is named twice',
      { ...body, clusters: [{ cluster: 'c' }, { city: 'north' }] },
      422,
      'conflicting-declaration',
      ['#/clusters/1/city'],
    ],
    [
      'steps that are too small',
      { ...body, steps: [{ percent: 1 }] },
      422,
      'conflicting-declaration',
      ['#/steps/0/percent'],
    ],
  ])('is refused for %s, and nothing is written', async (_, given, status, code, at) => {
    const answer = await post(given);
    expect([answer.status, answer.body.code, pointers(answer.body)]).toEqual([status, code, at]);
    expect((await harness.call('GET', `${path}/distributions/main`)).body.revision).toBe(1);
    expect((await harness.call('GET', `${path}/distributions/main/rollouts`)).body.items).toEqual([]);
  });

  it('is refused of a distribution that goes by replicas, of none, and in a fleet that is paused', async () => {
    await create(harness, `${path}/distributions/even`, { strategy: 'replicas' });
    const even = await post(body, 'even');
    expect([even.status, even.body.detail]).toEqual([422, expect.stringContaining('even goes by replicas')]);
    expect((await post(body, 'nobody')).status).toBe(404);
    expect(
      (await harness.call('GET', `${path}/distributions/main/rollouts/rol_01KAR2Z3V4W5X6Y7Z8A9B0C1D2`)).status,
    ).toBe(404);
    await harness.call('POST', `${path}/pause`, { body: { reason: 'quiet' } });
    const paused = await post(body);
    expect([paused.status, paused.body.code]).toEqual([409, 'rule-violated']);
    expect(paused.body.detail).toContain('Automation is paused');
  });
});
