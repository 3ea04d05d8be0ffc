import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { createAgentKey, type Signer, signerOf } from '../../infra/agent/key.ts';
import { cluster, create } from './fixtures.ts';
import { type Answer, type Call, type Harness, type Json, startHarness } from './harness.ts';

const health = { intervalSeconds: 5, timeoutSeconds: 2, failureThreshold: 3, successThreshold: 3 };
const agent = createAgentKey();

let harness: Harness;
let sign: Signer;
let fleets = 0;
let fleet: string;
let path: string;
let sequence = 0;

beforeAll(async () => {
  harness = await startHarness();
  sign = signerOf(agent.privateKey);
});
afterAll(() => harness.close());

beforeEach(async () => {
  fleet = `watched-${++fleets}`;
  path = await declare(fleet);
});

async function declare(name: string): Promise<string> {
  const voters = [
    { name: 'edge', type: 'edge' },
    { name: 'lab', type: 'agent', publicKey: agent.publicKey, clusters: ['one', 'two'] },
  ];
  await create(harness, `/v1/fleets/${name}`, { automation: 'automatic', health, voters });
  for (const one of ['one', 'two', 'three']) await create(harness, `/v1/fleets/${name}/clusters/${one}`, cluster);
  return `/v1/fleets/${name}`;
}

const at = (offsetMs = 0) => new Date(Date.now() + offsetMs).toISOString();

function seen(name: string, more: object = {}) {
  return { cluster: name, observedAt: at(), outcome: 'ok', latencyMs: 3, detail: 'http: status 200', ...more };
}

function batch(more: object = {}): object {
  return {
    fleet,
    voter: 'lab',
    sentAt: at(),
    sequence: ++sequence,
    controls: [],
    observations: [seen('one')],
    ...more,
  };
}

/** Keys of the incidents of which people know, once they have been told. */
async function told(): Promise<string[]> {
  await notifyIncidents(harness.deps);
  return Object.keys((await harness.deps.store.document(fleet, 'told', fleet))?.body.open ?? {});
}

async function post(body: object, headers: Call['headers'] = {}, to = path): Promise<Answer> {
  const text = JSON.stringify(body);
  const signed = { 'Content-Type': 'application/json', 'Fairlead-Signature': sign(Buffer.from(text)), ...headers };
  return await harness.call('POST', `${to}/observations`, { body: text, headers: signed });
}

const refusals = async (of = path) =>
  (await harness.call('GET', `${of}/audit?action=observations.refuse`)).body.items.map((event: Json) => event.reason);
const votesOf = async (name: string) => (await harness.call('GET', `${path}/clusters/${name}`)).body.health.votes;
const voteOf = async (name: string) => (await votesOf(name)).find((vote: Json) => vote.voter === 'lab');

