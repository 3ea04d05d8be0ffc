import type { AuditEvent } from '../../schemas/audit.ts';
import type { TrafficAnswer } from '../../schemas/decision.ts';
import type { FleetSpec } from '../../schemas/fleet.ts';
import { type ProblemCode, problems } from '../../schemas/problem.ts';
import type { Command, Situation, Verdict } from '../core/situation.ts';
import { createPusher, evaluate } from '../engine/failover.ts';
import { AppError } from './app-error.ts';
import { type Context, timestamp } from './context.ts';
import { load } from './resources.ts';
import { violations } from './safety.ts';

/** What a command on the traffic of a fleet has led to. */
export interface Commanded extends TrafficAnswer {
  /** Absent when there was nothing to decide. */
  verdict?: Verdict | undefined;
  /** Id of the operation that makes the gateways follow; absent when none has to. */
  operation?: string | undefined;
}

/**
 * Decides with what somebody asks for, records it, and has the gateways follow in the background; in a dry run it is only decided. Throws
 * `not-found`, what `commandOf` throws, `rule-violated` and `write-conflict`.
 */
export async function commandTraffic(
  ctx: Context,
  fleet: string,
  command: Command | ((situation: Situation) => Command),
): Promise<Commanded> {
  const { deps, actor, requestId, reason, isDry } = ctx;
  const { spec } = await load(ctx, { kind: 'fleet', fleet, name: fleet });
  const answer = await evaluate(deps, fleet, spec, { command, actor, requestId, reason, isDry });
  if (answer.isLost) throw new AppError('write-conflict', 'Others keep deciding here.');
  const { verdict, decision, operation } = answer;
  if (verdict?.outcome === 'refused') throw refused(fleet, spec, verdict);
  if (operation) ctx.waitUntil(follow(ctx, fleet));
  return { verdict, ...(decision && { decision }), operation: operation?.id };
}

function refused(fleet: string, spec: FleetSpec, verdict: Verdict): AppError {
  const issues = violations(verdict.rules, spec, `fleets/${fleet}`);
  return new AppError('rule-violated', issues.map(({ detail }) => detail).join('; '), issues);
}

async function follow({ deps }: Context, fleet: string): Promise<void> {
  const pusher = createPusher(deps, fleet);
  pusher.push();
  await pusher.settled();
}

/** Refusals that somebody has to answer for; the others are slips. */
const AUDITED: ReadonlySet<number> = new Set([403, 409]);

/** Does the work; when it is refused, the log of the fleet says so. `action`: such as `shift.refused`. */
export async function auditingRefusals<T>(
  ctx: Context,
  fleet: string,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && isAudited(error.code) && !ctx.isDry) {
      await ctx.deps.store.appendAudit(fleet, refusal(ctx, fleet, action, error));
    }
    throw error;
  }
}

function isAudited(code: ProblemCode): boolean {
  return AUDITED.has(problems[code].status) && !problems[code].retryable;
}

function refusal(ctx: Context, fleet: string, action: string, error: AppError): AuditEvent {
  return {
    id: `aud_${ctx.deps.ids.ulid()}`,
    at: timestamp(ctx.deps.clock.now()),
    actor: ctx.actor,
    action,
    target: { kind: 'fleet', fleet, name: fleet },
    requestId: ctx.requestId,
    reason: `${error.code}: ${error.detail}`.slice(0, MAX_REASON),
    before: 0,
    after: 0,
    changes: [],
    changeCount: 0,
  };
}

/** Characters. */
const MAX_REASON = 2000;
