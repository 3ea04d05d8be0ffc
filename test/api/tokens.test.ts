import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityProviders, IdentityUnavailable } from '../../functions/deps.ts';
import { NO_IDENTITIES, seedAccess } from './access.ts';
import { create, createShop } from './fixtures.ts';
import { type Answer, type Call, type Harness, inProcess, type Json, startHarness } from './harness.ts';

let harness: Harness;
let count = 0;
/** The name of a token that no other test has. */
let name: string;

beforeAll(async () => {
  harness = await startHarness();
  await createShop(harness, 'shop');
  await createShop(harness, 'other', 'other.example.com');
});
afterAll(async () => await harness.close());
beforeEach(() => {
  name = `token-${++count}`;
});

const put = (path: string, body: object = {}) => harness.call('PUT', path, { body });
const make = async (token = name, body: object = {}): Promise<string> =>
  (await put(`/v1/tokens/${token}`, body)).body.token;
const grant = (role: string, more: object = {}, token = name) =>
  put(`/v1/grants/${token}-${role}`, { subject: { type: 'token', token }, role, fleets: ['shop'], ...more });
const as = (token: string, method: string, path: string, call: Call = {}, overrides = {}): Promise<Answer> =>
  harness.call(method, path, { ...call, headers: { Authorization: `Bearer ${token}`, ...call.headers } }, overrides);
const statusAs = async (token: string, atMs = Date.now()) => {
  const clock = { now: () => atMs, sleep: async () => undefined };
  return (await as(token, 'GET', '/v1/me', {}, { clock })).status;
};
const later = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe('a stored token', () => {
  it('is shown once, and opens what its grants say under its name', async () => {
    const made = await put(`/v1/tokens/${name}`, { description: 'pipeline' });
    expect(made.status).toBe(201);
    const { token, ...shown } = made.body;
    expect(token).toMatch(new RegExp(`^fl_${name}_[A-Za-z0-9_-]{43}$`));
    expect(shown).toMatchObject({ name, description: 'pipeline', secrets: [{ prefix: token.slice(0, -39) }] });
    expect((await as(token, 'GET', '/v1/fleets/shop')).body.code).toBe('not-found');
    expect((await grant('editor')).status).toBe(201);
    const headers = { 'If-Match': '*' };
    await expect.poll(() => statusOf(as(token, 'GET', '/v1/fleets/shop')), { timeout: 60_000 }).toBe(200);
    expect((await as(token, 'PUT', '/v1/fleets/shop', { body: { displayName: name }, headers })).status).toBe(200);
    expect((await harness.call('GET', '/v1/fleets/shop/audit?pageSize=1')).body.items[0].actor).toBe(name);
    const everywhere = await Promise.all(
      [`/v1/tokens/${name}`, '/v1/tokens?pageSize=200', '/v1/audit'].map((path) => harness.call('GET', path)),
    );
    expect(JSON.stringify(everywhere)).not.toContain(token.slice(-39));
    expect(JSON.stringify(everywhere)).not.toContain('hash');
  });

  it('is audited with its grants, and a dry run makes nothing', async () => {
    const dry = await put(`/v1/tokens/${name}?dryRun=true`);
    expect([dry.status, dry.body.token]).toEqual([200, undefined]);
    expect((await harness.call('GET', `/v1/tokens/${name}`)).status).toBe(404);
    await make();
    await grant('viewer');
    await harness.call('POST', `/v1/tokens/${name}/rotate`, { body: {} });
    await harness.call('DELETE', `/v1/tokens/${name}`);
    const { body } = await harness.call('GET', '/v1/audit?pageSize=4');
    expect(body.items.map(({ action, actor, target }: Json) => [action, actor, target])).toEqual([
      ['token.delete', 'api', { kind: 'token', name }],
      ['token.rotate', 'api', { kind: 'token', name }],
      ['grant.create', 'api', { kind: 'grant', name: `${name}-viewer` }],
      ['token.create', 'api', { kind: 'token', name }],
    ]);
    const [{ id }] = body.items;
    expect((await harness.call('GET', `/v1/audit/${id}`)).body).toEqual(body.items[0]);
  });

  it('takes no name of an actor that is no token', async () => {
    for (const taken of ['api', 'automation', 'anonymous']) expect((await put(`/v1/tokens/${taken}`)).status).toBe(400);
  });
});

const statusOf = async (answer: Promise<Answer>) => (await answer).status;

