import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HeldGrant, INSTALLATION } from '../../functions/core/access/principal.ts';
import { type Deps, type DocumentKind, type Store, StoreUnavailable } from '../../functions/deps.ts';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { person, type Seeded, seedAccess, storedToken } from './access.ts';
import { cluster, create, service } from './fixtures.ts';
import { type Answer, type Harness, inProcess, type Json, startHarness, TOKEN } from './harness.ts';

let harness: Harness;

/** An administrator, who may ask for grants and approve what others ask for. */
const admin = (name: string) => only(name, 'admin', ['*']);
const only = (name: string, role: HeldGrant['role'], fleets: string[]): Seeded => ({
  name,
  grants: [{ role, fleets }],
});

beforeAll(async () => {
  harness = await startHarness();
  const others = [only('vic', 'viewer', ['*']), only('eve', 'editor', ['*']), only('zoe', 'editor', ['elsewhere'])];
  const ivy = { ...person('ivy'), token: { expiresAt: '2026-01-01T00:00:00.000Z' } };
  await seedAccess(harness.deps.store, [person('ada'), person('bob'), admin('ann'), admin('ben'), ivy, ...others]);
});

afterAll(async () => await harness.close());

interface Sent {
  by?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  overrides?: Partial<Deps>;
}

async function call(method: string, path: string, { by, body, headers, overrides }: Sent = {}): Promise<Answer> {
  const Authorization = `Bearer ${by === undefined ? TOKEN : storedToken(by)}`;
  const given = { ...(headers ?? { 'If-Match': '*' }), Authorization };
  return await harness.call(method, path, { body, headers: given }, overrides);
}

const REQUIRED = ['break-glass', 'prune', 'delete-instance', 'voter-key', 'grant'];
const VALID_MS = 3_600_000;
const approvals = { required: REQUIRED, validSeconds: VALID_MS / 1000 };
const KEY = 'A'.repeat(43);
const agent = (key: string) => ({ name: 'lab', type: 'agent', publicKey: `${key}=` });
const voters = [{ name: 'edge', type: 'edge' }, agent(KEY), { name: 'annex', type: 'agent' }];
const fleet = { automation: 'recommend', voters, approvals };
const provision = {
  ...{ provider: 'alb', regionId: 'cn-hangzhou', vpcId: 'vpc-1', listeners: [{ port: 80 }] },
  zones: ['h', 'i'].map((zone) => ({ zoneId: `cn-hangzhou-${zone}`, vSwitchId: `vsw-${zone}` })),
};

/** A fleet that asks for everything, with a cluster and a service that a manifest may prune. */
async function createFleet(name: string): Promise<string> {
  const path = `/v1/fleets/${name}`;
  await create(harness, path, { ...fleet, approvals: undefined });
  await create(harness, `${path}/clusters/one`, cluster);
  await create(harness, `${path}/services/checkout`, { ...service, exports: [{ cluster: 'one' }] });
  await create(harness, `${path}/gateways/own`, {
    provision,
  });
  expect((await call('PUT', path, { body: fleet })).status).toBe(200);
  return path;
}

const MANIFEST = { apiVersion: 'fairlead.dev/v1', kind: 'Cluster', metadata: { name: 'one' }, spec: cluster };
const inADay = new Date(Date.now() + 86_400_000).toISOString();

/** A request that is protected, and the test that it was carried out. */
interface Case {
  action: string;
  method: string;
  /** The path under the fleet, or from the root. */
  path: string;
  body?: unknown;
  /** The requester. */
  by: string;
  approver: string;
  /** A sentence that tells the approver what would happen. */
  says: string;
  /** A request whose answer tells whether the action was carried out. */
  isDone(path: string): Promise<boolean>;
}

const isGone = (what: string) => async (path: string) => (await call('GET', path + what)).status === 404;
const isThere = (what: string) => async (path: string) => (await call('GET', path + what)).status === 200;
const people = { by: 'ada', approver: 'bob' } as const;
const admins = { by: 'ann', approver: 'ben' } as const;

