import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../../functions/deps.ts';
import { createSecrets } from '../../functions/secrets.ts';
import { cluster, conditionOf, create, gateway, pointers } from './fixtures.ts';
import { type Harness, inProcess, type Json, startHarness } from './harness.ts';

const CANARY = 'canary-in-a-declaration';
const PATH = '/v1/fleets/shop';
const URL_OF_INGRESS = 'http://ingress.example.com/healthz';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, PATH, {});
  await create(harness, `${PATH}/clusters/one`, cluster);
  await create(harness, `${PATH}/gateways/edge`, gateway('edge'));
});

afterAll(async () => await harness.close());

interface Sent {
  url?: string;
  headers?: Record<string, unknown>;
  from?: string;
}

/** Every place of a declaration that makes somebody send a request. */
const PLACES: { place: string; path: string; pointer: string; body(sent: Sent): Json }[] = [
  {
    place: 'a probe of a cluster',
    path: `${PATH}/clusters/one`,
    pointer: '#/probes/0',
    body: (sent) => ({ ...cluster, probes: [{ type: 'http', url: URL_OF_INGRESS, ...sent }] }),
  },
  {
    place: 'a control target',
    path: PATH,
    pointer: '#/controlTargets/0',
    body: (sent) => ({ controlTargets: [{ type: 'http', url: URL_OF_INGRESS, ...sent }] }),
  },
  {
    place: 'a voter that asks through a gateway',
    path: PATH,
    pointer: '#/voters/0',
    body: (sent) => ({
      voters: [{ name: 'way', type: 'gateway-path', gateway: 'edge', url: URL_OF_INGRESS, ...sent }],
    }),
  },
  {
    place: 'the data plane check of a gateway',
    path: `${PATH}/gateways/edge`,
    pointer: '#/dataPlaneCheck',
    body: (sent) => ({ ...gateway('edge'), dataPlaneCheck: { url: URL_OF_INGRESS, ...sent } }),
  },
];

const replacing = { 'If-Match': '*' };
const put = async (path: string, body: Json, overrides: Partial<Deps> = {}) =>
  await harness.call('PUT', path, { body, headers: replacing }, overrides);

describe.each(PLACES)('$place', ({ path, pointer, body }) => {
  it.each([
    ['a header', { headers: { Authorization: `Bearer ${CANARY}` } }, '/headers/Authorization'],
    ['the URL', { url: `${URL_OF_INGRESS}?access_token=${CANARY}` }, '/url'],
  ])('is refused with a credential in %s, which nothing repeats', async (_, sent, member) => {
    const before = harness.events.length;
    for (const query of ['', '?dryRun=true']) {
      const answer = await put(`${path}${query}`, body(sent));
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({
        code: 'credential-in-clear',
        type: expect.stringMatching(/credential-in-clear$/),
      });
      expect(pointers(answer.body)).toEqual([`${pointer}${member}`]);
      expect(answer.body.errors[0].detail).toContain('SECRETS');
      expect(JSON.stringify(answer.body)).not.toContain(CANARY);
    }
    expect(JSON.stringify(harness.events.slice(before))).not.toContain(CANARY);
    expect(JSON.stringify((await harness.call('GET', `${PATH}/audit`)).body)).not.toContain(CANARY);
  });

  it('is refused with a user and a password in the URL', async () => {
    const answer = await put(path, body({ url: `http://probe:${CANARY}@ingress.example.com/` }));
    expect(answer.body.code).toBe('forbidden-address');
    expect(JSON.stringify(answer.body)).not.toContain(CANARY);
  });

  it('is refused with the name of a secret that the control plane does not have', async () => {
    const answer = await put(path, body({ headers: { Authorization: { secret: 'nobodys' } } }));
    expect([answer.status, answer.body.code]).toEqual([422, 'unknown-reference']);
    expect(pointers(answer.body)).toEqual([`${pointer}/headers/Authorization/secret`]);
  });

  it('takes the name of a secret, and shows it as it was declared', async () => {
    const headers = { Authorization: { secret: 'probe-token' } };
    const answer = await put(path, body({ headers }));
    expect(answer.status).toBe(200);
    expect((await harness.call('GET', path)).body).toMatchObject(body({ headers }));
  });

  it('is refused with a secret that may not be sent to its host', async () => {
    const sent = { url: 'http://evil.example.net/healthz', headers: { Authorization: { secret: 'probe-token' } } };
    const answer = await put(path, body(sent));
    expect(answer.body.code).toBe('unknown-reference');
    expect(answer.body.errors[0].detail).toContain('evil.example.net');
  });
});