inProcess.describe('the end of a stored token', () => {
  it('comes with its expiry, and no sooner', async () => {
    const token = await make(name, { expiresAt: later(60).replace(/\.\d+Z$/, 'Z') });
    expect(await statusAs(token, Date.now() + 50_000)).toBe(200);
    expect(await statusAs(token, Date.now() + 61_000)).toBe(401);
  });

  it('comes five seconds after it was revoked at the latest, and it cannot be rotated then', async () => {
    const token = await make();
    expect(await statusAs(token)).toBe(200);
    expect((await harness.call('DELETE', `/v1/tokens/${name}`)).body.revokedAt).toBeDefined();
    expect(await statusAs(token, Date.now() + 6_000)).toBe(401);
    expect((await harness.call('POST', `/v1/tokens/${name}/rotate`, { body: {} })).body.code).toBe('already-ended');
    const again = await make();
    expect(await statusAs(again, Date.now() + 12_000)).toBe(200);
    expect(await statusAs(token, Date.now() + 12_000)).toBe(401);
  });

  it('comes for a secret when the time beside its successor is over, or when there is a third one', async () => {
    const rotate = async (overlapSeconds: number) =>
      (await harness.call('POST', `/v1/tokens/${name}/rotate`, { body: { overlapSeconds } })).body.token as string;
    const one = await make();
    const two = await rotate(100);
    const accepted = async (atMs: number, ...tokens: string[]) =>
      await Promise.all(tokens.map((token) => statusAs(token, atMs)));
    const now = Date.now() + 6_000;
    expect(await accepted(now, one, two)).toEqual([200, 200]);
    expect(await accepted(now + 100_000, one, two)).toEqual([401, 200]);
    const three = await rotate(100);
    expect(await accepted(now + 10_000, one, two, three)).toEqual([401, 200, 200]);
    const four = await rotate(0);
    expect(await accepted(now + 20_000, two, three, four)).toEqual([401, 401, 200]);
    expect((await harness.call('GET', `/v1/tokens/${name}`)).body.secrets).toHaveLength(1);
  });

  it('leaves nothing to whoever has it: they give access to nobody, from the next request on', async () => {
    const [thief, victim] = [await make(), `${name}-b`];
    await make(victim);
    await grant('admin', { fleets: ['*'] });
    const approval = `/v1/approvals/apr-${'0'.repeat(24)}`;
    const attempts: [string, string, object?][] = [
      // It comes first, because each refusal shows the others that the token was revoked.
      ['POST', '/v1/fleets/shop/voters/lab/enrolment'],
      ['PUT', `/v1/tokens/${name}`, {}],
      ['PUT', `/v1/tokens/${name}-c`, {}],
      ['PUT', `/v1/tokens/${victim}`, { description: 'mine' }],
      ['POST', `/v1/tokens/${victim}/rotate`, {}],
      ['DELETE', `/v1/tokens/${victim}`],
      ['PUT', '/v1/grants/more', { subject: { type: 'token', token: victim }, role: 'admin', fleets: ['*'] }],
      ['DELETE', `/v1/grants/${name}-admin`],
      ['POST', `${approval}/approve`, { digest: '0'.repeat(64) }],
      ['POST', `${approval}/reject`, { reason: 'r' }],
      ['PUT', '/v1/fleets/shop', { voters: [{ name: 'mine', type: 'alert', tokenHash: '0'.repeat(64) }] }],
      ['POST', '/v1/fleets/shop/rollback', { revision: 1 }],
    ];
    const clock = { now: () => Date.now() + 10_000, sleep: async () => undefined };
    const send = async ([method, path, body]: (typeof attempts)[number]) =>
      (await as(thief, method, path, body ? { body } : {}, { clock })).status;
    expect((await as(thief, 'GET', '/v1/me', {}, { clock })).status).toBe(200);
    expect(await send(['PUT', `/v1/tokens/${victim}`, { description: 'theirs' }])).toBe(200);
    await harness.call('DELETE', `/v1/tokens/${name}`);
    for (const attempt of attempts)
      expect([attempt[0], attempt[1], await send(attempt)]).toEqual([...attempt.slice(0, 2), 401]);
    expect((await harness.call('GET', `/v1/tokens/${name}`)).body.secrets).toEqual([]);
  });

  it('is not the end of a secret that was made a moment ago', async () => {
    const first = await make();
    expect(await statusAs(first)).toBe(200);
    const { token: second } = (await harness.call('POST', `/v1/tokens/${name}/rotate`, { body: {} })).body;
    expect([await statusAs(second), await statusAs(first), await statusAs(`${second.slice(0, -2)}AA`)]).toEqual([
      ...[200, 200, 401],
    ]);
  });

  it('does not come because its use cannot be recorded, which happens once in ten minutes', async () => {
    const token = await make();
    const failing = {
      ...harness.deps.store,
      putDocument: async () => {
        throw new Error('no room');
      },
    };
    expect((await as(token, 'GET', '/v1/me', {}, { store: failing })).status).toBe(200);
    const clock = { now: () => Date.now() + 6_000, sleep: async () => undefined };
    expect((await as(token, 'GET', '/v1/me', {}, { clock })).status).toBe(200);
    const { lastUsedAt } = (await harness.call('GET', `/v1/tokens/${name}`)).body;
    expect(lastUsedAt).toBeDefined();
    await statusAs(token, Date.now() + 300_000);
    expect((await harness.call('GET', `/v1/tokens/${name}`)).body.lastUsedAt).toBe(lastUsedAt);
    await statusAs(token, Date.now() + 700_000);
    expect((await harness.call('GET', `/v1/tokens/${name}`)).body.lastUsedAt > lastUsedAt).toBe(true);
  });
});

