import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOutOnce } from '../../functions/commands/idempotency.ts';
import { ANONYMOUS } from '../../functions/core/access/principal.ts';
import type { Store } from '../../functions/deps.ts';
import { storedToken } from './access.ts';
import { cluster, create, pointers } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness } from './harness.ts';

const HOUR_MS = 3_600_000;

let harness: Harness;
let count = 0;
/** A fleet of its own for each test, and a key. */
let fleet: string;
let path: string;
let key: string;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(async () => {
  fleet = `keys-${++count}`;
  path = `/v1/fleets/${fleet}`;
  key = `"key ${count}"`;
  await create(harness, path, {});
  for (const name of ['a', 'b'])
    await create(harness, `${path}/clusters/${name}`, { ...cluster, joins: 'at-once', probes: [] });
  await create(harness, `${path}/distributions/main`, { strategy: 'weighted', clusters: split(90) });
});

const split = (weight: number) => [
  { cluster: 'a', weight },
  { cluster: 'b', weight: 100 - weight },
];
const rollout = { clusters: split(50), steps: [{ percent: 10, waitSeconds: 300 }], reason: 'b is new' };

const post = (at: string, body: unknown, headers: Record<string, string | undefined> = {}, overrides = {}) =>
  harness.call('POST', at, { body, headers: { 'Idempotency-Key': key, ...headers } }, overrides);
const start = (headers: Record<string, string | undefined> = {}, body: Json = rollout, overrides = {}) =>
  post(`${path}/distributions/main/rollouts`, body, headers, overrides);

const codeOf = ({ status, body }: Answer): [number, string | undefined] => [status, body?.code];
const isReplayed = ({ headers }: Answer) => headers.get('Idempotency-Replayed') === 'true';
const revision = async () => (await harness.call('GET', `${path}/distributions/main`)).body.revision;
const at = (ms: number) => ({ clock: { now: () => Date.now() + ms, sleep: async () => undefined } });

describe('a request that is repeated with its key', () => {
  it('has the first answer again, with its status and its headers, and no further effect', async () => {
    const first = await start();
    expect([first.status, isReplayed(first)]).toEqual([201, false]);
    expect(codeOf(await start({ 'Idempotency-Key': 'another' }))).toEqual([409, 'already-live']);
    const again = await start();
    expect([again.status, again.body, isReplayed(again)]).toEqual([201, first.body, true]);
    for (const name of ['Location', 'Content-Type', 'Operation-Location']) {
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(again.headers.get('X-Request-Id')).not.toBe(first.headers.get('X-Request-Id'));
    expect(await revision()).toBe(2);
  });

  it('at the same time has one effect', async () => {
    const token = `once-${count}`;
    await harness.call('PUT', `/v1/tokens/${token}`, { body: {} });
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(`/v1/tokens/${token}/rotate`, {})));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(['idempotency-key-in-progress', 'answer-not-kept']).toContain(answer.body.code);
    }
    const { body } = await harness.call('GET', `/v1/tokens/${token}`);
    expect(body.secrets).toHaveLength(2);
    const audit = await harness.call('GET', '/v1/audit?pageSize=200');
    const ofToken = audit.body.items.filter(({ target }: Json) => target.name === token);
    expect(ofToken).toHaveLength(2);
  });

  it('may have the key in quotes or without', async () => {
    const bare = { 'Idempotency-Key': `bare-${count}` };
    const first = await start(bare);
    const quoted = await start({ 'Idempotency-Key': `"bare-${count}"` });
    expect([quoted.body.id, isReplayed(quoted)]).toEqual([first.body.id, true]);
  });

  it('keeps its If-Match, which a repetition without a key would find stale', async () => {
    const main = `${path}/distributions/main`;
    await harness.call('PUT', main, {
      body: { strategy: 'weighted', clusters: split(80) },
      headers: { 'If-Match': '*' },
    });
    const headers = { 'If-Match': '"2"' };
    const first = await post(`${main}/rollback`, { revision: 1 }, headers);
    const again = await post(`${main}/rollback`, { revision: 1 }, headers);
    expect([first.status, again.status, again.headers.get('ETag')]).toEqual([200, 200, first.headers.get('ETag')]);
    const unkeyed = await post(`${main}/rollback`, { revision: 1 }, { ...headers, 'Idempotency-Key': undefined });
    expect(unkeyed.status).toBe(412);
    const edited = await post(`${main}/rollback`, { revision: 1 }, { 'If-Match': '*' });
    expect(codeOf(edited)).toEqual([422, 'idempotency-key-reused']);
  });
});

