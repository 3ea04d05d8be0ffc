import { describe, expect, it } from 'vitest';
import { endpoints } from '../../functions/api/endpoints/index.ts';
import { NO_BODY } from '../../functions/api/http/endpoint.ts';
import { createAgentKey } from '../../infra/agent/key.ts';
import {
  annex,
  audited,
  DAY_MS,
  declare,
  enrolled,
  fleet,
  type Host,
  harness,
  host,
  lab,
  later,
  path,
  present,
  refusedAs,
  shown,
  statusOf,
  vote,
  withAgents,
} from './enrolling.ts';
import { cluster, create } from './fixtures.ts';
import { inProcess, type Json } from './harness.ts';
import { bodyOf, pathOf } from './table.ts';

withAgents();

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
