import { type ProblemCode, problems } from '../../schemas/problem.ts';
import { auditEvent } from '../core/model/audit.ts';
import type { Ref } from '../core/model/resource.ts';
import { AppError } from './app-error.ts';
import { type Context, timestamp } from './context.ts';

/** The fleet itself, as what something was refused of. */
export function theFleet(fleet: string): Ref {
  return { kind: 'fleet', fleet, name: fleet };
}

/** Refusals that somebody has to answer for; the others are slips. */
const AUDITED: ReadonlySet<number> = new Set([403, 409]);

/** Does the work; when it is refused by a rule or for who asks, the log of the fleet says so. `action`: such as `shift.refused`. */
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
  return AUDITED.has(problems[code].status) && !problems[code].retryable;
}

function refusal({ deps, actor, requestId }: Context, { kind, fleet, name }: Ref, action: string, error: AppError) {
  const reason = `${error.code}: ${error.detail}`.slice(0, MAX_REASON);
  const stamp = { at: timestamp(deps.clock.now()), ulid: deps.ids.ulid() };
  return auditEvent({ actor, requestId, reason }, stamp, { action, target: { kind, fleet, name } });
}

/** Characters. */
const MAX_REASON = 2000;
