import { describe, expect, it } from 'vitest';
import { newSecret } from '../../functions/commands/access/crypto.ts';
import { tokenDigest } from '../../functions/core/model/token.ts';
import { createAgentKey } from '../../infra/agent/key.ts';
import { person, seedAccess, storedToken } from './access.ts';
import {
  annex,
  audited,
  DAY_MS,
  declare,
  enrolled,
  fleet,
  harness,
  host,
  invite,
  lab,
  later,
  path,
  present,
  refusedAs,
  shown,
  signedCall,
  statusOf,
  vote,
  withAgents,
} from './enrolling.ts';
import { create } from './fixtures.ts';
import { inProcess } from './harness.ts';

withAgents();

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

inProcess.describe('time', () => {
  it('ends an enrolment token after fifteen minutes, though not the answer to an agent that has used it', async () => {
    const [token, other] = [await invite(), await invite('annex')];
    const [agent, late] = [host(), host('annex')];
    expect((await present(token, agent, later(14 * 60_000))).status).toBe(200);
    expect((await present(token, agent, later(16 * 60_000))).status).toBe(200);
    expect((await present(other, late, later(16 * 60_000))).body.code).toBe('invalid-token');
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
