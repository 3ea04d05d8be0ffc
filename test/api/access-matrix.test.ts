import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../functions/api/endpoints/index.ts';
import { type Endpoint, NO_BODY } from '../../functions/api/http/endpoint.ts';
import type { Place } from '../../functions/core/access/access.ts';
import { ROLES, rolesWith } from '../../functions/core/access/roles.ts';
import type { Permission, Role } from '../../schemas/access.ts';
import document from '../../schemas/openapi.json' with { type: 'json' };
import { type Seeded, seedAccess, storedToken } from './access.ts';
import { create, createShop } from './fixtures.ts';
import { type Answer, type Harness, type Json, startHarness } from './harness.ts';
import { testProvider } from './identities.ts';
import { bodyOf, pathOf } from './table.ts';

const roles = Object.keys(ROLES) as Role[];
const ofVoter = (role: Role, voter: string) => (role === 'agent' || role === 'alert' ? { voter } : {});

/** A token of each role: everywhere, in the shop alone, in another fleet alone, and in the shop for another voter. */
const people: Seeded[] = roles.flatMap((role) => [
  { name: `all-${role}`, grants: [{ role, fleets: ['*'], ...ofVoter(role, 'voter') }] },
  { name: `shop-${role}`, grants: [{ role, fleets: ['shop'], ...ofVoter(role, 'voter') }] },
  { name: `other-${role}`, grants: [{ role, fleets: ['other'], ...ofVoter(role, 'voter') }] },
  { name: `stranger-${role}`, grants: [{ role, fleets: ['shop'], voter: 'stranger' }] },
]);

const everything = roles.map((role) => ({ role, fleets: ['*'] }));
const past = '2026-01-02T00:00:00.000Z';
const gone: Seeded[] = [
  { name: 'expired', grants: everything, token: { expiresAt: past } },
  { name: 'revoked', grants: everything, token: { revokedAt: past, secrets: [] } },
];

let harness: Harness;
let identities: Seeded[];
/** Tokens of the identity provider that are not accepted, and those of a group for each role. */
let signed: Record<string, string>;
const groups = new Map<Role, string>();

beforeAll(async () => {
  harness = await startHarness({ withIdentities: true });
  const { issuer, tokenOf } = await testProvider();
  identities = roles.map((role) => ({
    ...{ name: `group-${role}`, subject: { type: 'oidc-group', issuer, group: role } },
    grants: [{ role, fleets: ['*'], ...ofVoter(role, 'voter') }],
  }));
  signed = {
    'an expired token of the provider': await tokenOf(roles, { exp: 1_700_000_000 }),
    'a token of the provider for another audience': await tokenOf(roles, { aud: 'elsewhere' }),
    'a token that another key has signed': await tokenOf(roles, {}, true),
  };
  for (const role of roles) groups.set(role, await tokenOf([role]));
  await createShop(harness, 'shop');
  await createShop(harness, 'other', 'other.example.com');
  await create(harness, '/v1/fleets/shop/distributions/main', { strategy: 'replicas' });
  await seedAccess(harness.deps.store, [...people, ...identities, ...gone]);
});
afterAll(async () => await harness.close());

/** Sends the request of the example. Writes are dry runs, so that each finds the same. */
async function send(operation: Endpoint, token: string | undefined, names?: Record<string, string>): Promise<Answer> {
  const { method, body, write, operationId } = operation;
  const query = write || operationId === 'createProbeRound' ? '?dryRun=true' : '';
  const example: Json = { ...bodyOf(operation), ...(operationId === 'createObservations' && { voter: 'voter' }) };
  const sent = names?.['fleet'] && example.fleet ? { ...example, fleet: names['fleet'] } : example;
  const Authorization = token === undefined ? undefined : `Bearer ${token}`;
  const headers = { Authorization, ...(operation.preconditions?.includes('If-Match') && { 'If-Match': '*' }) };
  return await harness.call(method.toUpperCase(), pathOf(operation, names) + query, {
    headers,
    ...(body !== NO_BODY && { body: sent }),
  });
}

const REFUSALS = ['unauthorized', 'invalid-token', 'forbidden'];

/** Returns the code of the refusal, and `allowed` for everything that the operation itself has answered. */
function verdictOf({ body }: Answer): string {
  if (REFUSALS.includes(body?.code)) return body.code;
  return body?.code === 'not-found' && /^There is no fleet \w+\.$/.test(body.detail) ? 'hidden' : 'allowed';
}

/** Returns the strongest role without the permission. */
function roleWithout(permission: Permission): Role {
  const without = roles.filter((role) => !ROLES[role].includes(permission));
  return without.sort((a, b) => ROLES[b].length - ROLES[a].length)[0] as Role;
}

const OTHER_FLEET: Record<Place, string> = {
  fleet: 'hidden',
  'path-voter': 'hidden',
  'body-voter': 'hidden',
  'body-fleet': 'hidden',
  'some-fleet': 'allowed',
  installation: 'forbidden',
};