describe('a key', () => {
  it.each<[string, (first: Json) => Promise<Answer>]>([
    ['body', () => start({}, { ...rollout, reason: 'b is better' })],
    ['query', () => post(`${path}/distributions/main/rollouts?reason=hurry`, rollout)],
  ])('is refused to a request with another %s, which changes nothing', async (_, edited) => {
    await start();
    const answer = await edited(rollout);
    expect(codeOf(answer)).toEqual([422, 'idempotency-key-reused']);
    expect(pointers(answer.body)).toEqual(['header/Idempotency-Key']);
    expect(await revision()).toBe(2);
  });

  it('of somebody else, of another operation and of another resource is another key', async () => {
    const first = await start();
    const bob = await start({ Authorization: `Bearer ${storedToken('bob')}` });
    expect(codeOf(bob)).toEqual([409, 'already-live']);
    const orders = ['pause', 'resume'].map((order) => `${first.headers.get('Location')}/${order}`);
    const [paused, resumed] = [
      await post(orders[0] ?? '', { reason: 'lunch' }),
      await post(orders[1] ?? '', undefined),
    ];
    expect([paused.body.state, resumed.body.state, isReplayed(resumed)]).toEqual(['stopped', 'running', false]);
    await create(harness, `${path}/distributions/other`, { strategy: 'weighted', clusters: split(90) });
    const other = await post(`${path}/distributions/other/rollouts`, rollout);
    expect([other.status, isReplayed(other)]).toEqual([201, false]);
  });

  it.each([
    ['of a thousand characters', 'k'.repeat(1000)],
    ['of 256 characters', `"${'k'.repeat(256)}"`],
    ['without a character', '""'],
    ['with half of its quotes', '"abc'],
    ['with a parameter', '"abc";v=1'],
    ['that is sent twice', '"a", "b"'],
    ['with a blank and no quotes', 'a b'],
    ['that is not ASCII', 'cl\u00e9'],
  ])('%s is a fault of the request', async (_, given) => {
    const answer = await start({ 'Idempotency-Key': given });
    expect([codeOf(answer), pointers(answer.body)]).toEqual([[400, 'invalid-request'], ['header/Idempotency-Key']]);
    expect(await revision()).toBe(1);
  });

  it('may have 255 characters, and escaped quotes', async () => {
    expect((await start({ 'Idempotency-Key': `"${'\\"'.repeat(255)}"` })).status).toBe(201);
  });

  it('is free again after a fault, a refusal, a conflict and a dry run', async () => {
    const secret = storedToken('nobody');
    expect((await start({}, { ...rollout, steps: [] })).status).toBe(400);
    expect((await start({ Authorization: `Bearer ${secret}` })).status).toBe(401);
    expect((await start({}, { ...rollout, clusters: [{ cluster: 'nothing', weight: 1 }] })).status).toBe(422);
    expect((await post(`${path}/distributions/main/rollouts?dryRun=true`, rollout)).status).toBe(200);
    const first = await start({ 'Idempotency-Key': 'another' });
    expect(codeOf(await start())).toEqual([409, 'already-live']);
    await post(`${first.headers.get('Location')}/undo`, { reason: 'to begin anew' });
    const second = await start();
    expect([second.status, isReplayed(second)]).toEqual([201, false]);
  });
});

describe('an answer that holds a secret', () => {
  it.each<[string, (name: string) => string, Json]>([
    ['token', (name) => `/v1/tokens/${name}/rotate`, {}],
    ['invitation', () => `${path}/voters/lab/enrolment`, undefined],
  ])('is given once, and not kept: %s', async (_, pathOf, body) => {
    const name = `secret-${count}`;
    await harness.call('PUT', `/v1/tokens/${name}`, { body: {} });
    const voters = [{ name: 'lab', type: 'agent' }];
    await harness.call('PUT', path, { body: { voters }, headers: { 'If-Match': '*' } });
    const first = await post(pathOf(name), body);
    expect([first.status, typeof first.body.token]).toEqual([201, 'string']);
    const again = await post(pathOf(name), body);
    expect(codeOf(again)).toEqual([409, 'answer-not-kept']);
    expect(again.body.detail).toContain('201');
    expect(JSON.stringify(again.body)).not.toContain(first.body.token);
  });
});

