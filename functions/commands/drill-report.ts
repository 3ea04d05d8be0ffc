import type { Decision } from '../../schemas/decision.ts';
import type { DrillRun } from '../../schemas/drill.ts';
import type { DrillReport, DrillShares } from '../../schemas/drill-report.ts';
import { placementShares } from '../core/allocation/points.ts';
import { digest } from '../core/digest.ts';
import { decide } from '../core/failover/decide.ts';
import type { Situation } from '../core/failover/situation.ts';
import type { Traffic } from '../core/failover/traffic.ts';
import type { Context } from './context.ts';
import { getDrillRun } from './drill-runs.ts';
import { isOfThisRelease } from './replay.ts';

/** A decision of the run, and what it was taken upon. */
interface Recorded {
  decision: Decision;
  situation: Situation;
  /** Of the drill. */
  moment: string;
}

/** A run with its decisions, and the shares that they led to: they are taken again on what is recorded. Throws `not-found`. */
export async function drillReport(ctx: Context, fleet: string, id: string): Promise<DrillReport> {
  const run = await getDrillRun(ctx, fleet, id);
  const recorded = await recordedOf(ctx, run);
  const decisions = recorded.map(({ decision }) => decision);
  return {
    run,
    ...(run.recoverySeconds !== undefined && { isTargetMet: run.recoverySeconds <= run.recoveryTargetSeconds }),
    shares: sharesOf(run.cluster, recorded),
    decisions,
    evidenceHash: digest({ run, decisions: decisions.map(({ hash }) => hash) }),
  };
}

/** Decisions are kept for a time; those that are forgotten, or that an earlier release took, are left out. */
async function recordedOf({ deps }: Context, { fleet, events }: DrillRun): Promise<Recorded[]> {
  const moments = new Map(events.flatMap(({ decision, type }) => (decision === undefined ? [] : [[decision, type]])));
  const found = await Promise.all(
    [...moments].map(async ([id, moment]) => {
      const [decision, inputs] = await Promise.all([deps.store.decision(fleet, id), deps.store.inputs(fleet, id)]);
      const situation = inputs === undefined ? undefined : (JSON.parse(inputs) as Situation);
      return decision && situation && isOfThisRelease(situation) ? [{ decision, situation, moment }] : [];
    }),
  );
  return found.flat();
}

function sharesOf(cluster: string, recorded: readonly Recorded[]): DrillShares[] {
  const [first] = recorded;
  if (first === undefined) return [];
  const { situation, decision } = first;
  const before = sharesAt(cluster, situation, situation.traffic, decision.decidedAt, 'before');
  const after = recorded.map(({ situation: then, decision: { decidedAt }, moment }) =>
    sharesAt(cluster, then, decide(then)?.traffic ?? then.traffic, decidedAt, moment),
  );
  return [before, ...after];
}

function sharesAt(
  cluster: string,
  { placements }: Situation,
  traffic: Traffic,
  at: string,
  moment: string,
): DrillShares {
  const serving = placements.filter(({ members }) => members.some((member) => member.cluster === cluster));
  const backends = serving.map((placement) => ({
    services: placement.services,
    clusters: placementShares(placement, traffic),
  }));
  return { at, moment, backends };
}