/** Returns the token of each caller, and the verdict that the declaration of the operation comes to. */
function casesOf({ access }: Endpoint): [caller: string, token: string | undefined, verdict: string][] {
  const refusedToken = access === 'public' ? 'allowed' : 'invalid-token';
  const nobody: [string, string | undefined, string][] = [
    ['no token', undefined, access === 'public' ? 'allowed' : 'unauthorized'],
    ['an expired token', storedToken('expired'), refusedToken],
    ['a revoked token', storedToken('revoked'), refusedToken],
    ['a token of a wrong issuer', jwt({ iss: 'https://elsewhere.example.com', sub: 'ci' }), refusedToken],
    ...Object.entries(signed).map(([caller, token]): [string, string, string] => [caller, token, refusedToken]),
  ];
  if (typeof access === 'string') return [...nobody, ['any role', storedToken('shop-trigger'), 'allowed']];
  const { permission, place } = access;
  const where = place === 'installation' ? 'all' : 'shop';
  const right = rolesWith(permission)[0] as Role;
  const isOfVoter = place === 'path-voter' || place === 'body-voter';
  return [
    ...nobody,
    ['a wrong role', storedToken(`${where}-${roleWithout(permission)}`), 'forbidden'],
    ['the right role in another fleet', storedToken(`other-${right}`), OTHER_FLEET[place]],
    ...(isOfVoter
      ? [['another voter', storedToken(`stranger-${right}`), 'forbidden'] as [string, string, string]]
      : []),
    ['the right role', storedToken(`${where}-${right}`), 'allowed'],
    ['the right role, by a group of the provider', groups.get(right), 'allowed'],
  ];
}

function jwt(payload: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256', kid: 'k' })}.${part({ ...payload, exp: 4_000_000_000 })}.${'A'.repeat(86)}`;
}

describe('every operation is for those for whom it is declared', () => {
  it.each(endpoints.map((operation) => [operation.operationId, operation] as const))('%s', async (_, operation) => {
    const cases = casesOf(operation);
    const found: [string, string][] = [];
    for (const [caller, token] of cases) found.push([caller, verdictOf(await send(operation, token))]);
    expect(found).toEqual(cases.map(([caller, , verdict]) => [caller, verdict]));
  });

  it('and the document says for whom', () => {
    const described: Json[] = Object.values(document.paths).flatMap((item) => Object.values(item));
    const byId = new Map(described.map((item) => [item.operationId, item]));
    for (const { operationId, access } of endpoints) {
      const told = byId.get(operationId);
      expect(told.security.length > 0, operationId).toBe(access !== 'public');
      const expected = typeof access === 'object' ? { ...access, roles: rolesWith(access.permission) } : undefined;
      expect(told['x-access'], operationId).toEqual(expected);
    }
  });
});

describe('what somebody may not see', () => {
  const inFleet = endpoints.filter(
    ({ access }) => typeof access === 'object' && OTHER_FLEET[access.place] === 'hidden',
  );

  it.each(inFleet.map((operation) => [operation.operationId, operation] as const))(
    'answers %s as what does not exist',
    async (_, operation) => {
      const token = storedToken('other-editor');
      const [there, nowhere] = [await send(operation, token), await send(operation, token, { fleet: 'ghost' })];
      const withoutNames = ({ status, body: { requestId: __, ...body } }: Answer) =>
        JSON.stringify({ status, body }).replaceAll('ghost', 'shop');
      expect(withoutNames(there)).toBe(withoutNames(nowhere));
      expect(verdictOf(there)).toBe('hidden');
    },
  );

  it('is in no list, and in no page token', async () => {
    await seedAccess(harness.deps.store, [
      ...people.map((item) => ({ ...item })),
      { name: 'two-fleets', grants: [{ role: 'viewer', fleets: ['other', 'ghost', 'zoo'] }] },
    ]);
    await create(harness, '/v1/fleets/zoo', {});
    const headers = { Authorization: `Bearer ${storedToken('two-fleets')}` };
    const first = await harness.call('GET', '/v1/fleets?pageSize=1', { headers });
    const token = first.body.nextPageToken;
    expect(first.body.items.map(({ name }: Json) => name)).toEqual(['other']);
    const [seal, position] = JSON.parse(atob(token.replaceAll('-', '+').replaceAll('_', '/')));
    expect([seal, position]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), ' other']);
    const next = await harness.call('GET', `/v1/fleets?pageSize=1&pageToken=${token}`, { headers });
    expect([next.body.items.map(({ name }: Json) => name), next.body.nextPageToken]).toEqual([['zoo'], undefined]);
  });

  it('is named in no message', async () => {
    const spec = {
      gateways: ['edge'],
      hostnames: ['shop.example.com'],
      rules: [{ backendRefs: [{ service: 'checkout', port: 80 }] }],
    };
    const put = (token: string) =>
      harness.call('PUT', '/v1/fleets/other/routes/taken', {
        body: spec,
        headers: { Authorization: `Bearer ${token}` },
      });
    const hidden = await put(storedToken('other-editor'));
    expect(hidden.body.code).toBe('conflicting-declaration');
    expect(JSON.stringify(hidden.body)).not.toMatch(/fleet shop|route checkout/);
    expect((await put(storedToken('all-editor'))).body.errors[0].detail).toContain(
      'by the route checkout of fleet shop',
    );
  });
});
