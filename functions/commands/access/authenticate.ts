import type { Grant, Subject } from '../../../schemas/access.ts';
import { placeIn } from '../../core/access/enrolment.ts';
import { EVERY_FLEET, type HeldGrant, type Principal } from '../../core/access/principal.ts';
import { accepts, nameInToken } from '../../core/access/token.ts';
import { equal } from '../../core/model/digest.ts';
import { isTokenOf, tokenDigest } from '../../core/model/token.ts';
import type { Deps, Identity } from '../../deps.ts';
import { timestamp } from '../context.ts';
import { actorOf, agentOf } from './agents.ts';
import { readGrants, readToken, type TokenDocument } from './installation.ts';

/** A token that was sent, and what the check of it needs. */
export interface Presented {
  token: string;
  /** True when nothing may be believed that was read for an earlier request. */
  isReadAnew?: boolean;
  deps: Deps;
  /** Keeps the invocation alive until the work is done, after the response has been sent. */
  waitUntil(work: Promise<unknown>): void;
}

/** Somebody whose token is accepted. */
export interface Authenticated {
  principal: Principal;
  /** True when what is known of them was read for an earlier request. */
  isRemembered: boolean;
}

/** Finds out whose token it is. Returns undefined when the token is not accepted, whatever the reason. */
export type Authenticate = (presented: Presented) => Promise<Authenticated | undefined>;

/**
 * The time for which what is known of somebody is believed without reading it again, in each isolate or process. A token that
 * is revoked, and a grant that is taken away, have no effect any more after this time; for what gives access to others, they have
 * none from the next request on.
 */
export const BELIEVED_MS = 5_000;

/** The time within which the use of a token is recorded once. */
const USE_MS = 10 * 60_000;

/** The most principals that are remembered. When there are more, all are forgotten. */
const MAX_REMEMBERED = 1_000;

/** The record of somebody who was heard: their token, if it is a stored one, and all grants. */
interface Known {
  atMs: number;
  token: TokenDocument | undefined;
  grants: readonly Grant[];
  /** True when the use of the token was recorded, or tried to be, since it was read. */
  isUseRecorded: boolean;
}

/**
 * Creates the check of tokens: the token of the settings, whose holder is an administrator, stored tokens, credentials of agents, and
 * tokens of identity providers. Nobody can choose the digest of what they send, so that the time of a comparison tells nothing about a token.
 */
export function createAuthenticate({ settingToken }: { settingToken?: string | undefined }): Authenticate {
  if (settingToken === '') throw new TypeError('The token of the settings is empty.');
  const settingDigest = settingToken === undefined ? undefined : tokenDigest(settingToken);
  const known = new Map<string, Known>();
  return async (presented) => {
    const { token, deps } = presented;
    if (settingDigest !== undefined && isTokenOf(token, settingDigest)) return heard(SETTING);
    const name = nameInToken(token);
    if (name !== undefined) return await storedPrincipal(known, presented, name);
    const place = placeIn(token);
    if (place?.what === 'credential') return heard(await agentOf(deps, token, place, presented.waitUntil));
    if (!isJwt(token)) return undefined;
    const identity = await deps.identities.verify(token);
    return identity && (await identifiedPrincipal(known, presented, identity));
  };
}

/** Returns somebody of whom nothing was remembered. */
export function heard(principal: Principal | undefined): Authenticated | undefined {
  return principal && { principal, isRemembered: false };
}

const SETTING: Principal = { actor: 'api', kind: 'setting', grants: [{ role: 'admin', fleets: [EVERY_FLEET] }] };