const CASES: Record<string, Case> = {
  'setting rules aside': {
    ...{ ...people, action: 'break-glass', method: 'PUT', path: '/break-glasses/g' },
    body: { rules: ['min-serving'], reason: 'a move', expiresAt: inADay },
    says: `Sets the safety rules min-serving aside until ${inADay}: a move.`,
    isDone: isThere('/break-glasses/g'),
  },
  'a manifest that prunes': {
    ...{ ...people, action: 'prune', method: 'PUT', path: '/manifest?prune=true', body: MANIFEST },
    says: 'Deletes the service checkout.',
    isDone: isGone('/services/checkout'),
  },
  'deleting an instance': {
    ...{ ...people, action: 'delete-instance', method: 'DELETE', path: '/gateways/own?deleteInstance=true' },
    says: 'Deletes the instance of own at the cloud, with everything on it.',
    isDone: isGone('/gateways/own'),
  },
  'another key of a voter': {
    ...{ ...people, action: 'voter-key', method: 'PUT', path: '' },
    body: { ...fleet, voters: [fleet.voters[0], agent(`B${KEY.slice(1)}`), fleet.voters[2]] },
    says: 'Changes who may vote as lab.',
    isDone: async (path) => (await call('GET', path)).body.voters[1].publicKey.startsWith('B'),
  },
  'an enrolment token, which gives a voter a key': {
    ...{ ...people, action: 'voter-key', method: 'POST', path: '/voters/annex/enrolment' },
    says: 'Makes an enrolment token, with which an agent gives voter annex a new key.',
    isDone: async (path) => (await call('GET', `${path}/voters/annex/enrolment`)).body.invitation !== undefined,
  },
  'a rollback of the fleet to before it asked for approvals': {
    ...{ ...people, action: 'lower-approvals', method: 'POST', path: '/rollback', body: { revision: 1 } },
    says: `No longer asks for the approval of ${REQUIRED.join(', ')}.`,
    isDone: async (path) => (await call('GET', path)).body.approvals === undefined,
  },
  'a grant for oneself': {
    ...{ ...admins, action: 'grant', method: 'PUT', path: '/v1/grants/more' },
    body: { subject: { type: 'token', token: 'ann' }, role: 'editor', fleets: ['*'] },
    says: 'Gives the role editor in every fleet to the token ann, by the grant more.',
    isDone: async () => (await call('GET', '/v1/grants/more')).status === 200,
  },
  "a secret of an approver's token": {
    ...{ ...admins, action: 'grant', method: 'POST', path: '/v1/tokens/bob/rotate', body: {} },
    says: 'Makes a new secret for the token bob, which has the roles editor, approver.',
    isDone: async () => (await call('GET', '/v1/tokens/bob')).body.secrets.length === 2,
  },
  "a later expiry of an approver's token, which has expired": {
    ...{ ...admins, action: 'grant', method: 'PUT', path: '/v1/tokens/ivy', body: { expiresAt: inADay } },
    says: `Lets the token ivy, which has the roles editor, approver, be used until ${inADay}.`,
    isDone: async () => (await call('GET', '/v1/tokens/ivy')).body.expiresAt === inADay,
  },
};

const later = { overrides: { clock: { now: () => Date.now() + 2 * VALID_MS, sleep: async () => undefined } } };

/** A store that fails at the write that carries a request out: before it is written, or after it. */
function failing(moment: 'before' | 'after'): Partial<Deps> {
  const { store } = harness.deps;
  const broken =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (moment === 'after') await write(...args);
      throw new StoreUnavailable({ trouble: 'unreachable', code: 'Nowhere', message: 'The store does not answer.' });
    };
  const { commit, decide, beginManifestWrite, putDocuments } = store;
  const writes: Partial<Store> = {
    commit: broken(commit),
    decide: broken(decide),
    beginManifestWrite: broken(beginManifestWrite),
    putDocuments: broken(putDocuments),
  };
  return { store: { ...store, ...writes } };
}

