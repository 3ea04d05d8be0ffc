import { say } from '../../schemas/messages/index.ts';
import type { EarlierRequest, KeptAnswer, KeyedRequest, RequestClaim } from '../deps.ts';
import { AppError, faultAt } from './app-error.ts';
import type { Context } from './context.ts';

/** The time that a process has to carry a request out. After it, the process counts as dead, and a repetition may begin anew. */
const LEASE_MS = 60_000;

/** The time for which a key stands for its request. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** The most bytes of an answer that is kept, as JSON. */
const MAX_ANSWER_BYTES = 256 * 1024;

/**
 * Carries a keyed request out, unless that was done already: then it returns the first answer. Of many that are alike at the
 * same time, one is carried out. Only successes are kept: a request that fails may be sent again with its key. The body of an
 * answer is not kept when `isSecret`, or when it is too large. Throws `idempotency-key-reused`, `idempotency-key-in-progress`
 * and `answer-not-kept`.
 */
export async function carryOutOnce<A extends KeptAnswer>(
  ctx: Context,
  request: KeyedRequest,
  { isSecret, carryOut }: { isSecret: boolean; carryOut: () => Promise<A> },
): Promise<{ answer: A | KeptAnswer; isReplayed: boolean }> {
  const nowMs = ctx.deps.clock.now();
  const times = { leasedUntilMs: nowMs + LEASE_MS, keptUntilMs: nowMs + KEPT_MS };
  const claim = { ...request, ...times, holder: ctx.requestId };
  const earlier = await ctx.deps.store.claimRequest(claim, nowMs);
  if (earlier) return { answer: repeated(request, earlier, isSecret), isReplayed: true };
  const work = carryOutClaimed(ctx, claim, carryOut, isSecret);
  // A client that hangs up is the one that will ask for the answer again, so the work goes on without it.
  ctx.waitUntil(work.catch(() => undefined));
  return { answer: await work, isReplayed: false };
}

/** Returns the answer to the earlier request, if this one repeats it and the answer is there. */
function repeated({ fingerprint }: KeyedRequest, earlier: EarlierRequest, isSecret: boolean): KeptAnswer {
  const { answer } = earlier;
  if (earlier.fingerprint !== fingerprint) {
    throw faultAt('idempotency-key-reused', 'header/Idempotency-Key', say('KeyReused'));
  }
  if (answer === undefined) throw new AppError('idempotency-key-in-progress', say('KeyInProgress'));
  if (answer.isCut) throw new AppError('answer-not-kept', say('AnswerNotKept', { status: answer.status, isSecret }));
  return answer;
}

async function carryOutClaimed<A extends KeptAnswer>(
  ctx: Context,
  claim: RequestClaim,
  carryOut: () => Promise<A>,
  isSecret: boolean,
): Promise<A> {
  const { store } = ctx.deps;
  const answer = await carryOut().catch(async (error: unknown) => {
    await settle(ctx, () => store.freeRequest(claim));
    throw error;
  });
  await settle(ctx, () => store.keepAnswer(claim, keepable(answer, isSecret)));
  return answer;
}

function keepable({ status, headers, body }: KeptAnswer, isSecret: boolean): KeptAnswer {
  const whole = { status, headers, body };
  const bytes = new TextEncoder().encode(JSON.stringify(whole)).length;
  return isSecret || bytes > MAX_ANSWER_BYTES ? { status, isCut: true } : whole;
}

/** Writes the end of a claim. When that fails, the lease of the claim ends it, and the answer is true all the same. */
async function settle({ deps: { log }, requestId }: Context, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    log.error('idempotency.unsettled', { requestId }, error);
  }
}
