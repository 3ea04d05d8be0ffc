/** Whoever sends requests: every role in several places, and tokens that are wrong in every way that is known. */

import { createHash } from 'node:crypto';
import { ROLES } from '../../functions/core/access/roles.ts';
import { createAgentKey, signerOf } from '../../infra/agent/key.ts';
import type { Role } from '../../schemas/access.ts';
import { type Seeded, storedToken } from '../api/access.ts';
import { createKey, json, type Provider, sign, startProvider } from '../identity/provider.ts';
import type { Prng } from '../sim/prng.ts';

/** The fleets of every episode. Each has its name in the names of all that it has, so that a text tells of which fleet it is. */
export const FLEETS = ['alder', 'birch', 'cedar'] as const;
/** The beginning of the names of tokens that only administrators of the installation may know of. */
export const HIDDEN_TOKENS = 'quince';

export const SETTING_TOKEN = 'a-canary-of-the-settings-5f1c2d3e4b';
export const AUDIENCE = 'fairlead';

export interface Caller {
  name: string;
  /** The value of the header Authorization; absent when none is sent. */
  authorization?: string | undefined;
  /** The fleets that the caller may know of. */
  fleets: readonly string[];
  /** True for administrators of the installation, from whom nothing is hidden but secrets. */
  isAdministrator?: boolean;
  /** Signs the text of a body as an agent does. */
  sign?: (text: string) => string;
}

/** The keys and tokens of the agent and the alert voter of a fleet. */
export interface FleetKeys {
  agent: { privateKey: string; publicKey: string };
  alertToken: string;
  credential: string;
}

export interface Cast {
  callers: readonly Caller[];
  /** The stored tokens, with what they may do. */
  seeded: readonly Seeded[];
  keys: Readonly<Record<string, FleetKeys>>;
  provider: Provider;
}

const PAST = '2020-01-02T00:00:00.000Z';
const ofVoter = (role: Role, fleet: string) =>
  role === 'agent' || role === 'alert' ? { voter: `${fleet}-${role}` } : {};

/** Returns stored tokens: every role everywhere, in one fleet and in two, and some that are not accepted. */
function seededTokens(): Seeded[] {
  const roles = Object.keys(ROLES) as Role[];
  const everything = roles.map((role) => ({ role, fleets: ['*'] }));
  return [
    ...roles.flatMap((role) => [
      { name: `all-${role}`, grants: [{ role, fleets: ['*'] }] },
      ...FLEETS.slice(0, 2).map((fleet) => ({
        name: `${fleet}-${role}`,
        grants: [{ role, fleets: [fleet], ...ofVoter(role, fleet) }],
      })),
    ]),
    { name: 'both-admin', grants: [{ role: 'admin', fleets: ['alder', 'birch'] }] },
    { name: 'two-editor', grants: [{ role: 'editor', fleets: ['alder', 'birch', 'ghost'] }] },
    {
      name: 'mixed',
      grants: [
        { role: 'viewer', fleets: ['alder'] },
        { role: 'approver', fleets: ['birch'] },
      ],
    },
    { name: 'alder-other-keys', grants: [{ role: 'editor', fleets: ['alder'], credentials: ['other'] }] },
    { name: 'alder-one-gateway', grants: [{ role: 'editor', fleets: ['alder'], instances: ['gw-nowhere'] }] },
    { name: 'alder-stranger', grants: [{ role: 'agent', fleets: ['alder'], voter: 'stranger' }] },
    { name: 'without-grants', grants: [] },
    { name: `${HIDDEN_TOKENS}-ci`, grants: [{ role: 'viewer', fleets: ['alder'] }] },
    { name: 'expired', grants: everything, token: { expiresAt: PAST } },
    { name: 'revoked', grants: everything, token: { revokedAt: PAST, secrets: [] } },
  ];
}