describe.each(Object.entries(CASES))(
  '%s',
  (title, { action, method, path: under, body, by, approver, says, isDone }) => {
    const isOfFleet = !under.startsWith('/v1/');
    const url = () => (isOfFleet ? path + under : under);
    const place = () => (isOfFleet ? path : '/v1');
    let path = '';
    let id = '';
    let digest = '';

    beforeAll(async () => {
      path = await createFleet(`f${Object.keys(CASES).indexOf(title)}`);
    });

    const send = (sent: Sent = {}) => call(method, url(), { by, body, ...sent });
    const dry = () => call(method, `${url()}${under.includes('?') ? '&' : '?'}dryRun=true`, { by, body });
    const approval = async () => (await call('GET', `${place()}/approvals/${id}`)).body;
    const decide = (verb: string, who: string | undefined, given: object) =>
      call('POST', `${place()}/approvals/${id}/${verb}`, { by: who, body: given });
    const uses = async (): Promise<Json[]> =>
      (await call('GET', `${place()}/audit?pageSize=200`)).body.items.filter(
        // An instance is gone before its gateway is, and each attempt to delete it is told.
        (event: Json) => event.approval?.id === id && event.action !== 'gateway.delete-instance',
      );
    const needIn = ({ body: shown }: Answer) => shown.approval ?? shown.dryRun.approval;

    it('changes nothing without an approval, and asks for one once', async () => {
      expect(needIn(await dry())).toMatchObject({ actions: [action], state: 'missing' });
      const answer = await send();
      expect(answer.body).toMatchObject({ status: 409, code: 'approval-required', approval: { state: 'pending' } });
      ({ id, digest } = answer.body.approval);
      expect(answer.headers.get('Location')).toBe(`${place()}/approvals/${id}`);
      expect(await approval()).toMatchObject({
        actions: [action],
        requestedBy: by,
        summary: expect.arrayContaining([says]),
      });
      expect((await send()).body.approval.id).toBe(id);
      const { items } = (await call('GET', `${place()}/approvals`)).body;
      expect(items.filter((item: Json) => item.digest === digest)).toHaveLength(1);
      expect(needIn(await dry())).toEqual({ actions: [action], digest, state: 'pending', approval: id });
      expect(await isDone(path)).toBe(false);
    });

    it('is not approved by its requester, by who may not approve, or as another plan', async () => {
      expect((await decide('approve', by, { digest })).body.code).toBe('own-request');
      for (const who of ['vic', 'eve']) expect((await decide('approve', who, { digest })).body.code).toBe('forbidden');
      const hidden = await decide('approve', 'zoe', { digest });
      expect(hidden.body.code).toBe(isOfFleet ? 'not-found' : 'forbidden');
      expect((await decide('approve', approver, { digest: '0'.repeat(64) })).body.code).toBe('stale-plan');
      expect((await send()).body.code).toBe('approval-required');
      expect(await isDone(path)).toBe(false);
    });

    inProcess.it('is not carried out with an approval that has expired', async () => {
      expect((await decide('approve', approver, { digest })).body).toMatchObject({ state: 'approved' });
      expect((await send(later)).body).toMatchObject({ code: 'approval-required', approval: { id, state: 'pending' } });
      expect(await isDone(path)).toBe(false);
    });

    it('is not carried out for somebody else with the approval of the requester', async () => {
      const answer = await send({ by: approver });
      expect(answer.body).toMatchObject({ code: 'approval-required', approval: { requestedBy: approver } });
      expect(answer.body.approval).toMatchObject({ digest, id: expect.not.stringMatching(id) });
      expect(await isDone(path)).toBe(false);
    });

    inProcess.it('keeps its approval when the process dies before the write', async () => {
      expect((await decide('approve', approver, { digest })).body).toMatchObject({
        state: 'approved',
        decidedBy: approver,
      });
      expect(needIn(await dry())).toMatchObject({ state: 'approved', approval: id });
      expect((await send({ overrides: failing('before') })).status).toBe(503);
      expect(await approval()).toMatchObject({ state: 'approved' });
      expect(await isDone(path)).toBe(false);
    });

    it('is carried out once with an approval, by two that come at once and by a repetition', async () => {
      await decide('approve', approver, { digest });
      const answers = await Promise.all([send(), send()]);
      expect(answers.some(({ status }) => status < 300)).toBe(true);
      expect(await isDone(path)).toBe(true);
      // Whoever comes second may have read the state before the first write, and asks anew for a plan that is over.
      expect((await approval()).state).toMatch(/^(used|pending)$/);
      await send();
      expect(await uses()).toMatchObject([{ actor: by, approval: { id, approvedBy: approver } }]);
    });
  },
);

