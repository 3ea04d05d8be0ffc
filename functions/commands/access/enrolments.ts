/** Enrolment of agents: the tokens with which they enrol, their enrolment, and its end. */

import type { Enrolled, Enrolment, EnrolmentInput, IssuedInvitation } from '../../../schemas/enrolment.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
import {
  emptyEnrolment,
  exchange,
  invited,
  placeIn,
  presentedText,
  type Refusal,
  type StoredEnrolment,
  type VoterPlace,
} from '../../core/access/enrolment.ts';
import { isOver } from '../../core/access/token.ts';
import { type Author, auditEvent } from '../../core/model/audit.ts';
import { changesBetween } from '../../core/model/diff.ts';
import { equal } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps, StoredDocument } from '../../deps.ts';
import { AppError, Denied, faultAt } from '../app-error.ts';
import { type Clearance, requireApproval } from '../approvals/require.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
import { untilWritten } from '../until-written.ts';
import { actorOf, type EnrolmentDocument, readAgent, readEnrolable } from './agents.ts';
import { isSignedBy, newSecret, type Signed } from './crypto.ts';
import { authorizeTraffic } from './gateways.ts';

/** Shows what is known of the agent of a voter. Throws `not-found` when the fleet has no such agent. */
export async function getEnrolment(ctx: Context, place: VoterPlace): Promise<Enrolment> {
  const { voter, enrolment } = await loaded(ctx, place);
  const { publicKey } = voter;
  return shown(ctx, place, publicKey === undefined ? enrolment.body : { ...emptyEnrolment(voter.name), publicKey });
}

/** An enrolment after a write, with its token when there is a new one. */
export type Invited = { enrolment: Enrolment; issued?: undefined } | { enrolment: Enrolment; issued: IssuedInvitation };

/**
 * Makes an enrolment token for a voter, which replaces the one before. Throws `not-found`, `conflicting-declaration` for a voter
 * that declares its key, `forbidden` when a grant leaves out a gateway, because voters move the traffic of all, and what `requireApproval` throws, because whoever has the token gives the voter a key.
 */
export async function invite(ctx: Context, place: VoterPlace): Promise<Invited> {
  return await untilWritten(async () => {
    const { fleet, voter, enrolment } = await loaded(ctx, place);
    await authorizeTraffic(ctx, place.fleet);
    if (voter.publicKey !== undefined) throw declared(place);
    const cleared = await clearInvitation(ctx, fleet, enrolment);
    const token = presentedText('invitation', place, newSecret());
    const body = invited(enrolment.body, token, timestamp(ctx.deps.clock.now()));
    if (!(await write(ctx, authorOf(cleared.ctx), 'invite', enrolment, body, cleared.documents))) return undefined;
    const view = shown(ctx, place, body);
    if (ctx.isDry) return { enrolment: { ...view, dryRun: { approval: cleared.need } } };
    return { enrolment: view, issued: { ...view, token } };
  });
}

/**
 * Clears an enrolment token: the agent that uses it gives the voter another key. The approval holds for the voter of this very
 * declaration of the fleet, and not for a later one of its name. Throws what `requireApproval` throws.
 */
async function clearInvitation(
  ctx: Context,
  { name: fleet, uid, revision, spec }: Resource<'fleet'>,
  { id: voter, version }: EnrolmentDocument,
): Promise<Clearance> {
  return await requireApproval(ctx, spec.approvals, {
    fleet,
    actions: ['voter-key'],
    plan: { uid, revision, enrolment: voter, version },
    summary: [say('MakesEnrolmentToken', { voter }).text],
  });
}

/** Takes back the key, the credentials and the enrolment token of a voter's agent. Throws as `invite` does, and takes no approval. */
export async function revokeEnrolment(ctx: Context, place: VoterPlace): Promise<Enrolment> {
  return await untilWritten(async () => {
    const { voter, enrolment } = await loaded(ctx, place);
    await authorizeTraffic(ctx, place.fleet);
    if (voter.publicKey !== undefined) throw declared(place);
    const body = emptyEnrolment(voter.name);
    if (equal(body, enrolment.body)) return shown(ctx, place, body);
    return (await write(ctx, authorOf(ctx), 'revoke', enrolment, body)) ? shown(ctx, place, body) : undefined;
  });
}

/**
 * Takes the public key and the digest of the new credential of an agent, in exchange for an enrolment token or for the
 * credential that the agent has. The request is signed with the private key, so that neither of the two is worth anything
 * without it. The same request has the same answer again. Throws `invalid-signature`, `invalid-token` and `enrolment-used`;
 * those that only the holder of a true token can cause are audited.
 */
