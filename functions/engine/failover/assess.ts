import type { DecisionInput } from '../../core/failover/decision-input.ts';
import { digest } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import { isoOf } from '../../core/model/time.ts';
import { type LossOutcome, readinessOf } from '../../core/simulation/readiness.ts';
import type { Assessment, Deps, StoredDocument } from '../../deps.ts';
import { readDecisionInput } from './decision-input.ts';

/**
 * An assessment is worked out again after this time even when nothing has changed, so that what is shown is never
 * older.
 */
const LONGEST_MS = 600_000;

/** The interval of checking the inputs for changes, in addition to the check after each decision. */
const CHECK_MS = 60_000;

/**
 * Returns whether the fleet could serve without any one of its clusters, sites and cities. The stored assessment is
 * returned while its inputs are the same and it is recent; otherwise a new one is worked out and stored. A caller that
 * loses the race to store it has found the same result, so the failed write is ignored.
 */
export async function assess(
  deps: Deps,
  { name, spec }: Resource<'fleet'>,
  trafficVersion: number,
): Promise<Assessment> {
  const { store, clock } = deps;
  const known = await store.document(name, 'readiness', name);
  if (known?.body.trafficVersion === trafficVersion && Math.abs(clock.now() - known.body.checkedAtMs) < CHECK_MS)
    return known.body;
  const { input } = await readDecisionInput(deps, name, spec);
  const basis = basisOf(input);
  const { nowMs } = input;
  const checked = { basis, trafficVersion: input.traffic.version, checkedAtMs: nowMs };
  const holds = known?.body.basis === basis && Math.abs(nowMs - known.body.atMs) < LONGEST_MS;
  const found = holds ? known.body : workedOut(known, input);
  const body: Assessment = { ...found, ...checked };
  const version = (known?.version ?? 0) + 1;
  await store.putDocument({ fleet: name, kind: 'readiness', id: name, version, body, isPending: false });
  return body;
}

function workedOut(known: StoredDocument<'readiness'> | undefined, input: DecisionInput) {
  const { losses, skipped } = readinessOf(input);
  return { atMs: input.nowMs, skipped, losses: datedBy(known, losses, input.nowMs) };
}

/** Adds to each loss the time since which its `survives` has had this value. */
function datedBy(
  before: StoredDocument<'readiness'> | undefined,
  losses: readonly LossOutcome[],
  nowMs: number,
): Assessment['losses'] {
  const keyOf = ({ type, name }: Pick<LossOutcome, 'type' | 'name'>) => `${type}/${name}`;
  const known = new Map((before?.body.losses ?? []).map((loss) => [keyOf(loss), loss]));
  return losses.map((loss) => {
    const last = known.get(keyOf(loss));
    return { ...loss, since: last?.survives === loss.survives ? last.since : isoOf(nowMs) };
  });
}

/** Returns the digest of everything, except the time, that determines the losses. */
function basisOf({ policy, clusters, placements, traffic }: DecisionInput): string {
  const { allocation, clusters: states, shifts, drill } = traffic;
  const places = clusters.map(({ name, uid, site, city, capacity }) => [name, uid, site, city, capacity]);
  return digest([policy.failover, policy.safety.gates, places, placements, allocation.basis, states, shifts, drill]);
}