describe('an approval', () => {
  let path = '';
  beforeAll(async () => {
    path = await createFleet('rules');
  });

  const ask = (sent: Sent & { glass?: object } = {}) =>
    call('PUT', `${path}/break-glasses/g`, {
      by: 'ada',
      body: { rules: ['min-serving'], reason: 'a move', expiresAt: inADay, ...sent.glass },
      ...sent,
    });
  const decide = (id: string, verb: string, body: object) =>
    call('POST', `${path}/approvals/${id}/${verb}`, { by: 'bob', body });

  it('is for one plan: when the fleet moves, another one is asked for', async () => {
    const { id, digest } = (await ask()).body.approval;
    expect((await decide(id, 'approve', { digest })).status).toBe(200);
    expect((await call('PUT', path, { by: 'ada', body: { ...fleet, displayName: 'moved' } })).status).toBe(200);
    const again = (await ask()).body;
    expect(again.code).toBe('approval-required');
    expect(again.approval.digest).not.toBe(digest);
  });

  it.each(['setting rules aside', 'an enrolment token, which gives a voter a key'])(
    'of %s is for one fleet: another one of its name asks anew',
    async (title) => {
      const { method, path: under, body, by, approver } = CASES[title] as Case;
      const reborn = `/v1/fleets/reborn-${method.toLowerCase()}`;
      const approved = async (send: () => Promise<Answer>) => {
        const { id, digest } = (await send()).body.approval;
        await call('POST', `${reborn}/approvals/${id}/approve`, { by: approver, body: { digest } });
        return digest;
      };
      const send = () => call(method, reborn + under, { by, body });
      await create(harness, reborn, fleet);
      const digest = await approved(send);
      await approved(() => call('DELETE', reborn, { by }));
      expect((await call('DELETE', reborn, { by })).status).toBe(204);
      await create(harness, reborn, fleet);
      const again = (await send()).body;
      expect([again.code, again.approval?.digest === digest]).toEqual(['approval-required', false]);
    },
  );

  it('of a grant is for the secrets that its token has: when it gets another one, another approval is asked for', async () => {
    const [by, token] = ['ann', 'pipeline'];
    const put = () =>
      call('PUT', '/v1/grants/pipeline', {
        ...{ by, body: { subject: { type: 'token', token }, role: 'approver', fleets: ['*'] } },
      });
    await call('PUT', `/v1/tokens/${token}`, { by, body: {} });
    const approve = async ({ id, digest }: Json) =>
      await call('POST', `/v1/approvals/${id}/approve`, { by: 'ben', body: { digest } });
    const first = (await put()).body.approval;
    expect((await approve(first)).body.state).toBe('approved');
    expect((await call('POST', `/v1/tokens/${token}/rotate`, { by, body: {} })).status).toBe(201);
    const second = (await put()).body.approval;
    expect([second.state, second.digest === first.digest]).toEqual(['pending', false]);
    expect((await call('GET', '/v1/grants/pipeline')).status).toBe(404);
    await approve(second);
    expect((await put()).status).toBe(201);
  });

  it('is asked for when a token is to be used for longer than until tomorrow, and not when it ends sooner', async () => {
    const needOf = async (body: object) =>
      (await call('PUT', '/v1/tokens/ivy?dryRun=true', { by: 'ann', body })).body.dryRun?.approval?.state;
    const at = (hours: number) => ({ expiresAt: new Date(Date.now() + hours * 3_600_000).toISOString() });
    expect([await needOf(at(48)), await needOf({}), await needOf(at(1))]).toEqual(['missing', 'missing', undefined]);
  });

  it('of a grant is not used while its token gets another secret at the same time', async () => {
    const [by, token] = ['ann', 'racer'];
    const put = () =>
      call('PUT', '/v1/grants/racer', {
        ...{ by, body: { subject: { type: 'token', token }, role: 'approver', fleets: ['*'] } },
      });
    await call('PUT', `/v1/tokens/${token}`, { by, body: {} });
    const { id, digest } = (await put()).body.approval;
    await call('POST', `/v1/approvals/${id}/approve`, { by: 'ben', body: { digest } });
    const [granted, rotated] = await Promise.all([put(), call('POST', `/v1/tokens/${token}/rotate`, { by, body: {} })]);
    // Either the grant came first, and the secret takes an approval, or the secret did, and the grant takes another one.
    expect([granted.body?.code, rotated.body?.code].filter((code) => code === 'approval-required')).toHaveLength(1);
  });

  inProcess.it('that waits is told of as an incident, until somebody has decided', async () => {
    const { id } = (await ask()).body.approval;
    const isOpen = async () => {
      await notifyIncidents(harness.deps);
      const told = await harness.deps.store.document('rules', 'told', 'rules');
      const incident = told?.body.open[`rules/approval/${id}/waiting`];
      return incident !== undefined && incident.goneSinceMs === undefined;
    };
    expect(await isOpen()).toBe(true);
    await decide(id, 'reject', { reason: 'to be asked again' });
    expect(await isOpen()).toBe(false);
  });

  it('that was rejected refuses the request, and may not be approved after all', async () => {
    const glass = { reason: 'yet another move' };
    const { id, digest } = (await ask({ glass })).body.approval;
    expect((await decide(id, 'approve', { digest })).body.state).toBe('approved');
    expect((await decide(id, 'reject', { reason: 'not today' })).body).toMatchObject({ rejection: 'not today' });
    expect((await ask({ glass })).body).toMatchObject({
      code: 'approval-rejected',
      approval: { id, state: 'rejected' },
    });
    expect((await decide(id, 'approve', { digest })).body.code).toBe('already-ended');
    expect((await call('GET', `${path}/break-glasses/g`)).status).toBe(404);
  });

  inProcess.it('is used when the process dies after the write', async () => {
    const glass = { reason: 'another move' };
    const { id, digest } = (await ask({ glass })).body.approval;
    await decide(id, 'approve', { digest });
    expect((await ask({ glass, overrides: failing('after') })).status).toBe(503);
    expect((await call('GET', `${path}/approvals/${id}`)).body.state).toBe('used');
    expect((await call('GET', `${path}/break-glasses/g`)).body.state).toBe('live');
  });

  it('is audited when it is asked for, approved and rejected, and not as a refusal', async () => {
    const events: Json[] = (await call('GET', `${path}/audit?kind=approval&pageSize=200`)).body.items;
    const told = events.map(({ action, actor }) => `${action} by ${actor}`);
    expect(new Set(told)).toEqual(
      new Set(['approval.requested by ada', 'approval.approved by bob', 'approval.rejected by bob']),
    );
    const refused: Json[] = (await call('GET', `${path}/audit?action=break-glass.refused`)).body.items;
    expect(refused.map(({ reason }) => reason.split(':')[0])).toEqual(['approval-rejected']);
  });
});