/** Makes everybody for one run. `nowMs` is the time at which it begins. */
export async function castOf(nowMs: number): Promise<Cast> {
  const keys = Object.fromEntries(FLEETS.map((fleet) => [fleet, keysOf(fleet)]));
  const seeded = seededTokens();
  const provider = await startProvider();
  const key = await createKey('first');
  provider.serve = json({ keys: [key.publicJwk] });
  const stranger = await createKey('first');
  const exp = Math.floor(nowMs / 1000) + 10 * 365 * 86_400;
  const claims = { iss: provider.issuer, aud: AUDIENCE, sub: 'pipeline', groups: ['operators'], exp };
  const jwt = await sign(key, nowMs, claims);
  const named = seeded.map(({ name, grants, token }) => ({
    name,
    authorization: `Bearer ${storedToken(name)}`,
    fleets: token ? [] : [...new Set(grants.flatMap(({ fleets }) => (fleets.includes('*') ? FLEETS : fleets)))],
    isAdministrator: !token && grants.some(({ role, fleets }) => role === 'admin' && fleets.includes('*')),
  }));
  const wrong = [
    ...(await Promise.all([
      sign(stranger, nowMs, claims),
      sign(key, nowMs, { ...claims, aud: 'somebody-else' }),
      sign(key, nowMs, { ...claims, iss: 'https://elsewhere.example.com' }),
      sign(key, nowMs, { ...claims, exp: 1_600_000_000 }),
    ])),
    ...malformed(jwt),
  ];
  const callers: Caller[] = [
    { name: 'setting', authorization: `Bearer ${SETTING_TOKEN}`, fleets: FLEETS, isAdministrator: true },
    { name: 'nobody', fleets: [] },
    { name: 'pipeline', authorization: `Bearer ${jwt}`, fleets: ['birch'] },
    ...named,
    ...wrong.map((authorization, index) => ({
      name: `wrong-${index}`,
      authorization: authorization.startsWith('ey') ? `Bearer ${authorization}` : authorization,
      fleets: [],
    })),
    ...FLEETS.flatMap((fleet) => ofFleet(fleet, keys)),
  ];
  return { callers, seeded, keys, provider };
}

/** Returns values of Authorization that are not accepted, whatever they resemble. */
function malformed(jwt: string): string[] {
  const good = storedToken('all-admin');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return [
    ...['', 'Bearer', 'Bearer ', `Basic ${btoa(`api:${SETTING_TOKEN}`)}`, `Token ${good}`, good, `Bearer "${good}"`],
    ...[
      `Bearer ${good.slice(0, -1)}`,
      `Bearer ${good}x`,
      `Bearer ${good} ${good}`,
      `Bearer ${good},`,
      `Bearer ${good.toUpperCase()}`,
    ],
    ...[
      `Bearer ${SETTING_TOKEN.slice(0, -1)}`,
      `Bearer ${SETTING_TOKEN}=`,
      `Bearer ${'x'.repeat(9000)}`,
      'Bearer fl_nobody_',
    ],
    ...[
      `Bearer fl_ghost_${'A'.repeat(43)}`,
      `Bearer fle_alder_alder-agent_${'A'.repeat(43)}`,
      `Bearer fla_ghost_x_${'A'.repeat(43)}`,
    ],
    ...[
      'Bearer a.b.c',
      `Bearer ${part({ alg: 'none' })}.${jwt.split('.')[1]}.`,
      `Bearer ${part({ alg: 'none' })}.${jwt.split('.')[1]}.x`,
    ],
    ...[
      `Bearer ${part({ alg: 'HS256', kid: 'first' })}.${jwt.split('.')[1]}.${'A'.repeat(43)}`,
      `Bearer ${jwt.slice(0, -2)}`,
    ],
    ...['Bearer \u00e9\u00e9\u00e9\u00e9', 'bearer', 'Bearer\t', 'Digest username="api"', `Bearer ${'.'.repeat(40)}`],
  ];
}

function keysOf(fleet: string): FleetKeys {
  const secret = createHash('sha256').update(`secret of ${fleet}`).digest('base64url');
  return {
    agent: createAgentKey(),
    alertToken: `the-alert-token-of-${fleet}-${secret.slice(0, 20)}`,
    credential: `fla_${fleet}_${fleet}-agent_${secret}`,
  };
}

/** The agent that has enrolled, the same credential with a wrong key, and the alert voter of a fleet. */
function ofFleet(fleet: string, keys: Readonly<Record<string, FleetKeys>>): Caller[] {
  const own = keys[fleet];
  if (own === undefined) return [];
  const right = signerOf(own.agent.privateKey);
  const wrong = signerOf(createAgentKey().privateKey);
  const authorization = `Bearer ${own.credential}`;
  return [
    { name: `agent of ${fleet}`, authorization, fleets: [fleet], sign: (text) => right(Buffer.from(text)) },
    {
      name: `agent of ${fleet} with a wrong key`,
      authorization,
      fleets: [fleet],
      sign: (text) => wrong(Buffer.from(text)),
    },
    { name: `alert voter of ${fleet}`, authorization: `Bearer ${own.alertToken}`, fleets: [fleet] },
  ];
}

/** Draws a caller: often one who may do much in the fleet, or in the whole installation, so that requests get far. */
export function drawCaller(prng: Prng, { callers }: Cast, fleet: string | undefined): Caller {
  const mighty =
    fleet === undefined
      ? ['setting', 'all-admin']
      : ['setting', 'all-editor', `${fleet}-editor`, `${fleet}-admin`, 'two-editor', 'both-admin'];
  if (prng.chance(fleet === undefined ? 0.6 : 0.3)) return prng.pick(callers);
  return prng.pick(callers.filter(({ name }) => mighty.includes(name)));
}
