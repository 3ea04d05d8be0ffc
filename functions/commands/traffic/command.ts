import type { TrafficAnswer } from '../../../schemas/decision.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { Command, Situation, Verdict } from '../../core/failover/situation.ts';
import { createPusher, evaluate } from '../../engine/failover/evaluate.ts';
import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';
import { FOLLOW_MS } from '../follow.ts';
import { load } from '../load.ts';
import { violations } from '../write/safety.ts';

/** What a command on the traffic of a fleet has led to. */
export interface Commanded extends TrafficAnswer {
  /** Absent when there was nothing to decide. */
  verdict?: Verdict | undefined;
  /** Id of the operation that makes the gateways follow; absent when none has to. */
  operation?: string | undefined;
}

/**
 * Decides with what somebody asks for, of one service alone where that is named, records it, and has the gateways follow in the background; in a dry run it is only decided. Throws
 * `not-found`, what `commandOf` throws, `rule-violated` and `write-conflict`.
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

/** What somebody asks for, or how that is made of the situation that it comes into; undefined when there is nothing to ask for. */
export type Asking = Command | ((situation: Situation) => Command | undefined);

/** The same for those who want to see what forbids it: the verdict may be refused. */
export async function tryCommand(ctx: Context, fleet: string, command: Asking, service?: string): Promise<Commanded> {
  const { deps, actor, requestId, reason, isDry } = ctx;
  const { spec } = await load(ctx, { kind: 'fleet', fleet, name: fleet });
  const answer = await evaluate(deps, fleet, spec, { command, service, actor, requestId, reason, isDry });
  if (answer.isLost) throw new AppError('write-conflict', 'Others keep deciding here.');
  const { verdict, decision, operation } = answer;
  if (operation) ctx.waitUntil(follow(ctx, fleet, spec));
  return { verdict, ...(decision && { decision }), operation: operation?.id };
}

function refused(fleet: string, verdict: Verdict): AppError {
  const issues = violations(verdict.rules, fleet);
  return new AppError('rule-violated', issues.map(({ detail }) => detail).join('; '), issues);
}

/** Steps that are taken behind the answer, each once the gateways are verified to follow the last; the schedule goes on from there. */
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
