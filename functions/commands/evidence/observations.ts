import type { AgentVoter } from '../../../schemas/failover.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
import type {
  ObservationBatch,
  ObservationBatchReceipt,
  ObservationReceipt,
} from '../../../schemas/observation-batch.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import { auditEvent } from '../../core/model/audit.ts';
import type { Resource } from '../../core/model/resource.ts';
import { createPusher } from '../../engine/failover/evaluate.ts';
import { takeBatch, takeSequence, untimely } from '../../engine/probe/agent-batch.ts';
import { faultAt } from '../app-error.ts';
import type { Context } from '../context.ts';
import { timestamp } from '../context.ts';
import { missing } from '../load.ts';
import { theFleet } from '../refusals.ts';

/** A body as it was received, and its signature. */
export interface Signed {
  bytes: ArrayBuffer;
  /** The Base64 form of an Ed25519 signature. */
  signature: string | undefined;
}

/**
 * Takes the observations of an agent and acts on them. Throws `not-found`, or the fault of the batch as a whole, and
 * then takes nothing of it. There is one receipt for each observation. Refusals are audited.
 */
export async function takeObservations(
  ctx: Context,
  fleetName: string,
  batch: ObservationBatch,
  signed: Signed,
): Promise<ObservationBatchReceipt> {
  const fleet = await ctx.deps.store.get('fleet', fleetName, fleetName);
  if (fleet === undefined) throw missing('fleet', fleetName);
  const voter = await voterOf(ctx, fleet, batch, signed);
  const pusher = createPusher(ctx.deps, fleet.name);
  const { receipts, decision } = await takeBatch(ctx.deps, fleet, voter, batch, pusher);
  ctx.waitUntil(pusher.idle());
  const refused = receipts.filter(({ result }) => result !== 'accepted');
  if (refused.length > 0) await audit(ctx, fleet, batch, tellOf(refused));
  return { receipts, ...(decision !== undefined && { decision }) };
}

/** Returns the agent that has sent the batch. Throws when the batch may not be taken. */
async function voterOf(
  ctx: Context,
  fleet: Resource<'fleet'>,
  batch: ObservationBatch,
  signed: Signed,
): Promise<AgentVoter> {
  const refusalOf = async (code: ProblemCode, pointer: string, message: Message) => {
    await audit(ctx, fleet, batch, `${code}: ${message.text}`);
    return faultAt(code, pointer, message);
  };
  const voter = fleet.spec.voters.find(({ name }) => name === batch.voter);
  if (voter?.type !== 'agent') throw await refusalOf('unknown-voter', '#/voter', say('NoAgent', { voter: batch.voter }));
  if (!(await isSignedBy(voter, signed))) {
    throw await refusalOf('invalid-signature', 'header/Fairlead-Signature', say('WrongSignature', { voter: voter.name }));
  }
  if (batch.fleet !== fleet.name)
    throw await refusalOf('wrong-fleet', '#/fleet', say('SignedForOther', { fleet: batch.fleet }));
  const reason = untimely(batch.sentAt, fleet, ctx.deps.clock.now());
  if (reason === 'from-the-future') throw await refusalOf(reason, '#/sentAt', say('ClockAhead'));
  if (reason === 'stale') throw await refusalOf('stale-observations', '#/sentAt', say('SaysNothingNow'));
  if (!(await takeSequence(ctx.deps, batch))) {
    throw await refusalOf('replayed', '#/sequence', say('TakenAlready'));
  }
  return voter;
}

/** Matches the Base64 form of the 64 bytes of an Ed25519 signature (RFC 8032, section 5.1.6). */
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;

/**
 * Verifies the signature. The form is checked first, because some platforms throw for a signature of another length
 * instead of rejecting it.
 */
async function isSignedBy({ publicKey }: AgentVoter, { bytes, signature = '' }: Signed): Promise<boolean> {
  if (!SIGNATURE.test(signature)) return false;
  const algorithm = { name: 'Ed25519' };
  const key = await crypto.subtle.importKey('raw', fromBase64(publicKey), algorithm, false, ['verify']);
  return await crypto.subtle.verify(algorithm, key, fromBase64(signature), bytes);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

async function audit(
  ctx: Context,
  fleet: Resource<'fleet'>,
  { voter }: ObservationBatch,
  reason: string,
): Promise<void> {
  await auditRefusedEvidence(ctx, fleet, { kind: 'observations', voter, reason });
}

/** The most refused observations that are named. */
const SHOWN = 10;

function tellOf(refused: readonly ObservationReceipt[]): string {
  const shown = refused.slice(0, SHOWN).map(({ cluster, result }) => `${cluster} ${result}`);
  const more = refused.length > SHOWN ? `, and ${refused.length - SHOWN} more` : '';
  return say('NotTaken', { observations: `${shown.join(', ')}${more}` }).text;
}

/**
 * Adds a refusal of evidence of a voter to the audit log of the fleet and to the log of the control plane. The refusal
 * does not change the revision of the fleet.
 */
export async function auditRefusedEvidence(
  { deps, actor, requestId }: Context,
  { name: fleet, revision }: Resource<'fleet'>,
  { kind, voter, reason }: { kind: 'observations' | 'alerts'; voter: string; reason: string },
): Promise<void> {
  const author = { actor, requestId, reason: `voter ${voter}: ${reason}` };
  const stamp = { at: timestamp(deps.clock.now()), ulid: deps.ids.ulid() };
  const told = { action: `${kind}.refuse`, target: theFleet(fleet), before: revision, after: revision };
  await deps.store.appendAudit(fleet, auditEvent(author, stamp, told));
  deps.log.info(`${kind}.refused`, { fleet, voter, reason });
}
