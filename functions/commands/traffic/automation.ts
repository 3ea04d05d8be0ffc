import type { Decision, PointsRange, Recommended } from '../../../schemas/decision.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { clusterPoints, rangeText } from '../../core/allocation/points.ts';
import type { Command, DecisionInput } from '../../core/failover/decision-input.ts';
import { MOST_RECORDED, pointsDigest, recommendedOf } from '../../core/failover/recommendation.ts';
import type { ORDERS } from '../../core/failover/standing.ts';
import type { RefTo } from '../../core/model/resource.ts';
import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';
import { requireResource } from '../load.ts';
import { getDecision } from '../read/ledger.ts';
import { modeAfterPause } from '../read/mode-after-pause.ts';
import { auditingRefusals, theFleet } from '../refusals.ts';
import { editResource, type Written } from '../write/resource.ts';
import { type Commanded, commandTraffic } from './command.ts';

/**
 * Gives an order about the standing of a cluster: `resume` takes out a cluster that a brake keeps in, `dismiss`
 * declares that it is not failing, `restore` lets a waiting one return. Changes nothing when the cluster is not in that
 * standing. Throws `not-found`, and what `commandTraffic` throws.
 */
export async function orderCluster(
  ctx: Context,
  fleet: string,
  cluster: string,
  order: keyof typeof ORDERS,
): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), `${order}.refused`, async () => {
    await requireResource(ctx, { kind: 'cluster', fleet, name: cluster });
    return await commandTraffic(ctx, fleet, { type: order, cluster });
  });
}

/**
 * Applies what a decision recommends, as long as that is still recommended. Changes nothing when it is in force
 * already. Throws `not-found`, `stale-recommendation` with the differences, and what `commandTraffic` throws.
 */
export async function applyRecommendation(ctx: Context, fleet: string, id: string): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'apply.refused', async () => {
    const decision = await getDecision(ctx, fleet, id);
    let note: string | undefined;
    const commanded = await commandTraffic(ctx, fleet, (input) => {
      const command = applyOf(decision, input);
      note = command ? undefined : say('AppliedAlready', { decision: id }).text;
      return command;
    });
    return note === undefined ? commanded : { note };
  });
}

/** Returns undefined when the recommendation is in force. Throws `stale-recommendation` when it is outdated. */
function applyOf({ id, recommended }: Decision, { traffic, placements }: DecisionInput): Command | undefined {
  const now = recommendedOf(placements, traffic);
  // Decisions of an early release do not contain their recommendation, so only the last one is known to be valid still.
  const isSame = recommended ? recommended.digest === now?.digest : traffic.head?.decision === id;
  if (now && isSame) return { type: 'apply' };
  if (recommended?.digest === pointsDigest(placements, traffic.allocation)) return undefined;
  const given = clusterPoints(placements, traffic);
  const issues = recommended ? differences(recommended, now, given) : [];
  const head = traffic.head?.decision;
  const why = say(recommended ? 'Outdated' : 'RecommendsNothing', { decision: id, head: now && head });
  throw new AppError('stale-recommendation', why, issues);
}

/** Returns an issue for each cluster whose points would differ from those recommended then. */
function differences(
  then: Recommended,
  now: Recommended | undefined,
  given: ReadonlyMap<string, PointsRange>,
): Issue[] {
  const rangesOf = ({ clusters }: Recommended) => new Map(clusters.map(({ cluster, after }) => [cluster, after]));
  const [was, is] = [rangesOf(then), now ? rangesOf(now) : new Map<string, PointsRange>()];
  const isWhole = then.clusters.length < MOST_RECORDED;
  const names = [...new Set([...was.keys(), ...(isWhole ? is.keys() : [])])].sort();
  const text = (range: PointsRange | undefined) => (range ? rangeText(range) : 'nothing');
  const told = names.map((cluster) => {
    const [before, after] = [was.get(cluster), is.get(cluster)];
    const points = { before: before && text(before), after: after && text(after), kept: text(given.get(cluster)) };
    return { cluster, points, isSame: text(before) === text(after) };
  });
  const changed = told.filter(({ isSame }) => !isSame);
  return (changed.length > 0 ? changed : told).map(({ cluster, points, isSame }) =>
    issueAt(`clusters/${cluster}`, 'stale-recommendation', say(isSame ? 'OtherBackends' : 'OtherPoints', points)),
  );
}

/**
 * Pauses automation, which from then on records decisions and moves nothing. The rest of the policy is kept. Throws
 * `not-found` and `write-conflict`.
 */
export async function pauseFleet(ctx: Context, fleet: string): Promise<Written<'fleet'>> {
  return await editResource(ctx, refOf(fleet), async ({ spec }) => ({ ...spec, automation: 'paused' }));
}

/**
 * Restores the mode from before the pause. A fleet that is not paused is left unchanged. Throws `not-found` and
 * `write-conflict`.
 */
export async function resumeFleet(ctx: Context, fleet: string): Promise<Written<'fleet'>> {
  return await editResource(ctx, refOf(fleet), async (before) => {
    return { ...before.spec, automation: await modeAfterPause(ctx.deps.store, before) };
  });
}

function refOf(fleet: string): RefTo<'fleet'> {
  return { kind: 'fleet', fleet, name: fleet };
}
