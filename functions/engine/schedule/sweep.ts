import pLimit from 'p-limit';
import { compareText } from '../../core/model/text.ts';
import type { Deps } from '../../deps.ts';
import { checkDataPlane } from '../reconcile/data-plane.ts';
import { reconcileGateway } from '../reconcile/reconcile.ts';
import { isDue } from '../reconcile/sync.ts';

/** Gateways that one sweep runs; those that are left come first in the next one. */
const GATEWAYS_PER_SWEEP = 20;

/** Runs that go on side by side: each holds a gateway with all its routes in memory, and a Worker has 128 MB. */
const SIDE_BY_SIDE = 3;

interface Place {
  fleet: string;
  gateway: string;
}

interface Due extends Place {
  /** What is behind goes before what is only to be looked at again. */
  isBehind: boolean;
  /** When its last run began, which is never for a new one. */
  lastAttemptAt: string;
}

/**
 * Reconciles gateways that do not follow yet and whose next attempt is due: the safety net behind the run that follows each write, and the
 * way back after a cloud was away. The one that has waited longest goes first, so that every one has its turn; after `untilMs` no run
 * begins and none goes on. How much a gateway has yet to follow makes no difference to what is read to find it.
 */
export async function sweep(deps: Deps, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  const due = await dueGateways(deps);
  const limit = pLimit(SIDE_BY_SIDE);
  const checks: Promise<void>[] = [];
  await Promise.all(
    due.slice(0, GATEWAYS_PER_SWEEP).map((place) =>
      limit(async () => {
        if (deps.clock.now() >= untilMs) return;
        await run(deps, place, untilMs);
        // A gateway that answers nobody keeps none of the others waiting.
        checks.push(checkDataPlane(deps, place.fleet, place.gateway));
      }),
    ),
  );
  await Promise.all(checks);
}

/** Trouble with one gateway, or one fleet, is no trouble of another. */
async function run(deps: Deps, { fleet, gateway }: Place, untilMs: number): Promise<void> {
  try {
    await reconcileGateway(deps, fleet, gateway, { untilMs });
  } catch (error) {
    logFailure(deps, { fleet, gateway }, error);
  }
}

function logFailure({ log }: Deps, place: Partial<Place>, error: unknown): void {
  log.error('sweep.failed', { ...place }, error);
}

async function dueGateways(deps: Deps): Promise<Due[]> {
  const behind = await behindGateways(deps);
  const due: Due[] = [];
  const { items, unreadable } = await deps.store.fleets();
  for (const error of unreadable) logFailure(deps, {}, error);
  for (const { name: fleet } of items) {
    try {
      due.push(...(await dueInFleet(deps, fleet, behind.get(fleet) ?? new Set())));
    } catch (error) {
      logFailure(deps, { fleet }, error);
    }
  }
  return due.sort((a, b) => Number(b.isBehind) - Number(a.isBehind) || compareText(a.lastAttemptAt, b.lastAttemptAt));
}

async function dueInFleet({ store, clock }: Deps, fleet: string, behind: ReadonlySet<string>): Promise<Due[]> {
  const known = new Map((await store.syncs(fleet)).map((record) => [record.gateway, record]));
  return [...new Set([...behind, ...known.keys()])].flatMap((gateway) => {
    const record = known.get(gateway);
    if (!isDue(record, behind.has(gateway), clock.now())) return [];
    const isBehind = behind.has(gateway) || record?.nextAttemptAt !== undefined;
    return [{ fleet, gateway, isBehind, lastAttemptAt: record?.lastAttemptAt ?? '' }];
  });
}

/** The gateways that have rows in the outbox, by fleet. One read each, however many rows there are. */
async function behindGateways({ store }: Deps): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (let place = await store.nextBehind(); place !== undefined; place = await store.nextBehind(place)) {
    const gateways = found.get(place.fleet) ?? new Set();
    found.set(place.fleet, gateways.add(place.gateway));
  }
  return found;
}