describe('a text that is no token', () => {
  it.each([
    ['fl_', 'fl__', 'fl_ci', 'fl_ci_', 'fl_CI_', 'fl_-_', 'fl_api_', 'fl_automation_'],
    [`fl_${'x'.repeat(64)}_${'A'.repeat(43)}`, `fl_ci_${'A'.repeat(42)}`, `fl_ci_${'A'.repeat(44)}`],
    [`fl_nobody_${'A'.repeat(43)}`, 'a.b.c', '..', '...', 'eyJhbGciOiJub25lIn0.e30.', 'x'.repeat(4_000)],
  ])('is not accepted: %s', async (...texts) => {
    for (const text of texts) {
      const answer = await as(text, 'GET', '/v1/me');
      expect([text, answer.status]).toEqual([text, 401]);
    }
  });
});

describe('a grant', () => {
  it.each<[string, object, string]>([
    ['of an agent without a voter', { role: 'agent' }, '#/voter'],
    ['of an agent everywhere', { role: 'agent', voter: 'a', fleets: ['*'] }, '#/fleets'],
    ['of an administrator of one fleet', { role: 'admin' }, '#/fleets'],
    ['of a viewer for one credential set', { role: 'viewer', credentials: ['default'] }, '#/credentials'],
    ['of an editor for a voter', { role: 'editor', voter: 'a' }, '#/voter'],
    ['in no fleet', { role: 'viewer', fleets: [] }, '#/fleets'],
    ['of a role that is none', { role: 'root' }, '#/role'],
  ])('%s is refused', async (_, body, pointer) => {
    const { body: problem } = await grant('viewer', body);
    expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(['invalid-request', pointer]);
  });

  it('to a token, an issuer or a credential set that does not exist is refused', async () => {
    const pointersOf = async (body: object) =>
      (await put(`/v1/grants/${name}`, { role: 'editor', fleets: ['shop'], ...body })).body.errors.map(
        ({ pointer }: Json) => pointer,
      );
    expect(await pointersOf({ subject: { type: 'token', token: name } })).toEqual(['#/subject/token']);
    const issuer = 'https://elsewhere.example.com';
    expect(await pointersOf({ subject: { type: 'oidc-subject', issuer, subject: 's' } })).toEqual(['#/subject/issuer']);
    await make();
    const narrowed = { subject: { type: 'token', token: name }, credentials: ['default', 'none'] };
    expect(await pointersOf(narrowed)).toEqual(['#/credentials/1']);
  });

  it('is taken away, listed by pages, and unchanged when it is sent again', async () => {
    await make();
    await grant('viewer');
    const path = `/v1/grants/${name}-viewer`;
    const { body } = await harness.call('GET', path);
    expect((await grant('viewer')).body).toEqual(body);
    const { items, nextPageToken } = (await harness.call('GET', '/v1/grants?pageSize=1')).body;
    const next = await harness.call('GET', `/v1/grants?pageSize=1&pageToken=${nextPageToken}`);
    expect([next.status, next.body.items[0].name > items[0].name]).toEqual([200, true]);
    expect((await harness.call('DELETE', path)).status).toBe(204);
    expect((await harness.call('DELETE', path)).status).toBe(404);
  });

  it('that is narrowed lets through the gateways that it names, in declarations, in traffic and in applies', async () => {
    const [narrow, elsewhere] = [`${name}-a`, `${name}-b`];
    const tokens = [await make(narrow), await make(elsewhere)] as const;
    await grant('editor', { instances: ['alb-0123456789abcdef'] }, narrow);
    await grant('editor', { instances: ['alb-of-somebody-else'] }, elsewhere);
    const reason = { cluster: 'one', percent: 0, reason: 'r', expiresAt: later(3600) };
    const voters = [
      { name: 'edge', type: 'edge' },
      { name: 'lab', type: 'agent' },
    ];
    await harness.call('PUT', '/v1/fleets/shop', { body: { voters }, headers: { 'If-Match': '*' } });
    const of = (one: number) =>
      ['one', 'two'].map((cluster, index) => ({ cluster, weight: index === 0 ? one : 100 - one }));
    await create(harness, '/v1/fleets/shop/distributions/main', { strategy: 'weighted', clusters: of(90) });
    const started = await harness.call('POST', '/v1/fleets/shop/distributions/main/rollouts', {
      body: { clusters: of(50), steps: [{ percent: 10, waitSeconds: 300 }, { percent: 50 }], reason: 'r' },
    });
    const rollout = `/v1/fleets/shop/distributions/main/rollouts/${started.body.id}`;
    const writes: [string, string, object?][] = [
      [
        'PUT',
        '/v1/fleets/shop/gateways/edge?dryRun=true',
        (
          await harness.call('GET', '/v1/fleets/shop/manifest', { headers: { Accept: 'application/json' } })
        ).body.items.find(({ kind }: Json) => kind === 'Gateway').spec,
      ],
      ['DELETE', '/v1/fleets/shop/routes/checkout?dryRun=true'],
      ['PUT', '/v1/fleets/shop/shifts/move?dryRun=true', reason],
      ['POST', '/v1/fleets/shop/gateways/edge/apply?dryRun=true'],
      ['POST', '/v1/fleets/shop/pause?dryRun=true', { reason: 'r' }],
      ['POST', '/v1/fleets/shop/voters/lab/enrolment?dryRun=true'],
      ['DELETE', '/v1/fleets/shop/voters/lab/enrolment?dryRun=true'],
      ['POST', `${rollout}/pause?dryRun=true`, { reason: 'r' }],
      ['POST', `${rollout}/resume?dryRun=true`],
    ];
    writes[0] = ['PUT', writes[0]?.[1] ?? '', { ...writes[0]?.[2], displayName: 'changed' }];
    for (const [method, path, body] of writes) {
      const call = { headers: { 'If-Match': '*' }, ...(body && { body }) };
      const headers = method === 'POST' || path.includes('shifts') ? {} : call.headers;
      expect([path, (await as(tokens[0], method, path, { ...call, headers })).status]).toEqual([path, 200]);
      const refused = await as(tokens[1], method, path, { ...call, headers });
      expect([path, refused.body.code]).toEqual([path, 'forbidden']);
      expect(refused.body.detail).toContain('for instance alb-0123456789abcdef and credential set default');
    }
  });
});