describe('a batch of observations', () => {
  it('counts for the voter that has signed it', async () => {
    const answer = await post(
      batch({ observations: [seen('one'), seen('two', { outcome: 'fail', cause: 'Ingress' })] }),
    );
    expect(answer.body).toEqual({
      receipts: [
        { cluster: 'one', result: 'accepted' },
        { cluster: 'two', result: 'accepted' },
      ],
    });
    expect(await voteOf('one')).toMatchObject({ consecutiveSuccesses: 1, isFresh: true });
    expect(await voteOf('two')).toMatchObject({ consecutiveFailures: 1, cause: 'Ingress' });
    expect(await refusals()).toEqual([]);
  });

  const forged: [string, () => object | Promise<object>, number, string][] = [
    ['of nobody that is known', () => batch({ voter: 'stranger' }), 422, 'unknown-voter'],
    ['of a voter that is no agent', () => batch({ voter: 'edge' }), 422, 'unknown-voter'],
    ['sent from the future', () => batch({ sentAt: at(60_000) }), 422, 'from-the-future'],
    ['sent long ago', () => batch({ sentAt: at(-22_000) }), 422, 'stale-observations'],
    ['signed for another fleet', () => batch({ fleet: 'other' }), 422, 'wrong-fleet'],
  ];
  it.each(forged)('%s is refused, audited, and nothing of it is kept', async (_, make, status, code) => {
    const answer = await post(await make());
    expect(answer).toMatchObject({ status, body: { code } });
    expect(await refusals()).toEqual([expect.stringContaining(code)]);
    expect((await harness.call('GET', `${path}/clusters/one/observations`)).body.items).toEqual([]);
  });

  const bytes = (length: number) => randomBytes(length).toString('base64');
  const forgeries: [string, (text: string) => string | undefined][] = [
    ['none', () => undefined],
    ['one of another key', (text) => signerOf(createAgentKey().privateKey)(Buffer.from(text))],
    ['one of another body', () => sign(Buffer.from('{}'))],
    ...[0, 1, 3, 63, 64, 65, 10_000].map((length): [string, () => string] => [`${length} bytes`, () => bytes(length)]),
    ['text that is no base64', () => '~~~'],
    ['characters beyond ASCII', () => '\u00e9'.repeat(86)],
    ['base64url', () => `${'-_'.repeat(43)}==`],
    ['base64 without padding', (text) => sign(Buffer.from(text)).replace('==', '')],
    ['base64 with a space in it', (text) => sign(Buffer.from(text)).replace(/^.{40}/, '$& ')],
    ['two signatures', (text) => `${sign(Buffer.from(text))}, ${sign(Buffer.from(text))}`],
  ];
  it.each(forgeries)('that carries %s for a signature is refused and audited', async (_, forge) => {
    const body = batch();
    const answer = await post(body, { 'Fairlead-Signature': forge(JSON.stringify(body)) });
    expect(answer).toMatchObject({ status: 403, body: { code: 'invalid-signature' } });
    expect(await refusals()).toEqual([expect.stringContaining('invalid-signature')]);
    expect(await voteOf('one')).toMatchObject({ consecutiveSuccesses: 0 });
  });

  it.each([0, 1, 31, 33, 64, 10_000])('needs a voter with a public key of 32 bytes, not %i', async (length) => {
    const voters = [{ name: 'lab', type: 'agent', publicKey: bytes(length) }];
    const answer = await harness.call('PUT', path, { body: { voters }, headers: { 'If-Match': '*' } });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/voters/0/publicKey' }] } });
  });

  it('does not let a forger use up the sequence of the agent', async () => {
    await post(batch({ sequence: 9_000_000 }), { 'Fairlead-Signature': sign(Buffer.from('{}')) });
    expect((await post(batch())).status).toBe(200);
  });

  it('is taken once: sent again, or after a later one, it is a replay', async () => {
    const [first, second] = [batch(), batch()];
    expect((await post(second)).status).toBe(200);
    for (const replay of [second, first]) {
      expect(await post(replay)).toMatchObject({ status: 409, body: { code: 'replayed' } });
    }
    expect(await refusals()).toHaveLength(2);
    expect(await voteOf('one')).toMatchObject({ consecutiveSuccesses: 1 });
  });

  it('is taken once when it arrives twice at the same time', async () => {
    const body = batch();
    const answers = await Promise.all([post(body), post(body)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('of one fleet is nothing to another that trusts the same key', async () => {
    const other = await declare(`other-${fleets}`);
    expect(await post(batch(), {}, other)).toMatchObject({ status: 422, body: { code: 'wrong-fleet' } });
    expect(await refusals(other)).toEqual([expect.stringContaining('wrong-fleet')]);
  });

  it('has a receipt for each observation, and what says nothing is audited', async () => {
    const observations = [
      seen('one'),
      seen('three'),
      seen('nowhere'),
      seen('two', { observedAt: at(60_000) }),
      seen('two', { observedAt: at(-60_000) }),
    ];
    const { body } = await post(batch({ observations }));
    expect(body.receipts.map((receipt: Json) => receipt.result)).toEqual([
      'accepted',
      'not-watched',
      'not-watched',
      'from-the-future',
      'stale',
    ]);
    expect(await refusals()).toEqual([
      'voter lab: observations of three not-watched, nowhere not-watched, two from-the-future, two stale',
    ]);
  });

  it('does not count what is not newer than what the voter has said', async () => {
    const observedAt = at();
    const once = [seen('one', { observedAt })];
    await post(batch({ observations: once }));
    const { body } = await post(batch({ observations: once }));
    expect(body.receipts).toEqual([{ cluster: 'one', result: 'stale' }]);
    expect(await voteOf('one')).toMatchObject({ consecutiveSuccesses: 1 });
  });

  it('of all clusters vouches for what it saw before, and of some of them it does not', async () => {
    const both = (offsetMs: number) => ['one', 'two'].map((name) => seen(name, { observedAt: at(offsetMs) }));
    for (let number = 0; number < 20; number++) await post(batch({ observations: both(number - 5000) }));
    const versions = async () => (await harness.deps.store.health(fleet)).map(({ version }) => version);
    const written = await versions();
    const answer = await post(batch({ observations: both(-4000) }));
    expect(answer.body.receipts.map(({ result }: Json) => result)).toEqual(['accepted', 'accepted']);
    expect(await versions()).toEqual(written);
    const observedAt = at(-3000);
    expect((await post(batch({ observations: [seen('one', { observedAt })] }))).body.receipts).toMatchObject([
      { result: 'accepted' },
    ]);
    expect(await versions()).toEqual([(written[0] ?? 0) + 1, written[1]]);
    expect(await voteOf('one')).toMatchObject({ observedAt, consecutiveSuccesses: 20 });
    expect((await post(batch({ observations: [seen('two', { observedAt: at(-4500) })] }))).body.receipts).toMatchObject(
      [{ result: 'stale' }],
    );
  });

  it('that is malformed in one place is refused as a whole', async () => {
    const observations = [seen('one'), seen('two', { outcome: 'perhaps' })];
    expect(await post(batch({ observations }))).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '#/observations/1/outcome' }] },
    });
    expect(await voteOf('one')).toMatchObject({ consecutiveSuccesses: 0 });
  });

  it('whose control target did not answer says nothing bad of a cluster, and voids the votes of its sender', async () => {
    await post(batch());
    const failing = [seen('one', { outcome: 'fail', observedAt: at(1) })];
    await post(batch({ controls: [{ ok: true }, { ok: false }], observations: failing }));
    expect(await voteOf('one')).toMatchObject({ consecutiveFailures: 0, isSuspect: true });
    const { body } = await harness.call('GET', `${path}/clusters/one/observations`);
    expect(body.items[0]).toMatchObject({ outcome: 'inconclusive' });
    expect(await told()).toEqual([`${fleet}/voter/lab/suspect`]);
  });

  it('warns of a certificate that expires', async () => {
    await post(batch({ observations: [seen('one', { certificateExpiresAt: at(3_600_000) })] }));
    const expiring = [`${fleet}/cluster/one/certificate`];
    expect(await told()).toEqual(expiring);
    await post(batch({ observations: [seen('two')] }));
    expect(await told(), 'a batch without the cluster says nothing of it').toEqual(expiring);
    const isGone = async () =>
      (await harness.deps.store.document(fleet, 'told', fleet))?.body.open[`${expiring}`]?.goneSinceMs;
    expect(await isGone()).toBeUndefined();
    await post(batch({ observations: [seen('one')] }));
    await told();
    expect(await isGone()).toBeTypeOf('number');
  });
});
