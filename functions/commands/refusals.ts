import { type ProblemCode, problems } from '../../schemas/problem.ts';
import { auditEvent } from '../core/model/audit.ts';
import type { Ref, RefTo } from '../core/model/resource.ts';
import { AppError } from './app-error.ts';
import { authorOf, type Context, timestamp } from './context.ts';

/** Returns a reference to the fleet itself, as the target of a refusal. */
export function theFleet(fleet: string): RefTo<'fleet'> {
  return { kind: 'fleet', fleet, name: fleet };
}

/**
 * The statuses of refusals that are audited, because somebody is responsible for them; other refusals are mere
 * mistakes. An approval that is required has an audit event of its own.
 */
const AUDITED: ReadonlySet<number> = new Set([403, 409]);

/**
 * Does the work. When it is refused by a rule or because of the actor, the refusal is added to the audit log of the
 * fleet, with an action such as `shift.refused`.
 */
export async function auditingRefusals<T>(
  ctx: Context,
  target: Ref,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && isAudited(error.code) && !ctx.isDry) {
      await ctx.deps.store.appendAudit(target.fleet, refusal(ctx, target, action, error));
    }
    throw error;
  }
}

function isAudited(code: ProblemCode): boolean {
  return AUDITED.has(problems[code].status) && !problems[code].retryable && code !== 'approval-required';
}

function refusal(ctx: Context, { kind, fleet, name }: Ref, action: string, error: AppError) {
  const reason = `${error.code}: ${error.detail}`.slice(0, MAX_REASON);
  const stamp = { at: timestamp(ctx.deps.clock.now()), ulid: ctx.deps.ids.ulid() };
  return auditEvent({ ...authorOf(ctx), reason }, stamp, { action, target: { kind, fleet, name } });
}

/** The maximum length of a reason, in characters. */
const MAX_REASON = 2000;