inProcess.describe('the store', () => {
  it('has no record of requests without a key, of dry runs, and of evidence', async () => {
    const counted = async (send: () => Promise<Answer>) => {
      harness.meter.reset();
      await send();
      return Object.keys({ ...harness.meter.read(), ...harness.meter.written() }).filter((name) => name === 'KEYED');
    };
    expect(await counted(() => start({ 'Idempotency-Key': undefined }))).toEqual([]);
    expect(await counted(() => post(`${path}/evacuations?dryRun=true`, { cluster: 'a', reason: 'x' }))).toEqual([]);
    expect(await counted(() => post('/v1/probe-rounds', { fleet }))).toEqual([]);
    expect(await counted(() => post(`${path}/pause`, { reason: 'x' }))).toEqual(['KEYED']);
  });

  it('forgets a key after 24 hours', async () => {
    const first = await start();
    expect(isReplayed(await start({}, rollout, at(24 * HOUR_MS - 60_000)))).toBe(true);
    const late = await start({}, rollout, at(24 * HOUR_MS + 60_000));
    expect(codeOf(late)).toEqual([409, 'already-live']);
    expect(late.body.detail).toContain(first.body.id);
  });

  /** A store whose process ends when it calls the method, before or after the write. */
  const dying = (method: 'claimRequest' | 'keepAnswer', isWritten: boolean): { store: Store } => {
    const { store } = harness.deps;
    const call = store[method] as (...given: unknown[]) => Promise<unknown>;
    const die = async (...given: unknown[]) => {
      if (isWritten) await call(...given);
      throw new Error('The process has ended.');
    };
    return { store: { ...store, [method]: die } };
  };

  it('holds the key of a process that died for a minute, and then lets the same request begin anew', async () => {
    expect((await start({}, rollout, dying('claimRequest', true))).status).toBe(500);
    const soon = await start({}, rollout, at(50_000));
    expect([codeOf(soon), soon.headers.get('Retry-After')]).toEqual([[409, 'idempotency-key-in-progress'], '1']);
    expect(codeOf(await start({}, { ...rollout, reason: 'other' }, at(70_000)))).toEqual([
      422,
      'idempotency-key-reused',
    ]);
    const late = await start({}, rollout, at(70_000));
    expect([late.status, isReplayed(late)]).toEqual([201, false]);
    expect(isReplayed(await start())).toBe(true);
  });

  it('that takes no answer leaves the answer true; the effect is not repeated within a minute', async () => {
    const first = await start({}, rollout, dying('keepAnswer', false));
    expect(first.status).toBe(201);
    expect(harness.events.some(({ event }) => event === 'idempotency.unsettled')).toBe(true);
    expect(codeOf(await start())).toEqual([409, 'idempotency-key-in-progress']);
    expect(codeOf(await start({}, rollout, at(70_000)))).toEqual([409, 'already-live']);
  });

  it('gives a key free when the store failed on the way, so that the request can be sent again', async () => {
    const { store } = harness.deps;
    const failing = { store: { ...store, commit: () => Promise.reject(new TypeError('This text is not shown.')) } };
    expect((await start({}, rollout, failing)).status).toBe(500);
    expect((await start()).status).toBe(201);
  });

  it('does not keep an answer of more than 256 KiB, and carries the request out once all the same', async () => {
    const ctx = { deps: harness.deps, principal: ANONYMOUS, requestId: 'req_1', waitUntil: () => undefined };
    let done = 0;
    const send = (id: string, characters: number) =>
      carryOutOnce(
        { ...ctx, countRefused: () => undefined },
        { id: `${key} ${id}`, fingerprint: 'same' },
        { isSecret: false, carryOut: async () => ({ status: 200, body: `${++done}${'\u20ac'.repeat(characters)}` }) },
      );
    const small = await send('small', 87_000);
    expect(await send('small', 87_000)).toEqual({ answer: { ...small.answer }, isReplayed: true });
    await send('large', 88_000);
    await expect(send('large', 88_000)).rejects.toMatchObject({ code: 'answer-not-kept' });
    expect(done).toBe(2);
  });

  it('is given the status alone of an answer that holds a secret', async () => {
    const kept: unknown[] = [];
    const { store } = harness.deps;
    const watched: Store = { ...store, keepAnswer: async (_, answer) => void kept.push(answer) };
    await harness.call('PUT', `/v1/tokens/kept-${count}`, { body: {} });
    await post(`/v1/tokens/kept-${count}/rotate`, {}, {}, { store: watched });
    expect(kept).toEqual([{ status: 201, isCut: true }]);
  });
});