inProcess.describe('the last administrator', () => {
  const withoutSetting = () => ({ settings: { ...harness.deps.settings, hasToken: false } });
  const administrator = async () => {
    await seedAccess(harness.deps.store, []);
    const token = await make();
    await grant('admin', { fleets: ['*'] });
    return token;
  };

  it('is not taken away: not by the grant, not by its change, not by the token, nor by an expiry that is over', async () => {
    await administrator();
    const path = `/v1/grants/${name}-admin`;
    const viewer = { subject: { type: 'token', token: name }, role: 'viewer', fleets: ['*'] };
    const attempts: [string, string, object?][] = [
      ['DELETE', path],
      ['PUT', path, viewer],
      ['DELETE', `/v1/tokens/${name}`],
      ['PUT', `/v1/tokens/${name}`, { expiresAt: '2026-01-01T00:00:00Z' }],
    ];
    for (const [method, at, body] of attempts) {
      const answer = await harness.call(method, at, body ? { body } : {}, withoutSetting());
      expect([method, at, answer.body?.code]).toEqual([method, at, 'last-administrator']);
    }
    for (const [method, at, body] of attempts.slice(0, 2)) {
      expect((await harness.call(method, `${at}?dryRun=true`, body ? { body } : {})).status).toBe(200);
    }
    await make(`${name}-b`);
    await grant('admin', { fleets: ['*'] }, `${name}-b`);
    expect((await harness.call('DELETE', `/v1/tokens/${name}`, {}, withoutSetting())).status).toBe(200);
    expect((await harness.call('DELETE', `/v1/tokens/${name}-b`, {}, withoutSetting())).body.code).toBe(
      'last-administrator',
    );
  });

  const over = { expiresAt: '2026-01-01T00:00:00Z' };
  it.each<[string, [string, string, object?][]]>([
    [
      'a token and a grant',
      [
        ['DELETE', '/v1/tokens/NAME'],
        ['DELETE', '/v1/grants/NAME-b-admin'],
      ],
    ],
    [
      'two tokens, revoked',
      [
        ['DELETE', '/v1/tokens/NAME'],
        ['DELETE', '/v1/tokens/NAME-b'],
      ],
    ],
    [
      'two tokens, one revoked, one expired',
      [
        ['DELETE', '/v1/tokens/NAME'],
        ['PUT', '/v1/tokens/NAME-b', over],
      ],
    ],
    [
      'two tokens, expired',
      [
        ['PUT', '/v1/tokens/NAME', over],
        ['PUT', '/v1/tokens/NAME-b', over],
      ],
    ],
  ])('is left when two are taken away at the same time: %s', async (_, requests) => {
    await administrator();
    await make(`${name}-b`);
    await grant('admin', { fleets: ['*'] }, `${name}-b`);
    const answers = await Promise.all(
      requests.map(([method, path, body]) =>
        harness.call(method, path.replace('NAME', name), body ? { body } : {}, withoutSetting()),
      ),
    );
    expect(answers.filter(({ body }) => body?.code === 'last-administrator')).toHaveLength(1);
  });
});

