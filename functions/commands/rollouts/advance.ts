import { say } from '../../../schemas/messages/index.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';
import { AUTOMATION } from '../../core/access/principal.ts';
import { ended, stopped, withStep, withVerification } from '../../core/rollout/changes.ts';
import { type Move, nextMove } from '../../core/rollout/next-move.ts';
import type { Deps, StoredDocument } from '../../deps.ts';
import { liveRollouts } from '../../engine/live-rollouts.ts';
import { AppError } from '../app-error.ts';
import { type Context, timestamp } from '../context.ts';
import { readRolloutFacts } from './facts.ts';
import { recordRollout, writeRollout } from './records.ts';

/**
 * Makes the next move of every live rollout of a distribution. Each move is a single write that fails when another
 * write came first, so that any number of processes may run this, and any of them may die. A failure of one rollout
 * does not affect the others.
 */
export async function stepRollouts(deps: Deps, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  const { items, unreadable } = await liveRollouts(deps.store);
  for (const error of unreadable) deps.log.error('rollout.failed', {}, error);
  for (const document of items) {
    if (deps.clock.now() >= untilMs) return;
    try {
      await advance(deps, document);
    } catch (error) {
      deps.log.error('rollout.failed', { fleet: document.fleet, rollout: document.id }, error);
    }
  }
}

async function advance(deps: Deps, document: StoredDocument<'rollout'>): Promise<void> {
  const { body } = document;
  const left: Promise<unknown>[] = [];
  const ctx: Context = {
    deps,
    principal: AUTOMATION,
    requestId: body.id,
    waitUntil: (work) => left.push(work),
    countRefused: () => undefined,
  };
  const facts = await readRolloutFacts(ctx, body);
  await make(ctx, document, facts ? nextMove(body, facts) : { type: 'supersede' });
  await Promise.all(left);
}

async function make(ctx: Context, document: StoredDocument<'rollout'>, move: Move): Promise<void> {
  const { body } = document;
  const at = timestamp(ctx.deps.clock.now());
  switch (move.type) {
    case 'wait':
      return;
    case 'verify':
      await recordRollout(ctx, document, withVerification(body, at, at));
      return;
    case 'restart':
      await recordRollout(ctx, document, withVerification(body, undefined, at));
      return;
    case 'finish':
      await recordRollout(ctx, document, ended(body, 'finished', at), 'rollout.finished');
      return;
    case 'supersede':
      await recordRollout(ctx, document, ended(body, 'superseded', at), 'rollout.superseded');
      return;
    case 'stop':
      await stop(ctx, document, move.stop);
      return;
    case 'step':
      await takeStep(ctx, document, move.step);
  }
}

async function stop(
  ctx: Context,
  document: StoredDocument<'rollout'>,
  given: Extract<Move, { type: 'stop' }>['stop'],
): Promise<void> {
  const at = timestamp(ctx.deps.clock.now());
  const isDone = await recordRollout(
    { ...ctx, reason: given.detail },
    document,
    stopped(document.body, { ...given, at }),
    'rollout.stopped',
  );
  if (isDone) ctx.deps.log.info('rollout.stopped', { fleet: document.fleet, rollout: document.id, cause: given.cause });
}

/** Thrown when somebody else has taken the same step first, or has changed the rollout otherwise. */
class Overtaken extends Error {}

/**
 * Takes a step. A refusal of the write stops the rollout, unless others merely write at the same time: then the next
 * pass tries again.
 */
async function takeStep(ctx: Context, document: StoredDocument<'rollout'>, step: number): Promise<void> {
  const { body } = document;
  try {
    await writeRollout({ ...ctx, reason: reasonOf(body, step) }, refOf(body), (before) => {
      if (before.version !== document.version) throw new Overtaken();
      const clusters = before.body.steps[step]?.clusters ?? before.body.from;
      return { before, clusters, after: (written) => withStep(before.body, step, written) };
    });
  } catch (error) {
    if (error instanceof Overtaken) return;
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'write-conflict' || error.code === 'already-ended' || error.code === 'not-found') return;
    const cause = error.code === 'rule-violated' ? 'rule' : 'declaration';
    const told = error.errors[0]?.detail ?? error.detail;
    const { text: detail } = say('StepRefused', { percent: body.steps[step]?.percent, detail: told });
    await stop(ctx, document, { cause, detail });
  }
}

function reasonOf({ id, actor, reason, steps }: DistributionRollout, step: number): string {
  return `step ${step + 1} of ${steps.length} of ${id} by ${actor}: ${reason}`;
}

function refOf({ fleet, distribution, id }: DistributionRollout) {
  return { fleet, distribution, rollout: id };
}
