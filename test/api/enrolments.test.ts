import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endpoints } from '../../functions/api/endpoints/index.ts';
import { NO_BODY } from '../../functions/api/http/endpoint.ts';
import { newSecret } from '../../functions/commands/access/secrets.ts';
import { tokenDigest } from '../../functions/core/model/token.ts';
import { createAgentKey, signerOf } from '../../infra/agent/key.ts';
import { person, seedAccess, storedToken } from './access.ts';
import { cluster, create } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness } from './harness.ts';
import { bodyOf, pathOf } from './table.ts';

const DAY_MS = 24 * 3600_000;

let harness: Harness;
let fleets = 0;
/** A fleet that no other test has, with the agents lab and annex. */
let fleet: string;
let path: string;
let sequence = 0;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => await harness.close());

const lab = { name: 'lab', type: 'agent' };
const annex = { name: 'annex', type: 'agent' };

beforeEach(async () => {
  fleet = `enrolling-${++fleets}`;
  path = `/v1/fleets/${fleet}`;
  await create(harness, path, { voters: [lab, annex] });
  const probes = [...cluster.probes, { type: 'tcp', host: '10.0.0.8', port: 80, from: 'agents' }];
  await create(harness, `${path}/clusters/one`, { ...cluster, probes });
});

type Overrides = Parameters<Harness['call']>[3];

/** The clock of some time later. */
const later = (ms: number): Overrides => ({ clock: { now: () => Date.now() + ms, sleep: async () => undefined } });

/** A host on which an agent runs, with the key and the credential that it has made. */
interface Host {
  key: ReturnType<typeof createAgentKey>;
  credential: string;
}

const host = (voter = 'lab', key = createAgentKey()): Host => ({
  key,
  credential: `fla_${fleet}_${voter}_${newSecret()}`,
});

const invite = async (voter = 'lab'): Promise<string> =>
  (await harness.call('POST', `${path}/voters/${voter}/enrolment`)).body.token;

async function signedCall(at: string, body: object, key: Host['key'], token?: string, overrides: Overrides = {}) {
  const text = JSON.stringify(body);
  const headers = {
    Authorization: token === undefined ? undefined : `Bearer ${token}`,
    'Fairlead-Signature': signerOf(key.privateKey)(Buffer.from(text)),
  };
  return await harness.call(
    'POST',
    at,
    { body: text, headers: { 'Content-Type': 'application/json', ...headers } },
    overrides,
  );
}

async function present(token: string, { key, credential }: Host, overrides: Overrides = {}): Promise<Answer> {
  const body = { token, publicKey: key.publicKey, credentialHash: tokenDigest(credential) };
  return await signedCall('/v1/enrolments', body, key, undefined, overrides);
}

async function enrolled(voter = 'lab'): Promise<Host> {
  const agent = host(voter);
  expect((await present(await invite(voter), agent)).status).toBe(200);
  return agent;
}

async function vote({ key, credential }: Host, more: object = {}, overrides: Overrides = {}): Promise<Answer> {
  const observedAt = new Date(overrides.clock?.now() ?? Date.now()).toISOString();
  const seen = { cluster: 'one', observedAt, outcome: 'ok', latencyMs: 3, detail: 'tcp: open' };
  const batch = {
    fleet,
    voter: 'lab',
    sentAt: observedAt,
    sequence: ++sequence,
    controls: [],
    observations: [seen],
    ...more,
  };
  return await signedCall(`${path}/observations`, batch, key, credential, overrides);
}

const statusOf = async (agent: Host, overrides: Overrides = {}) =>
  (await harness.call('GET', '/v1/me', { headers: { Authorization: `Bearer ${agent.credential}` } }, overrides)).status;
const shown = async (voter = 'lab') => (await harness.call('GET', `${path}/voters/${voter}/enrolment`)).body;
const audited = async (action: string) =>
  (await harness.call('GET', `${path}/audit?action=${action}`)).body.items.map(({ actor, reason }: Json) => [
    actor,
    reason,
  ]);
