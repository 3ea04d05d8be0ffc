import type { Decision } from '../../../schemas/decision.ts';
import type { DrillRun } from '../../../schemas/drill.ts';
import type { DrillReport, DrillShares } from '../../../schemas/drill-report.ts';
import { placementShares } from '../../core/allocation/points.ts';
import { decide } from '../../core/failover/decide.ts';
import type { DecisionInput } from '../../core/failover/decision-input.ts';
import type { Traffic } from '../../core/failover/traffic.ts';
import { digest } from '../../core/model/digest.ts';
import type { Context } from '../context.ts';
import { getDrillRun } from './drill-runs.ts';
import { localTime } from './local-time.ts';
import { isConcerned, lostRequests, type DrillPhase } from './lost-requests.ts';
import { isOfThisRelease } from './replay.ts';

/** A decision of the run, its inputs, and the traffic that it led to. */
interface Recorded extends DrillPhase {
  decision: Decision;
  /** The type of the event of the drill that the decision belongs to. */
  moment: string;
}

/**
 * Returns the report of a drill run: its decisions and the shares that they led to. The decisions are taken again on
 * their recorded inputs. Throws `not-found`.
 */
export async function drillReport(ctx: Context, fleet: string, id: string, timeZone = 'UTC'): Promise<DrillReport> {
  const run = await getDrillRun(ctx, fleet, id);
  const recorded = await recordedOf(ctx, run);
  const decisions = recorded.map(({ decision }) => decision);
  return {
    run,
    local: localTimes(run, timeZone),
    ...(run.recoverySeconds !== undefined && { isTargetMet: run.recoverySeconds <= run.recoveryTargetSeconds }),
    lostRequests: lostRequests(run, recorded, ctx.deps.clock.now()),
    shares: sharesOf(run, recorded),
    decisions,
    evidenceHash: digest({ run, decisions: decisions.map(({ hash }) => hash) }),
  };
}

function localTimes({ startedAt, verifiedAt, endedAt }: DrillRun, timeZone: string): DrillReport['local'] {
  return {
    timeZone,
    startedAt: localTime(startedAt, timeZone),
    ...(verifiedAt !== undefined && { verifiedAt: localTime(verifiedAt, timeZone) }),
    ...(endedAt !== undefined && { endedAt: localTime(endedAt, timeZone) }),
  };
}

/**
 * Returns the decisions of a run that can be taken again. Decisions that have expired, or that an earlier release took,
 * are left out.
 */
async function recordedOf({ deps }: Context, { fleet, events }: DrillRun): Promise<Recorded[]> {
  const moments = new Map(events.flatMap(({ decision, type }) => (decision === undefined ? [] : [[decision, type]])));
  const found = await Promise.all(
    [...moments].map(async ([id, moment]) => {
      const [decision, inputs] = await Promise.all([deps.store.decision(fleet, id), deps.store.inputs(fleet, id)]);
      const input = inputs === undefined ? undefined : (JSON.parse(inputs) as DecisionInput);
      if (decision === undefined || input === undefined || !isOfThisRelease(input)) return [];
      const traffic = decide(input)?.traffic ?? input.traffic;
      return [{ decision, input, traffic, atMs: input.nowMs, moment }];
    }),
  );
  return found.flat();
}

/** Returns the shares of the backends that the drill concerns, before the run and after each decision. */
function sharesOf(run: DrillRun, recorded: readonly Recorded[]): DrillShares[] {
  const [first] = recorded;
  if (first === undefined) return [];
  const { input, decision } = first;
  const before = sharesAt(run, input, input.traffic, decision.decidedAt, 'before');
  const after = recorded.map(({ input: then, traffic, decision: { decidedAt }, moment }) =>
    sharesAt(run, then, traffic, decidedAt, moment),
  );
  return [before, ...after];
}

function sharesAt(run: DrillRun, { placements }: DecisionInput, traffic: Traffic, at: string, moment: string): DrillShares {
  const serving = placements.filter((placement) => isConcerned(run, placement));
  const backends = serving.map((placement) => ({
    services: placement.services,
    clusters: placementShares(placement, traffic),
  }));
  return { at, moment, backends };
}