inProcess.describe('somebody whom an identity provider vouches for', () => {
  const issuer = 'https://ci.example.com';
  const JWT = 'e30.e30.e30';
  const identity = { provider: 'ci', issuer, subject: 'repo:shop', groups: ['ops'], expiresAt: later(600) };
  const vouching = (verify: IdentityProviders['verify']) => ({ identities: { issuers: [issuer], verify } });

  it('has the grants of the subject and of the groups, and an actor of their own', async () => {
    const overrides = vouching(async () => identity);
    const give = async (grantName: string, subject: object, body: object) =>
      await harness.call('PUT', `/v1/grants/${grantName}`, { body: { subject, ...body } }, overrides);
    await give('ci-shop', { type: 'oidc-subject', issuer, subject: 'repo:shop' }, { role: 'editor', fleets: ['shop'] });
    await give('ops-view', { type: 'oidc-group', issuer, group: 'ops' }, { role: 'viewer', fleets: ['other'] });
    await give('dev-edit', { type: 'oidc-group', issuer, group: 'dev' }, { role: 'editor', fleets: ['other'] });
    const me = await as(JWT, 'GET', '/v1/me', {}, overrides);
    expect(me.body).toEqual({
      ...{ actor: 'oidc:ci:repo:shop', kind: 'oidc', expiresAt: identity.expiresAt },
      grants: [
        { role: 'editor', fleets: ['shop'] },
        { role: 'viewer', fleets: ['other'] },
      ],
      permissions: [
        { fleet: 'other', permissions: ['read'] },
        { fleet: 'shop', permissions: ['declare', 'operate', 'probe', 'read'] },
      ],
    });
    expect((await as(JWT, 'POST', '/v1/fleets/other/pause', { body: { reason: 'r' } }, overrides)).body.detail).toBe(
      'This needs the permission operate in fleet other, which comes with the role operator, editor, or admin.',
    );
  });

  it('is told to try again while nobody can tell, and is refused when the token is not accepted', async () => {
    const silent = vouching(async () => {
      throw new IdentityUnavailable('ci');
    });
    const unavailable = await as(JWT, 'GET', '/v1/me', {}, silent);
    expect([unavailable.status, unavailable.body.code]).toEqual([503, 'unavailable']);
    expect((await as(JWT, 'GET', '/v1/me', {}, { identities: NO_IDENTITIES })).body.code).toBe('invalid-token');
  });
});
