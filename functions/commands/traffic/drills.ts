import type { DrillRun } from '../../../schemas/drill.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Command, DecisionInput } from '../../core/failover/decision-input.ts';
import { AppError, throwFaults } from '../app-error.ts';
import type { Context } from '../context.ts';
import { unknownReference } from '../issues.ts';
import { load } from '../load.ts';
import { getDrillRun } from '../read/drill-runs.ts';
import { auditingRefusals, theFleet } from '../refusals.ts';
import { type Commanded, commandTraffic } from './command.ts';

/** A drill that has begun. In a dry run, only the decision that would begin it. */
export type StartedDrill = Commanded & { run?: DrillRun | undefined };

/**
 * Starts a declared drill now. Throws `unknown-reference`, `already-live` while a drill runs in the fleet,
 * `rule-violated` with the rules that forbid it, and what `commandTraffic` throws.
 */
export async function startDrill(ctx: Context, fleet: string, drill: string): Promise<StartedDrill> {
  return await auditingRefusals(ctx, theFleet(fleet), 'drill.refused', async () => {
    const { spec } = await load(ctx, { kind: 'fleet', fleet, name: fleet });
    const isDeclared = spec.drills.some(({ name }) => name === drill);
    throwFaults(isDeclared ? [] : [unknownReference('#/drill', say('NoDrill', { drill }))]);
    const run = `drl_${ctx.deps.ids.ulid()}`;
    const commanded = await commandTraffic(ctx, fleet, ({ traffic }) => {
      if (traffic.drill) {
        const { name, run: live } = traffic.drill;
        throw new AppError('already-live', say('DrillRuns', { drill: name, run: live }));
      }
      return { type: 'start-drill', drill, run };
    });
    return ctx.isDry ? commanded : { ...commanded, run: await getDrillRun(ctx, fleet, run) };
  });
}

/**
 * Aborts a drill run, so that its clusters get their shares back. An ended run is left unchanged. Throws `not-found`,
 * and what `commandTraffic` throws.
 */
export async function abortDrill(ctx: Context, fleet: string, id: string): Promise<Commanded> {
  const { endedAt } = await getDrillRun(ctx, fleet, id);
  if (endedAt !== undefined) return {};
  return await commandTraffic(ctx, fleet, (input) => abortOf(input, id));
}

/**
 * Returns the command that aborts a run. Throws `already-ended` when the run has ended since it was looked up, even if
 * another one has begun.
 */
function abortOf({ traffic }: DecisionInput, id: string): Command {
  if (traffic.drill?.run !== id) throw new AppError('already-ended', say('DrillEnded', { run: id }));
  return { type: 'abort-drill' };
}
