import type { TrafficAnswer } from '../../../schemas/decision.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Command, DecisionInput, DecisionResult } from '../../core/failover/decision-input.ts';
import type { StoredDocument } from '../../deps.ts';
import { createPusher, evaluate } from '../../engine/failover/evaluate.ts';
import { authorizeTraffic } from '../access/gateways.ts';
import { AppError } from '../app-error.ts';
import { authorOf, type Context } from '../context.ts';
import { FOLLOW_MS } from '../follow.ts';
import { load } from '../load.ts';
import { violations } from '../write/safety.ts';

/** The result of a command on the traffic of a fleet. */
export interface Commanded extends TrafficAnswer {
  /** The result of the decision. Absent when there was nothing to decide. */
  result?: DecisionResult | undefined;
  /** The id of the operation that makes the gateways follow. Absent when none has to. */
  operation?: string | undefined;
}

/**
 * Decides on a command, records the decision, and lets the gateways follow in the background. A dry run only decides. Throws `not-found`, what `command` throws,
 * `rule-violated` and `write-conflict`.
 */
export async function commandTraffic(
  ctx: Context,
  fleet: string,
  command: CommandSource,
  options?: CommandOptions,
): Promise<Commanded> {
  const commanded = await tryCommand(ctx, fleet, command, options);
  const { result } = commanded;
  if (result?.outcome === 'refused') throw refused(fleet, result);
  return commanded;
}

export interface CommandOptions {
  /** The service that the command concerns alone. */
  service?: string | undefined;
  /** Documents to write in the transaction of the decision. */
  documents?: readonly StoredDocument[] | undefined;
}

/**
 * A command, or a function that makes it from the input of the decision. The function returns undefined when there is
 * nothing to ask for.
 */
export type CommandSource = Command | ((input: DecisionInput) => Command | undefined);

/**
 * Decides on a command like `commandTraffic`, but returns a refused result instead of throwing, so that callers can
 * show which rules forbid it.
 */
export async function tryCommand(
  ctx: Context,
  fleet: string,
  command: CommandSource,
  options: CommandOptions = {},
): Promise<Commanded> {
  const { deps, isDry } = ctx;
  const { spec } = await load(ctx, { kind: 'fleet', fleet, name: fleet });
  await authorizeTraffic(ctx, fleet);
  const answer = await evaluate(deps, fleet, spec, { command, ...options, ...authorOf(ctx), isDry });
  if (answer.isLost) throw new AppError('write-conflict', say('Outdecided'));
  const { result, decision, operation } = answer;
  if (operation) ctx.waitUntil(follow(ctx, fleet, spec));
  return { result, ...(decision && { decision }), operation: operation?.id };
}

function refused(fleet: string, result: DecisionResult): AppError {
  const issues = violations(result.rules, fleet);
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
      await pusher.idle();
      const { operation } = await evaluate(deps, fleet, spec);
      if (operation === undefined) return;
    }
  } catch (error) {
    deps.log.error('traffic.follow-failed', { fleet, requestId }, error);
  }
}