/** Tells whether a token has the three parts of a signed JSON Web Token (RFC 7519). */
function isJwt(token: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

async function storedPrincipal(
  known: Map<string, Known>,
  { token, deps, isReadAnew = false, waitUntil }: Presented,
  name: string,
): Promise<Authenticated | undefined> {
  const nowMs = deps.clock.now();
  const readIt = () => readToken(deps, name);
  const isAccepted = ({ token: stored }: Known) => stored && accepts(stored.body, token, timestamp(nowMs));
  const remembered = isReadAnew ? undefined : recalled(known, `token ${name}`, nowMs);
  // A secret that was not there when the token was read may have been made since.
  const found = remembered && isAccepted(remembered) ? remembered : await lookUp(known, deps, `token ${name}`, readIt);
  if (found.token === undefined || !isAccepted(found)) return undefined;
  const { expiresAt, lastUsedAt } = found.token.body;
  if (!found.isUseRecorded && (lastUsedAt === undefined || Date.parse(lastUsedAt) + USE_MS <= nowMs)) {
    found.isUseRecorded = true;
    waitUntil(recordUse(deps, found.token));
  }
  const subject: Subject = { type: 'token', token: name };
  const grants = heldBy(found.grants, (of) => equal(of, subject));
  const principal: Principal = { actor: name, kind: 'token', grants, subject, expiresAt };
  return { principal, isRemembered: found === remembered };
}

/** Records that a token was used. A failure changes nothing for the request: the next use is another chance. */
async function recordUse({ store, clock, log }: Deps, document: TokenDocument): Promise<void> {
  const body = { ...document.body, lastUsedAt: timestamp(clock.now()) };
  try {
    await store.putDocument({ ...document, version: document.version + 1, body });
  } catch (error) {
    log.error('token.use-not-recorded', { token: document.id }, error);
  }
}

async function identifiedPrincipal(
  known: Map<string, Known>,
  { deps, isReadAnew = false }: Presented,
  { provider, issuer, subject, groups, expiresAt }: Identity,
): Promise<Authenticated> {
  const key = `subject ${issuer} ${subject}`;
  const remembered = isReadAnew ? undefined : recalled(known, key, deps.clock.now());
  const found = remembered ?? (await lookUp(known, deps, key, async () => undefined));
  const own: Subject = { type: 'oidc-subject', issuer, subject };
  const isTheirs = (of: Subject) =>
    equal(of, own) || (of.type === 'oidc-group' && of.issuer === issuer && groups.includes(of.group));
  const grants = heldBy(found.grants, isTheirs);
  const actor = `oidc:${provider}:${subject}`;
  const principal: Principal = { actor, kind: 'oidc', grants, subject: own, expiresAt };
  return { principal, isRemembered: found === remembered };
}

/** Returns what was read of somebody, unless that is too long ago. */
function recalled(known: Map<string, Known>, key: string, nowMs: number): Known | undefined {
  const remembered = known.get(key);
  return remembered && Math.abs(nowMs - remembered.atMs) < BELIEVED_MS ? remembered : undefined;
}

/** Reads what is known of somebody, and remembers it. Unknown tokens are not remembered. */
async function lookUp(
  known: Map<string, Known>,
  deps: Deps,
  key: string,
  read: () => Promise<TokenDocument | undefined>,
): Promise<Known> {
  const atMs = deps.clock.now();
  const [token, { body }] = await Promise.all([read(), readGrants(deps)]);
  const found: Known = { atMs, token, grants: body.grants, isUseRecorded: false };
  if (known.size >= MAX_REMEMBERED) known.clear();
  if (token !== undefined || key.startsWith('subject ')) known.set(key, found);
  return found;
}

function heldBy(grants: readonly Grant[], isTheirs: (subject: Subject) => boolean): HeldGrant[] {
  return grants
    .filter(({ subject }) => isTheirs(subject))
    .map(({ role, fleets, credentials, instances, voter }) => ({ role, fleets, credentials, instances, voter }));
}

/** Returns the alert voter whose token it is, who may send its alerts and nothing else; undefined when it is not its token. */
export async function voterOf(
  { deps: { store }, token }: Presented,
  { fleet: fleetName, voter: voterName }: { fleet: string; voter: string },
): Promise<Principal | undefined> {
  const fleet = await store.get('fleet', fleetName, fleetName);
  const voter = fleet?.spec.voters.find(({ name }) => name === voterName);
  if (voter?.type !== 'alert' || !isTokenOf(token, voter.tokenHash)) return undefined;
  return {
    actor: actorOf({ fleet: fleetName, voter: voterName }),
    kind: 'voter',
    grants: [{ role: 'alert', fleets: [fleetName], voter: voterName }],
  };
}