export async function enrol(ctx: Context, given: EnrolmentInput, signed: Signed): Promise<Enrolled> {
  if (!(await isSignedBy(given.publicKey, signed))) throw wrongSignature(say('NotSignedByBody'));
  const place = placeIn(given.token);
  if (place === undefined) throw notAccepted();
  const { fleet, voter } = place;
  return await untilWritten(async () => {
    const found = await readEnrolable(ctx.deps, place);
    if (found === undefined) throw notAccepted();
    const { enrolment } = found;
    const made = exchange(enrolment.body, given, timestamp(ctx.deps.clock.now()));
    if ('refusal' in made) throw refused(ctx, found.fleet, place, made.refusal);
    const author = { ...authorOf(ctx), actor: actorOf(place) };
    const isKept = made.verb === undefined || (await write(ctx, author, made.verb, enrolment, made.next));
    return isKept ? { fleet, voter, expiresAt: expiryOf(made.next, given) } : undefined;
  });
}

/** Returns the fault of a refusal. Those that only the holder of a true token can cause are counted in the log of the fleet. */
function refused(ctx: Context, { name, revision }: Resource<'fleet'>, place: VoterPlace, refusal: Refusal): AppError {
  const fault = REFUSALS[refusal](place);
  if (refusal === 'unknown') return fault;
  const { code, detail: reason } = fault;
  ctx.countRefused({ action: 'enrolment.refuse', code, reason, fleet: { name, revision }, voter: place.voter });
  return fault;
}

function expiryOf({ credentials }: StoredEnrolment, { credentialHash }: EnrolmentInput): string {
  const credential = credentials.find(({ hash }) => hash === credentialHash);
  if (credential === undefined) throw new Error('An enrolment has the credential that it was made with.');
  return credential.expiresAt;
}

async function loaded({ deps }: Context, place: VoterPlace) {
  const found = await readAgent(deps, place);
  if (found === undefined) throw noAgent(place);
  return found;
}

/** Writes an enrolment with its audit event. Returns false when another write came in between. A dry run writes nothing. */
async function write(
  { deps, isDry }: Context,
  author: Author,
  verb: 'invite' | 'enrol' | 'renew' | 'revoke',
  document: EnrolmentDocument,
  body: StoredEnrolment,
  others: readonly StoredDocument[] = [],
): Promise<boolean> {
  if (isDry) return true;
  const { fleet, id: voter, version } = document;
  const stamp = { at: timestamp(deps.clock.now()), ulid: deps.ids.ulid() };
  const target = { kind: 'voter', fleet, name: voter } as const;
  const changes = changesBetween(withoutDigests(document.body), withoutDigests(body));
  const event = auditEvent(author, stamp, { action: `voter.${verb}`, target, ...changes });
  return await deps.store.putDocuments([{ ...document, version: version + 1, body }, ...others], event);
}

/** Returns an enrolment as the API shows it, without what has expired. */
function shown({ deps }: { deps: Deps }, { fleet, voter }: VoterPlace, body: StoredEnrolment): Enrolment {
  const now = timestamp(deps.clock.now());
  const { credentials, publicKey, enrolledAt, invitation } = withoutDigests(body);
  return {
    ...{ fleet, voter, publicKey, enrolledAt, invitation },
    credentials: credentials.filter(({ expiresAt }) => !isOver(expiresAt, now)),
  };
}

function withoutDigests({ invitation, credentials, ...rest }: StoredEnrolment) {
  const without = <T extends { hash: string }>({ hash: _, ...kept }: T) => kept;
  return { ...rest, invitation: invitation && without(invitation), credentials: credentials.map(without) };
}

export function noAgent(place: VoterPlace): AppError {
  return new AppError('not-found', say('AgentMissing', place));
}

function declared(place: VoterPlace): AppError {
  return new AppError('conflicting-declaration', say('KeyDeclared', place));
}

/** A wrong, an expired and a replaced token are answered alike, and so is one of a voter that is gone. */
function notAccepted(): AppError {
  return new Denied('invalid-token', say('EnrolmentTokenNotAccepted'));
}

function used(place: VoterPlace): AppError {
  return new AppError('enrolment-used', say('EnrolledByAnother', place));
}

const REFUSALS: Record<Refusal, (place: VoterPlace) => AppError> = {
  unknown: notAccepted,
  used,
  'other-key': ({ voter }) => wrongSignature(say('NotSignedByVoter', { voter })),
};

function wrongSignature(message: Message): AppError {
  return faultAt('invalid-signature', 'header/Fairlead-Signature', message);
}