/** Waits until the audit log of the fleet counts refusals with this code, which is written after the answer. */
const refusedAs = async (code: string) => {
  const rows = async (): Promise<Json[]> =>
    (await harness.call('GET', `${path}/audit?action=enrolment.refuse`)).body.items;
  await expect.poll(async () => (await rows()).map(({ refusal }) => refusal.code)).toContain(code);
  return (await rows()).length === 1;
};
const declare = async (voters: object[]) =>
  await harness.call('PUT', path, { body: { voters }, headers: { 'If-Match': '*' } });

describe('an agent enrols', () => {
  it('and votes with its own key, while nobody has told the control plane a secret', async () => {
    const token = await invite();
    const agent = host();
    expect((await vote(agent)).status).toBe(401);
    const answer = await present(token, agent);
    expect(answer).toMatchObject({ status: 200, body: { fleet, voter: 'lab' } });
    expect(Date.parse(answer.body.expiresAt) - Date.now()).toBeGreaterThan(29 * DAY_MS);
    expect((await vote(agent)).body.receipts).toEqual([{ cluster: 'one', result: 'accepted' }]);
    const { invitation, ...enrolment } = await shown();
    expect(enrolment).toMatchObject({ fleet, voter: 'lab', publicKey: agent.key.publicKey, credentials: [{}] });
    expect(invitation.usedAt).toBe(enrolment.enrolledAt);
    const told = JSON.stringify([await shown(), await harness.call('GET', `${path}/audit?pageSize=200`), answer.body]);
    for (const secret of [
      token,
      agent.credential,
      agent.key.privateKey,
      tokenDigest(token),
      tokenDigest(agent.credential),
    ]) {
      expect(told).not.toContain(secret);
    }
    expect([await audited('voter.invite'), await audited('voter.enrol')]).toEqual([
      [['api', undefined]],
      [[`voter ${fleet}/lab`, undefined]],
    ]);
  });

  it('with a token of which a dry run makes none', async () => {
    const dry = await harness.call('POST', `${path}/voters/lab/enrolment?dryRun=true`);
    expect([dry.status, dry.body.token]).toEqual([200, undefined]);
    expect(await shown()).toEqual({ fleet, voter: 'lab', credentials: [] });
  });

  it('and gets the same answer again when the first one was lost', async () => {
    const token = await invite();
    const agent = host();
    const answers = [await present(token, agent), await present(token, agent)];
    expect(answers[1]).toMatchObject({ status: 200, body: answers[0]?.body });
    expect(await audited('voter.enrol')).toHaveLength(1);
  });

  it('once: another host with the same token is refused, that is audited, and the first one stays', async () => {
    const token = await invite();
    const [first, second] = [host(), host()];
    await present(token, first);
    for (const thief of [second, { ...first, key: second.key }, { ...second, key: first.key }]) {
      expect(await present(token, thief)).toMatchObject({ status: 409, body: { code: 'enrolment-used' } });
    }
    expect(await refusedAs('enrolment-used')).toBe(true);
    expect([await statusOf(first), await statusOf(second)]).toEqual([200, 401]);
  });

  it('alone, when ten hosts come at once', async () => {
    const token = await invite();
    const hosts = Array.from({ length: 10 }, () => host());
    const answers = await Promise.all(hosts.map((one) => present(token, one)));
    const winners = hosts.filter((_, index) => answers[index]?.status === 200);
    expect(winners).toHaveLength(1);
    expect((await shown()).publicKey).toBe(winners[0]?.key.publicKey);
    const letIn = await Promise.all(hosts.map((one) => statusOf(one)));
    expect(letIn.filter((status) => status === 200)).toHaveLength(1);
  });

  it('with the newest token alone', async () => {
    const [first, second] = [await invite(), await invite()];
    expect((await present(first, host())).body.code).toBe('invalid-token');
    expect((await present(second, host())).status).toBe(200);
  });

  it('on a new host with a new token, and the one before is shut out only then', async () => {
    const before = await enrolled();
    const token = await invite();
    expect((await vote(before)).status).toBe(200);
    const after = host();
    await present(token, after);
    expect([await statusOf(before), await statusOf(after)]).toEqual([401, 200]);
    expect((await vote({ ...before, credential: after.credential })).body.code).toBe('invalid-signature');
  });

  it('only with a token, a key and a signature that are right', async () => {
    const token = await invite();
    const agent = host();
    const secret = newSecret();
    const wrong = [
      `fle_${fleet}_lab_${secret}`,
      `fle_${fleet}_nobody_${secret}`,
      `fle_nowhere_lab_${secret}`,
      token.replace('_lab_', '_annex_'),
      token.replace('fle_', 'fla_'),
      token.slice(0, -1),
      `${token}A`,
      `${token} `,
      '',
      'fle___',
      `fl_lab_${secret}`,
      '\u0000',
      storedToken('ada'),
    ];
    const codes = await Promise.all(wrong.map(async (text) => (await present(text, agent)).body.code));
    expect(new Set(codes)).toEqual(new Set(['invalid-token']));
    const body = { token, publicKey: agent.key.publicKey, credentialHash: tokenDigest(agent.credential) };
    const forged = await signedCall('/v1/enrolments', body, createAgentKey());
    expect(forged).toMatchObject({ status: 403, body: { code: 'invalid-signature' } });
    const bad = [
      { token: 'A'.repeat(257) },
      { publicKey: 'AAAA' },
      { credentialHash: 'no' },
      { more: 1 },
      { token: 7 },
    ];
    for (const more of bad) {
      expect((await signedCall('/v1/enrolments', { ...body, ...more }, agent.key)).body.code).toBe('invalid-request');
    }
    const zero = { ...body, publicKey: `${'A'.repeat(43)}=` };
    expect((await signedCall('/v1/enrolments', zero, agent.key)).body.code).toBe('invalid-signature');
    expect((await present(token, agent)).status).toBe(200);
  });
});

