import type { AgentVoter } from '../../../schemas/failover.ts';
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
import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';
import { timestamp } from '../context.ts';
import { theFleet } from '../refusals.ts';

/** A body as it was received, and what its sender has signed it with. */
export interface Signed {
  bytes: ArrayBuffer;
  /** Base64 of an Ed25519 signature. */
  signature: string | undefined;
}

/**
 * Takes what an agent has seen, and acts upon it. Throws `not-found`, and whatever speaks against the batch as a whole, of which nothing is
 * taken then; the receipts tell of each observation. What is refused is audited.
 */
export async function takeObservations(
  ctx: Context,
  fleetName: string,
  batch: ObservationBatch,
  signed: Signed,
): Promise<ObservationBatchReceipt> {
  const fleet = await ctx.deps.store.get('fleet', fleetName, fleetName);
  if (fleet === undefined) throw new AppError('not-found', `There is no fleet ${fleetName}.`);
  const voter = await voterOf(ctx, fleet, batch, signed);
  const pusher = createPusher(ctx.deps, fleet.name);
  const { receipts, decision } = await takeBatch(ctx.deps, fleet, voter, batch, pusher);
  ctx.waitUntil(pusher.settled());
  const refused = receipts.filter(({ result }) => result !== 'accepted');
  if (refused.length > 0) await audit(ctx, fleet, batch, tellOf(refused));
  return { receipts, ...(decision !== undefined && { decision }) };
}

/** The agent whose batch this is, if it may be taken. */
async function voterOf(
  ctx: Context,
  fleet: Resource<'fleet'>,
  batch: ObservationBatch,
  signed: Signed,
): Promise<AgentVoter> {
  const refuse = async (code: ProblemCode, pointer: string, detail: string) => {
    await audit(ctx, fleet, batch, `${code}: ${detail}`);
    return new AppError(code, `${pointer}: ${detail}.`, [{ pointer, code, detail }]);
  };
  const voter = fleet.spec.voters.find(({ name }) => name === batch.voter);
  if (voter?.type !== 'agent') throw await refuse('unknown-voter', '#/voter', `there is no agent ${batch.voter}`);
  if (!(await isSignedBy(voter, signed))) {
    throw await refuse('invalid-signature', 'header/Fairlead-Signature', `it is not of ${voter.name}`);
  }
  if (batch.fleet !== fleet.name) throw await refuse('wrong-fleet', '#/fleet', `it was signed for ${batch.fleet}`);
  const reason = untimely(batch.sentAt, fleet, ctx.deps.clock.now());
  if (reason === 'from-the-future') throw await refuse(reason, '#/sentAt', 'the clock of the agent is ahead');
  if (reason === 'stale') throw await refuse('stale-observations', '#/sentAt', 'it says nothing of now any more');
  if (!(await takeSequence(ctx.deps, batch))) {
    throw await refuse('replayed', '#/sequence', 'this batch or a later one has been taken already');
  }
  return voter;
}

/** Base64 of the 64 bytes of an Ed25519 signature (RFC 8032, section 5.1.6). */
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;

/** Looks at the form first: some platforms throw for a signature of another length instead of finding that it does not fit. */
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

/** How many are named. */
const SHOWN = 10;

function tellOf(refused: readonly ObservationReceipt[]): string {
  const shown = refused.slice(0, SHOWN).map(({ cluster, result }) => `${cluster} ${result}`);
  const more = refused.length > SHOWN ? `, and ${refused.length - SHOWN} more` : '';
  return `observations of ${shown.join(', ')}${more}`;
}

/** Tells the log of the fleet, and that of the control plane, what was not taken of a voter. A refusal changes nothing. */
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
