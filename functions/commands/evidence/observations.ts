import type { AgentVoter } from '../../../schemas/failover.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
import type {
  ObservationBatch,
  ObservationBatchReceipt,
  ObservationReceipt,
} from '../../../schemas/observation-batch.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import type { Resource } from '../../core/model/resource.ts';
import { createPusher } from '../../engine/failover/evaluate.ts';
import { takeBatch, takeTurn, untimely } from '../../engine/probe/agent-batch.ts';
import { agentIn, publicKeyOf } from '../access/agents.ts';
import { isSignedBy, type Signed } from '../access/crypto.ts';
import { faultAt } from '../app-error.ts';
import type { Context } from '../context.ts';
import { missing } from '../load.ts';

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
  if (refused.length > 0) {
    const said = {
      kind: 'observations',
      voter: voter.name,
      code: 'refused-observations',
      detail: tellOf(refused),
    } as const;
    countRefusedEvidence(ctx, fleet, said);
  }
  return { receipts, ...(decision !== undefined && { decision }) };
}

/** Returns the agent that has sent the batch, with the key that has signed it. Throws when the batch may not be taken. */
async function voterOf(
  ctx: Context,
  fleet: Resource<'fleet'>,
  batch: ObservationBatch,
  signed: Signed,
): Promise<AgentVoter & { publicKey: string }> {
  const refusalOf = (code: ProblemCode, pointer: string, message: Message) => {
    countRefusedEvidence(ctx, fleet, { kind: 'observations', voter: batch.voter, code, detail: message.text });
    return faultAt(code, pointer, message);
  };
  const voter = agentIn(fleet, batch.voter);
  if (voter === undefined) throw refusalOf('unknown-voter', '#/voter', say('NoAgent', { voter: batch.voter }));
  const publicKey = await publicKeyOf(ctx.deps, fleet.name, voter);
  if (publicKey === undefined || !(await isSignedBy(publicKey, signed))) {
    const message = say('WrongSignature', { voter: voter.name });
    throw refusalOf('invalid-signature', 'header/Fairlead-Signature', message);
  }
  if (batch.fleet !== fleet.name) {
    throw refusalOf('wrong-fleet', '#/fleet', say('SignedForOther', { fleet: batch.fleet }));
  }
  const reason = untimely(batch.sentAt, fleet, ctx.deps.clock.now());
  if (reason === 'from-the-future') throw refusalOf(reason, '#/sentAt', say('ClockAhead'));
  if (reason === 'stale') throw refusalOf('stale-observations', '#/sentAt', say('SaysNothingNow'));
  if (!(await takeTurn(ctx.deps, { ...voter, publicKey }, batch))) {
    throw refusalOf('replayed', '#/sentAt', say('TakenAlready'));
  }
  return { ...voter, publicKey };
}

/** The most refused observations that are named. */
const SHOWN = 10;

function tellOf(refused: readonly ObservationReceipt[]): string {
  const shown = refused.slice(0, SHOWN).map(({ cluster, result }) => `${cluster} ${result}`);
  const more = refused.length > SHOWN ? `, and ${refused.length - SHOWN} more` : '';
  return `${shown.join(', ')}${more}`;
}

/**
 * Counts evidence of a voter that is refused, in the audit log of the fleet. The refusal does not change the revision of
 * the fleet.
 */
export function countRefusedEvidence(
  ctx: Context,
  { name, revision }: Resource<'fleet'>,
  { kind, voter, code, detail }: { kind: 'observations' | 'alerts'; voter: string; code: string; detail: string },
): void {
  const reason = `voter ${voter}: ${code}: ${detail}`;
  ctx.countRefused({ action: `${kind}.refuse`, code, reason, fleet: { name, revision }, voter });
}
