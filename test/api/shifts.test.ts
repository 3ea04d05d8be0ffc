import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../../functions/deps.ts';
import { createShop, pointers } from './fixtures.ts';
import { type Answer, type Call, type Harness, inProcess, type Json, startHarness, TOKENS } from './harness.ts';

let harness: Harness;
let shop: string;
const nowMs = Date.now();

const as = (actor: keyof typeof TOKENS) => ({ Authorization: `Bearer ${TOKENS[actor]}` });

beforeAll(async () => {
  harness = await startHarness();
  shop = await createShop(harness, 'shop');
});

afterAll(async () => await harness.close());

/** Sends a request as ada, unless another actor is named. */
async function call(
  method: string,
  path: string,
  { actor = 'ada', ...rest }: Call & { actor?: keyof typeof TOKENS },
  overrides: Partial<Deps> = {},
) {
  return await harness.call(method, `${shop}${path}`, { ...rest, headers: as(actor) }, overrides);
}

function inHours(hours: number): string {
  return new Date(nowMs + hours * 3_600_000).toISOString();
}

const shift = (fields: Json = {}) => ({ cluster: 'one', reason: 'kernel upgrade', expiresAt: inHours(2), ...fields });
const glass = (fields: Json = {}) => ({ rules: ['min-serving'], reason: 'a move', expiresAt: inHours(2), ...fields });

const refusals = async (action: string): Promise<Json[]> =>
  (await call('GET', `/audit?action=${action}`, { actor: 'api' })).body.items;

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body.code]).toEqual([status, code]);
}

describe('a shift', () => {
  it('is begun by PUT, with its decision and its operation, and is there to see; without traffic it is done at once', async () => {
    const answer = await call('PUT', '/shifts/upgrade', { body: shift() });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('Location')).toBe('/v1/fleets/shop/shifts/upgrade');
    expect(answer.headers.get('Operation-Location')).toMatch(/^\/v1\/fleets\/shop\/operations\/opn_/);
    expect(answer.body).toMatchObject({
      name: 'upgrade',
      owner: 'ada',
      cluster: 'one',
      percent: 0,
      currentPercent: 0,
    });
    expect((await call('GET', '/shifts/upgrade', {})).body).toEqual(answer.body);
    expect((await call('GET', '/shifts', {})).body.items).toEqual([answer.body]);
    const { body: decision } = await call('GET', `/decisions/${answer.body.decision}`, {});
    expect(decision).toMatchObject({ actor: 'ada', outcome: 'applied', changes: [{ cluster: 'one', toPercent: 0 }] });
    expect((await call('GET', '/clusters/one', {})).body.withdrawal).toMatchObject({ cause: 'shift', percent: 0 });
  });

  it('that is sent again as it is changes nothing', async () => {
    const before = await harness.deps.store.traffic('shop');
    const { body } = await call('GET', '/shifts/upgrade', {});
    const again = await call('PUT', '/shifts/upgrade', { body: shift({ expiresAt: body.expiresAt }) });
    expect(again.status).toBe(200);
    expect(again.body).toEqual(body);
    expect(await harness.deps.store.traffic('shop')).toEqual(before);
  });

  it('in a dry run shows the decision, and nothing is written', async () => {
    const before = await harness.deps.store.traffic('shop');
    const answer = await call('PUT', '/shifts/other?dryRun=true', { body: shift({ cluster: 'two', percent: 50 }) });
    expect(answer.status).toBe(200);
    expect(answer.body.dryRun.decision).toMatchObject({ changes: [{ cluster: 'two' }] });
    expect(await harness.deps.store.traffic('shop')).toEqual(before);
    expect((await call('GET', '/shifts/other', {})).status).toBe(404);
  });

  it('is changed, renewed and ended by its owner and by api alone; the refusal is audited', async () => {
    for (const [method, body] of [['PUT', shift({ expiresAt: inHours(3) })], ['DELETE']] as const) {
      expectProblem(await call(method, '/shifts/upgrade', { actor: 'bob', body }), 403, 'not-owner');
    }
    expect(await refusals('shift.refused')).toMatchObject([
      { actor: 'bob', target: { kind: 'fleet', name: 'shop' }, reason: expect.stringContaining('not-owner') },
      { actor: 'bob' },
    ]);
    const renewed = await call('PUT', '/shifts/upgrade', { actor: 'api', body: shift({ expiresAt: inHours(4) }) });
    expect(renewed.status).toBe(200);
    expect(renewed.body).toMatchObject({ owner: 'ada', expiresAt: inHours(4), currentPercent: 0 });
  });

  it('expires within 72 hours, and in the future', async () => {
    for (const hours of [-1, 73]) {
      const answer = await call('PUT', '/shifts/long', { body: shift({ cluster: 'two', expiresAt: inHours(hours) }) });
      expectProblem(answer, 400, 'invalid-request');
      expect(pointers(answer.body)).toEqual(['#/expiresAt']);
    }
  });

  it('is of a cluster that there is, and that no other live shift has', async () => {
    const unknown = await call('PUT', '/shifts/lost', { body: shift({ cluster: 'nowhere' }) });
    expectProblem(unknown, 422, 'unknown-reference');
    expect(pointers(unknown.body)).toEqual(['#/cluster']);
    expectProblem(await call('PUT', '/shifts/second', { body: shift() }), 409, 'already-live');
    expectProblem(await call('PUT', '/shifts/upgrade', { body: shift({ cluster: 'two' }) }), 409, 'already-live');
  });

  it('that has ended is not brought back by the same declaration, nor renewed by others', async () => {
    const { body: declared } = await call('GET', '/shifts/upgrade', {});
    const same = shift({ expiresAt: declared.expiresAt });
    const ended = await call('DELETE', '/shifts/upgrade', {});
    expect(ended.status).toBe(204);
    expect((await call('DELETE', '/shifts/upgrade', {})).status, 'it stays ended').toBe(204);
    expectProblem(await call('PUT', '/shifts/upgrade', { body: same }), 409, 'already-ended');
    const other = shift({ expiresAt: inHours(5) });
    expectProblem(await call('PUT', '/shifts/upgrade', { actor: 'bob', body: other }), 403, 'not-owner');
    const last = (await refusals('shift.refused'))[0];
    expect(last).toMatchObject({ actor: 'bob', reason: expect.stringContaining('upgrade') });
  });

  it.each(['GET', 'DELETE'])('that never was is not found by %s', async (method) => {
    expectProblem(await call(method, '/shifts/never', {}), 404, 'not-found');
  });
});