describe('an enrolment ends', () => {
  it('when it is taken back, and another agent can enrol', async () => {
    const agent = await enrolled();
    const unused = await invite();
    expect((await harness.call('DELETE', `${path}/voters/lab/enrolment?dryRun=true`)).status).toBe(200);
    expect(await statusOf(agent)).toBe(200);
    const ended = await harness.call('DELETE', `${path}/voters/lab/enrolment`);
    expect(ended).toMatchObject({ status: 200, body: { credentials: [] } });
    expect((await harness.call('DELETE', `${path}/voters/lab/enrolment`)).status).toBe(200);
    expect(await audited('voter.revoke')).toHaveLength(1);
    expect(await statusOf(agent)).toBe(401);
    expect((await vote({ ...agent, credential: 'a-token-for-tests-only' })).body.code).toBe('invalid-signature');
    expect((await present(unused, host())).body.code).toBe('invalid-token');
    expect(await statusOf(await enrolled())).toBe(200);
  });

  const manifest = async (voters: object[]) => {
    const apiVersion = 'fairlead.dev/v1';
    const items = [{ apiVersion, kind: 'Fleet', metadata: { name: fleet }, spec: { voters } }];
    return await harness.call('PUT', `${path}/manifest`, { body: { apiVersion, kind: 'List', items } });
  };

  it.each([
    ['PUT', declare],
    ['manifest', manifest],
  ])('when a %s takes the voter away, and a voter of the same name does not inherit it', async (_, write) => {
    const [agent, other, token] = [await enrolled(), await enrolled('annex'), await invite()];
    expect((await write([annex])).status).toBeLessThan(300);
    await expect.poll(() => statusOf(agent), { timeout: 30_000 }).toBe(401);
    expect((await present(token, host())).body.code).toBe('invalid-token');
    expect((await harness.call('GET', `${path}/voters/lab/enrolment`)).status).toBe(404);
    await write([annex, lab]);
    await expect.poll(() => shown(), { timeout: 30_000 }).toEqual({ fleet, voter: 'lab', credentials: [] });
    expect([await statusOf(agent), (await present(token, host())).status]).toEqual([401, 401]);
    expect(await statusOf(other)).toBe(200);
  });

  it('when the voter declares a key, which excludes enrolment', async () => {
    const [agent, token] = [await enrolled(), await invite()];
    const { publicKey } = createAgentKey();
    const before = await harness.deps.store.document(fleet, 'enrolment', 'lab');
    await declare([{ ...lab, publicKey }, annex]);
    expect([await statusOf(agent), (await present(token, host())).status]).toEqual([401, 401]);
    expect((await harness.call('POST', `${path}/voters/lab/enrolment`)).body.code).toBe('conflicting-declaration');
    expect(await shown()).toEqual({ fleet, voter: 'lab', publicKey, credentials: [] });
    if (before) await harness.deps.store.putDocument({ ...before, version: 1 });
    expect([await statusOf(agent), (await present(token, host())).status], 'a race has left a record').toEqual([
      401, 401,
    ]);
  });

  it('with its fleet, and not for other edits of the fleet', async () => {
    const agent = await enrolled();
    await declare([{ ...lab, clusters: ['one'] }, annex]);
    expect(await statusOf(agent)).toBe(200);
    const headers = { 'If-Match': '*' };
    await harness.call('DELETE', `${path}/clusters/one`, { headers });
    expect((await harness.call('DELETE', path, { headers })).status).toBe(204);
    await create(harness, path, { voters: [lab, annex] });
    expect(await statusOf(agent)).toBe(401);
  });
});

