import type { TrafficAnswer } from '../../../schemas/decision.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Command, Situation, Verdict } from '../../core/failover/situation.ts';
import { createPusher, evaluate } from '../../engine/failover/evaluate.ts';
import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';
import { FOLLOW_MS } from '../follow.ts';
import { load } from '../load.ts';
import { violations } from '../write/safety.ts';

/** The result of a command on the traffic of a fleet. */
export interface Commanded extends TrafficAnswer {
  /** The verdict. Absent when there was nothing to decide. */
  verdict?: Verdict | undefined;
  /** The id of the operation that makes the gateways follow. Absent when none has to. */
  operation?: string | undefined;
}

/**
 * Decides on a command, records the decision, and lets the gateways follow in the background. With `service`, the
 * command concerns this service alone. A dry run only decides. Throws `not-found`, what `command` throws,
 * `rule-violated` and `write-conflict`.
 */
export async function commandTraffic(
  ctx: Context,
  fleet: string,
  command: Asking,
  service?: string,
): Promise<Commanded> {
  const commanded = await tryCommand(ctx, fleet, command, service);
  const { verdict } = commanded;
  if (verdict?.outcome === 'refused') throw refused(fleet, verdict);
  return commanded;
}

/**
 * A command, or a function that makes it from the current situation. The function returns undefined when there is
 * nothing to ask for.
 */
export type Asking = Command | ((situation: Situation) => Command | undefined);

/**
 * Decides on a command like `commandTraffic`, but returns a refused verdict instead of throwing, so that callers can
 * show which rules forbid it.
 */
export async function tryCommand(ctx: Context, fleet: string, command: Asking, service?: string): Promise<Commanded> {
  const { deps, actor, requestId, reason, isDry } = ctx;
  const { spec } = await load(ctx, { kind: 'fleet', fleet, name: fleet });
  const answer = await evaluate(deps, fleet, spec, { command, service, actor, requestId, reason, isDry });
  if (answer.isLost) throw new AppError('write-conflict', say('Outdecided'));
  const { verdict, decision, operation } = answer;
  if (operation) ctx.waitUntil(follow(ctx, fleet, spec));
  return { verdict, ...(decision && { decision }), operation: operation?.id };
}

function refused(fleet: string, verdict: Verdict): AppError {
  const issues = violations(verdict.rules, fleet);
  const rules = issues.map(({ detail }) => detail).join('; ');
  return new AppError('rule-violated', say('RulesViolated', { rules }), issues);
}

/**
 * The most steps that are taken in the background, each once the gateways are verified to follow the last one. After
 * that the schedule continues.
 */
const MAX_STEPS = 10;

async function follow({ deps, requestId }: Context, fleet: string, spec: FleetSpec): Promise<void> {
  const untilMs = deps.clock.now() + FOLLOW_MS;
  try {
    const pusher = createPusher(deps, fleet);
    for (let step = 0; step < MAX_STEPS && deps.clock.now() < untilMs; step++) {
      pusher.push();
      await pusher.settled();
      const { operation } = await evaluate(deps, fleet, spec);
      if (operation === undefined) return;
    }
  } catch (error) {
    deps.log.error('traffic.follow-failed', { fleet, requestId }, error);
  }
}
