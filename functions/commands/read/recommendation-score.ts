import type { Decision } from '../../../schemas/decision.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { RecommendationScore } from '../../../schemas/recommendation-score.ts';
import { recoveryMsOf } from '../../core/failover/grace.ts';
import type { Resource } from '../../core/model/resource.ts';
import { msOf } from '../../core/model/time.ts';
import { conclusionOf, type ScoredDecision, scoreOf } from '../../core/simulation/recommendation-score.ts';
import { type Deps, pagesOf } from '../../deps.ts';
import type { Context } from '../context.ts';
import { load } from '../load.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

/** The most decisions in one score, and the number that is read at a time. */
const MAX_DECISIONS = 1000;
const PAGE = 100;

/** The number of revisions of a fleet that are searched for the beginning of its recommendations. */
const MAX_REVISIONS = 20;

/** Scores the recommendations of the last week. Reads at most a thousand decisions. Throws `not-found`. */
export async function scoreRecommendations(ctx: Context, name: string): Promise<RecommendationScore> {
  const fleet = await load(ctx, { kind: 'fleet', fleet: name, name });
  const { automation } = fleet.spec;
  const untilMs = ctx.deps.clock.now();
  const weekAgoMs = untilMs - WEEK_MS;
  const beganMs = automation === 'automatic' ? untilMs : await recommendingSince(ctx, fleet);
  const { decisions, sinceMs } = await decisionsSince(ctx, name, { beganMs, weekAgoMs });
  const score = {
    fleet: name,
    automation,
    isWholeWeek: sinceMs <= weekAgoMs,
    ...scoreOf(decisions, { sinceMs, untilMs, flapMs: recoveryMsOf(fleet.spec) }),
  };
  return { ...score, conclusion: conclusionOf(score) };
}

/**
 * Returns the time since which the fleet has not been in automatic mode. When that began before the oldest revision
 * that is read, the time of this revision is returned.
 */
async function recommendingSince({ deps }: Context, { name, uid }: Resource<'fleet'>): Promise<number> {
  const ref = { kind: 'fleet', fleet: name, name } as const;
  const { items } = await deps.store.revisions(ref, { limit: MAX_REVISIONS });
  let sinceMs = deps.clock.now();
  for (const revision of items) {
    if (revision.uid !== uid || (revision.spec as FleetSpec).automation === 'automatic') break;
    sinceMs = msOf(revision.updatedAt);
  }
  return sinceMs;
}

/**
 * Returns the decisions of the week, oldest first, preceded by the last one before the week if the fleet recommended
 * then. `sinceMs` is the time from which on the decisions say what was withheld. It is later than the beginning of the
 * week when the fleet was automatic until then, when decisions are of an early release, or when there are too many.
 */
async function decisionsSince(
  { deps }: Context,
  fleet: string,
  { beganMs, weekAgoMs }: { beganMs: number; weekAgoMs: number },
): Promise<{ decisions: ScoredDecision[]; sinceMs: number }> {
  const newestFirst: ScoredDecision[] = [];
  let sinceMs = Math.max(beganMs, weekAgoMs);
  for await (const { id, decidedAt, outcome, withheld } of decisionsOf(deps, fleet)) {
    const atMs = msOf(decidedAt);
    const isSilent = withheld === undefined || atMs < beganMs;
    if (!isSilent) newestFirst.push({ id, decidedAt, outcome, withheld });
    const isFull = newestFirst.length === MAX_DECISIONS;
    if (!isSilent && !isFull && atMs > sinceMs) continue;
    sinceMs = Math.max(sinceMs, atMs);
    break;
  }
  return { decisions: newestFirst.reverse(), sinceMs };
}

/** Yields the decisions of a fleet, newest first. Pages are read as they are needed. */
async function* decisionsOf({ store }: Deps, fleet: string): AsyncGenerator<Decision> {
  for await (const page of pagesOf(PAGE, (request) => store.decisions(fleet, request))) yield* page;
}