describe('a break-glass', () => {
  it('lives from PUT to DELETE, and belongs to who made it', async () => {
    const begun = await call('PUT', '/break-glasses/move', { body: glass() });
    expect(begun.status).toBe(201);
    expect(begun.body).toMatchObject({ state: 'live', owner: 'ada', rules: ['min-serving'] });
    expect((await call('PUT', '/break-glasses/move', { body: glass() })).body).toEqual(begun.body);
    expectProblem(await call('PUT', '/break-glasses/move', { actor: 'bob', body: glass() }), 403, 'not-owner');
    const changed = await call('PUT', '/break-glasses/move', { body: glass({ rules: ['gate'] }) });
    expect([changed.status, changed.body.rules]).toEqual([200, ['gate']]);
    expect((await call('DELETE', '/break-glasses/move', {})).status).toBe(204);
    expect((await call('GET', '/break-glasses/move', {})).body).toMatchObject({ state: 'ended', endedBy: 'ada' });
    const same = glass({ rules: ['gate'] });
    expectProblem(await call('PUT', '/break-glasses/move', { body: same }), 409, 'already-ended');
    const renewed = await call('PUT', '/break-glasses/move', { body: glass({ expiresAt: inHours(9) }) });
    expect([renewed.status, renewed.body.state], 'another declaration begins a new one').toEqual([201, 'live']);
    expect(await refusals('break-glass.refused')).toHaveLength(2);
  });

  it('in a dry run is not written', async () => {
    const answer = await call('PUT', '/break-glasses/dry?dryRun=true', { body: glass() });
    expect(answer.body).toMatchObject({ state: 'live', dryRun: { decision: { outcome: 'applied' } } });
    expect((await call('GET', '/break-glasses/dry', {})).status).toBe(404);
  });

  inProcess.it('ends with its time, and only its owner may have a new one of its name', async () => {
    await call('PUT', '/break-glasses/short', { body: glass({ expiresAt: inHours(1) }) });
    const clock = { ...harness.deps.clock, now: () => nowMs + 2 * 3_600_000 };
    const body = glass({ expiresAt: inHours(4) });
    const late = await call('PUT', '/break-glasses/short', { actor: 'bob', body }, { clock });
    expectProblem(late, 403, 'not-owner');
  });
});

describe('automation that has not halted', () => {
  it('has nothing to resume, and no cluster to restore', async () => {
    expect(await call('POST', '/clusters/one/resume', {})).toMatchObject({ status: 200, body: {} });
    expect(await call('POST', '/clusters/one/restore', {})).toMatchObject({ status: 200, body: {} });
    expectProblem(await call('POST', '/clusters/nowhere/restore', {}), 404, 'not-found');
  });
});