describe('what is not protected', () => {
  let path = '';
  beforeAll(async () => {
    path = await createFleet('free');
  });

  it('goes on: evacuations, shifts, the end of a break-glass, and other declarations', async () => {
    const shift = { cluster: 'one', percent: 50, reason: 'heat', expiresAt: inADay };
    expect((await call('PUT', `${path}/shifts/s`, { by: 'ada', body: shift })).status).toBe(201);
    const evacuation = { cluster: 'one', reason: 'fire' };
    const answer = await call('POST', `${path}/evacuations`, { by: 'ada', body: evacuation });
    expect(answer.body.code).not.toBe('approval-required');
    const labelled = { ...fleet, labels: { tier: 'gold' } };
    expect((await call('PUT', path, { by: 'ada', body: labelled })).status).toBe(200);
    expect((await call('DELETE', `${path}/services/checkout`, { by: 'ada' })).status).toBe(204);
  });

  it('raises what is asked for, and never lowers it', async () => {
    const [first, ...rest] = REQUIRED;
    const of = (required: (string | undefined)[], validSeconds = 3600) =>
      call('PUT', path, { by: 'ada', body: { ...fleet, approvals: { required, validSeconds } } });
    expect((await of(rest)).body).toMatchObject({
      code: 'approval-required',
      approval: { actions: ['lower-approvals'], summary: [expect.any(String), expect.stringContaining(`${first}`)] },
    });
    expect((await of(REQUIRED, 7200)).body.code).toBe('approval-required');
    expect((await of(REQUIRED, 1800)).status).toBe(200);
    expect((await call('DELETE', path, { by: 'ada' })).body.code).toBe('still-referenced');
  });

  inProcess.it('is no token whose record is gone, while grants still name it', async () => {
    const { store } = harness.deps;
    const document = async (place: string, kind: DocumentKind, id: string) =>
      kind === 'token' && id === 'bob' ? undefined : await store.document(place, kind, id);
    const overrides = { store: { ...store, document: document as Store['document'] } };
    const answer = await call('PUT', '/v1/tokens/bob', { by: 'ann', body: {}, overrides });
    expect(answer.body.code).toBe('approval-required');
  });

  inProcess.it('is nothing in a fleet for which nobody but its declarer could approve: that is refused', async () => {
    const { store, settings } = harness.deps;
    const grants = await store.document(INSTALLATION, 'grants', 'grants');
    const own = grants?.body.grants.filter(({ subject }) => subject.type === 'token' && subject.token === 'ada');
    const document = async (place: string, kind: DocumentKind, id: string) =>
      kind === 'grants' ? { ...grants, body: { grants: own } } : await store.document(place, kind, id);
    const alone = { ...store, document: document as Store['document'] };
    const declare = (name: string, overrides: Partial<Deps>) =>
      call('PUT', `/v1/fleets/${name}`, {
        ...{ by: 'ada', body: { approvals: { required: ['prune'] } }, headers: { 'If-None-Match': '*' } },
        overrides: { ...overrides, settings: { ...settings, hasToken: false } },
      });
    const refused = (await declare('alone', { store: alone })).body;
    expect(refused).toMatchObject({ code: 'conflicting-declaration', errors: [{ pointer: '#/approvals/required' }] });
    expect((await declare('together', {})).status).toBe(201);
  });

  it('is every grant and every secret that no protected fleet knows', async () => {
    const body = { subject: { type: 'token', token: 'vic' }, role: 'viewer', fleets: ['elsewhere'] };
    expect((await call('PUT', '/v1/grants/away', { by: 'ann', body })).status).toBe(201);
    expect((await call('POST', '/v1/tokens/vic/rotate', { by: 'ann', body: {} })).status).toBe(201);
    expect((await call('POST', '/v1/tokens/ann/rotate', { by: 'ann', body: {} })).status).toBe(201);
    expect((await call('POST', '/v1/tokens/eve/rotate', { by: 'ann', body: {} })).body.code).toBe('approval-required');
    expect((await call('DELETE', '/v1/tokens/eve', { by: 'ann' })).status).toBe(200);
    const again = await call('PUT', '/v1/tokens/eve', { by: 'ann', body: {} });
    expect(again.body.code).toBe('approval-required');
    expect((await call('PUT', '/v1/tokens/newcomer', { by: 'ann', body: {} })).status).toBe(201);
    expect((await call('DELETE', '/v1/grants/vic-0', { by: 'ann' })).status).toBe(204);
  });
});