describe('a credential is renewed', () => {
  const renewed = (agent: Host) => ({ ...agent, credential: host('lab', agent.key).credential });

  it('by the holder of the key, and the one before ends when the new one is used', async () => {
    const agent = await enrolled();
    const next = renewed(agent);
    expect((await present(agent.credential, next)).status).toBe(200);
    expect((await present(agent.credential, next)).status, 'the answer was lost').toBe(200);
    expect((await shown()).credentials).toHaveLength(2);
    expect(await statusOf(agent)).toBe(200);
    expect((await vote(next)).status).toBe(200);
    await expect.poll(() => statusOf(agent), { timeout: 30_000 }).toBe(401);
    expect(await statusOf(next)).toBe(200);
    expect((await present(agent.credential, renewed(agent))).status).toBe(401);
    expect(await audited('voter.renew')).toEqual([[`voter ${fleet}/lab`, undefined]]);
  });

  it('again, when what was asked for before got lost', async () => {
    const agent = await enrolled();
    const [lost, next] = [renewed(agent), renewed(agent)];
    await present(agent.credential, lost);
    expect((await present(agent.credential, next)).status).toBe(200);
    expect([await statusOf(lost), await statusOf(agent), await statusOf(next)]).toEqual([401, 200, 200]);
  });

  it('and is worth nothing to a thief without the key', async () => {
    const agent = await enrolled();
    const thief = { ...agent, key: createAgentKey() };
    expect((await vote(thief)).body.code).toBe('invalid-signature');
    expect(await present(thief.credential, renewed(thief))).toMatchObject({
      status: 403,
      body: { code: 'invalid-signature' },
    });
    expect(await refusedAs('invalid-signature')).toBe(true);
    expect((await shown()).publicKey).toBe(agent.key.publicKey);
  });
});

inProcess.describe('time', () => {
  it('ends an enrolment token after fifteen minutes, though not the answer to an agent that has used it', async () => {
    const [token, other] = [await invite(), await invite('annex')];
    const [agent, late] = [host(), host('annex')];
    expect((await present(token, agent, later(14 * 60_000))).status).toBe(200);
    expect((await present(token, agent, later(16 * 60_000))).status).toBe(200);
    expect((await present(other, late, later(16 * 60_000))).body.code).toBe('invalid-token');
  });

  it('ends a credential after thirty days, which then renews nothing', async () => {
    const agent = await enrolled();
    expect((await vote(agent, {}, later(29 * DAY_MS))).status).toBe(200);
    const over = later(31 * DAY_MS);
    expect([await statusOf(agent, over), (await present(agent.credential, host(), over)).status]).toEqual([401, 401]);
    const next = host('lab', agent.key);
    await present(agent.credential, next, later(20 * DAY_MS));
    expect(await statusOf(next, later(49 * DAY_MS))).toBe(200);
  });
});