describe('a secret', () => {
  const probe = (sent: Sent) => ({ ...cluster, probes: [{ type: 'http', url: URL_OF_INGRESS, ...sent }] });

  it('that agents alone send may be one that only they have', async () => {
    const sent = { from: 'agents', headers: { Authorization: { secret: 'of-the-agents' } } };
    expect((await put(`${PATH}/clusters/one`, probe(sent))).status).toBe(200);
  });

  it.each([
    ['a text too long', { 'X-Probe': 'x'.repeat(1025) }, '/headers/X-Probe'],
    ['a name that is none', { 'X-Probe': { secret: 'No Name' } }, '/headers/X-Probe/secret'],
    ['something beside its name', { 'X-Probe': { secret: 'probe-token', value: CANARY } }, '/headers/X-Probe/value'],
    ['the place of Host', { Host: { secret: 'probe-token' } }, '/headers'],
  ])('is refused with %s', async (_, headers, member) => {
    const answer = await put(`${PATH}/clusters/one`, probe({ from: 'agents', headers }));
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(pointers(answer.body)).toEqual([`#/probes/0${member}`]);
    expect(JSON.stringify(answer.body)).not.toContain(CANARY);
  });

  it('does not stand in the place of the header that names the cluster', async () => {
    const voter = { name: 'way', type: 'gateway-path', gateway: 'edge', url: URL_OF_INGRESS };
    const headers = { 'X-Fairlead-Cluster': { secret: 'probe-token' } };
    const answer = await put(PATH, { voters: [{ ...voter, headers }] });
    expect(pointers(answer.body)).toEqual(['#/voters/0/headers']);
  });

  it('in a manifest is refused at its place there', async () => {
    const spec = probe({ headers: { Cookie: `session=${CANARY}` } });
    const body = JSON.stringify({ apiVersion: 'fairlead.dev/v1', kind: 'Cluster', metadata: { name: 'one' }, spec });
    const headers = { 'Content-Type': 'application/yaml' };
    const answer = await harness.call('PUT', `${PATH}/manifest`, { body, headers });
    expect(answer.body.code).toBe('credential-in-clear');
    expect(pointers(answer.body)).toEqual(['documents/0#/spec/probes/0/headers/Cookie']);
  });
});

/** A store that writes the header X-Probe as Authorization, and so a declaration that releases took which knew no secrets. */
function storeOfBefore(): Pick<Deps, 'store'> {
  const { store } = harness.deps;
  const commit: typeof store.commit = (what) =>
    store.commit(JSON.parse(JSON.stringify(what).replaceAll('X-Probe', 'Authorization')));
  return { store: { ...store, commit } };
}

const soundOf = async (overrides: Partial<Deps> = {}) =>
  conditionOf((await harness.call('GET', PATH, {}, overrides)).body, 'PolicySound').message;

inProcess.describe('what an earlier release took', () => {
  const two = `${PATH}/clusters/two`;
  const old = { ...cluster, probes: [{ ...cluster.probes[0], headers: { Authorization: CANARY } }] };

  it('goes on, is named to people with its place, and is taken again only without the credential', async () => {
    const body = JSON.parse(JSON.stringify(old).replace('Authorization', 'X-Probe'));
    expect((await harness.call('PUT', two, { body }, storeOfBefore())).status).toBe(201);
    expect((await harness.call('GET', two)).body).toMatchObject(old);
    expect(await soundOf()).toContain('clusters/two#/probes/0/headers/Authorization: The header Authorization');
    expect(await soundOf()).not.toContain(CANARY);

    expect((await put(two, old)).status, 'nothing changes').toBe(200);
    expect((await put(two, { ...old, displayName: 'two' })).body.code).toBe('credential-in-clear');
    expect((await put(two, { ...cluster, displayName: 'two' })).status).toBe(200);
    expect(await soundOf()).not.toContain('clusters/two#');
    const back = { body: { revision: 1 }, headers: replacing };
    const rolledBack = await harness.call('POST', `${two}/rollback`, back);
    expect(rolledBack.body.code, 'no way back to the credential').toBe('credential-in-clear');
  });

  it('is named a hundred times at most', async () => {
    const headers = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`X-Probe-${index}`, CANARY]));
    const probes = Array.from({ length: 4 }, () => ({ ...cluster.probes[0], headers }));
    for (const name of ['many', 'more']) {
      const answer = await harness.call(
        'PUT',
        `${PATH}/clusters/${name}`,
        { body: { ...cluster, probes } },
        storeOfBefore(),
      );
      expect(answer.status).toBe(201);
    }
    const told = await soundOf();
    expect(told.match(/seems to hold a credential/g)).toHaveLength(100);
    expect(told).toContain('120 places');
  });

  it('does not keep anybody from pausing the fleet, nor does a secret that is gone', async () => {
    const gone = { secrets: createSecrets({}) };
    const controlTargets = [
      { type: 'http', url: URL_OF_INGRESS, headers: { Authorization: { secret: 'probe-token' } } },
    ];
    expect((await put(PATH, { controlTargets })).status).toBe(200);
    expect(await soundOf(gone)).toContain('#/controlTargets/0/headers/Authorization/secret: Nothing is sent');
    const paused = await harness.call('POST', `${PATH}/pause`, { body: { reason: 'an emergency' } }, gone);
    expect(paused.status).toBe(200);
    const renamed = await put(PATH, { controlTargets, displayName: 'shop' }, gone);
    expect(renamed.body.code).toBe('unknown-reference');
  });
});
