/** Agents that enrol, for tests. */

import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { newSecret } from '../../functions/commands/access/crypto.ts';
import { tokenDigest } from '../../functions/core/model/token.ts';
import { createAgentKey, signerOf } from '../../infra/agent/key.ts';
import { cluster, create } from './fixtures.ts';
import { type Answer, type Harness, type Json, startHarness } from './harness.ts';

export const DAY_MS = 24 * 3600_000;

export let harness: Harness;
let fleets = 0;
/** A fleet that no other test has, with the agents lab and annex. */
export let fleet: string;
/** The path of that fleet. */
export let path: string;
let sequence = 0;

export const lab = { name: 'lab', type: 'agent' };
export const annex = { name: 'annex', type: 'agent' };

/** Gives each test of a file a fleet of its own. */
export function withAgents(): void {
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(async () => await harness.close());
  beforeEach(async () => {
    fleet = `enrolling-${++fleets}`;
    path = `/v1/fleets/${fleet}`;
    await create(harness, path, { voters: [lab, annex] });
    const probes = [...cluster.probes, { type: 'tcp', host: '10.0.0.8', port: 80, from: 'agents' }];
    await create(harness, `${path}/clusters/one`, { ...cluster, probes });
  });
}

type Overrides = Parameters<Harness['call']>[3];

/** The clock of some time later. */
export const later = (ms: number): Overrides => ({
  clock: { now: () => Date.now() + ms, sleep: async () => undefined },
});

/** A host on which an agent runs, with the key and the credential that it has made. */
export interface Host {
  key: ReturnType<typeof createAgentKey>;
  credential: string;
}

export const host = (voter = 'lab', key = createAgentKey()): Host => ({
  key,
  credential: `fla_${fleet}_${voter}_${newSecret()}`,
});

export const invite = async (voter = 'lab'): Promise<string> =>
  (await harness.call('POST', `${path}/voters/${voter}/enrolment`)).body.token;

export async function signedCall(
  at: string,
  body: object,
  key: Host['key'],
  token?: string,
  overrides: Overrides = {},
) {
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

export async function present(token: string, { key, credential }: Host, overrides: Overrides = {}): Promise<Answer> {
  const body = { token, publicKey: key.publicKey, credentialHash: tokenDigest(credential) };
  return await signedCall('/v1/enrolments', body, key, undefined, overrides);
}

export async function enrolled(voter = 'lab'): Promise<Host> {
  const agent = host(voter);
  expect((await present(await invite(voter), agent)).status).toBe(200);
  return agent;
}

export async function vote({ key, credential }: Host, more: object = {}, overrides: Overrides = {}): Promise<Answer> {
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

export const statusOf = async (agent: Host, overrides: Overrides = {}) =>
  (await harness.call('GET', '/v1/me', { headers: { Authorization: `Bearer ${agent.credential}` } }, overrides)).status;
export const shown = async (voter = 'lab') => (await harness.call('GET', `${path}/voters/${voter}/enrolment`)).body;
export const audited = async (action: string) =>
  (await harness.call('GET', `${path}/audit?action=${action}`)).body.items.map(({ actor, reason }: Json) => [
    actor,
    reason,
  ]);
/** Waits until the audit log of the fleet counts refusals with this code, and tells whether that is one row. */
export const refusedAs = async (code: string) => {
  const rows = async (): Promise<Json[]> =>
    (await harness.call('GET', `${path}/audit?action=enrolment.refuse`)).body.items;
  await expect.poll(async () => (await rows()).map(({ refusal }) => refusal.code)).toContain(code);
  return (await rows()).length === 1;
};
export const declare = async (voters: object[]) =>
  await harness.call('PUT', path, { body: { voters }, headers: { 'If-Match': '*' } });