describe("an agent's credential", () => {
  it('shows the agent its work, and nothing else of the fleet', async () => {
    const { credential } = await enrolled();
    await declare([{ ...lab, clusters: ['one'] }, annex]);
    await create(harness, `${path}/clusters/two`, cluster);
    const headers = { Authorization: `Bearer ${credential}` };
    const { status, body } = await harness.call('GET', `${path}/voters/lab/assignment`, { headers });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['fleet', 'voter', 'clusters']);
    expect(Object.keys(body.fleet)).toEqual(['name', 'health', 'controlTargets']);
    expect(body.clusters).toMatchObject([{ name: 'one', probes: [{ type: 'http' }, { type: 'tcp' }] }]);
    expect((await harness.call('GET', '/v1/me', { headers })).body).toMatchObject({
      actor: `voter ${fleet}/lab`,
      kind: 'voter',
      permissions: [{ fleet, permissions: ['observe'] }],
    });
  });

  it('opens its own two operations, of all that there are', async () => {
    const agent = await enrolled();
    expect((await vote(agent, { voter: 'annex' })).status).toBe(403);
    const open: string[] = [];
    const closed = new Set<number>();
    for (const operation of endpoints) {
      if (typeof operation.access === 'string') continue;
      const { method, body, operationId, preconditions } = operation;
      const headers = {
        Authorization: `Bearer ${agent.credential}`,
        ...(preconditions?.includes('If-Match') && { 'If-Match': '*' }),
      };
      const example =
        operationId === 'createObservations' ? { ...bodyOf(operation), fleet, voter: 'lab' } : bodyOf(operation);
      const names = { fleet, voter: 'lab' };
      const sent = { headers, ...(body !== NO_BODY && { body: example }) };
      const { status, body: answer } = await harness.call(method.toUpperCase(), pathOf(operation, names), sent);
      const isRefused = ['forbidden', 'not-found', 'unauthorized', 'invalid-token'].includes(answer?.code);
      if (isRefused) closed.add(status);
      else open.push(operationId);
    }
    expect(open).toEqual(['createObservations', 'getAssignment']);
    expect([...closed].sort()).toEqual([403, 404]);
    for (const elsewhere of [`${path}/voters/annex/assignment`, '/v1/fleets/other/voters/lab/assignment']) {
      const headers = { Authorization: `Bearer ${agent.credential}` };
      expect([403, 404]).toContain((await harness.call('GET', elsewhere, { headers })).status);
    }
    const refused = async () =>
      (
        await harness.call('GET', `/v1/audit?action=access.refuse&actor=${encodeURIComponent(`voter ${fleet}/lab`)}`)
      ).body.items.map(({ refusal }: Json) => refusal.code);
    await expect.poll(refused).toEqual(expect.arrayContaining(['forbidden', 'not-found']));
  });
});

it('enrolment tokens are for those who may declare', async () => {
  const viewer = { name: 'viewer', grants: [{ role: 'viewer' as const, fleets: ['*'] }] };
  await seedAccess(harness.deps.store, [viewer, person('ada'), person('bob')]);
  const as = (name: string, method: string) =>
    harness.call(method, `${path}/voters/lab/enrolment`, { headers: { Authorization: `Bearer ${storedToken(name)}` } });
  expect([(await as('viewer', 'GET')).status, (await as('viewer', 'POST')).status]).toEqual([200, 403]);
  expect([(await as('ada', 'POST')).status, (await as('viewer', 'DELETE')).status]).toEqual([201, 403]);
});
