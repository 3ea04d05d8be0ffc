import { compareText } from '../../core/model/text.ts';
import type { Deps } from '../../deps.ts';
import { createLimit } from '../../limit.ts';
import { checkDataPlane } from '../reconcile/data-plane.ts';
import { reconcileGateway } from '../reconcile/reconcile.ts';
import { isDue } from '../reconcile/sync.ts';

/** The most gateways that one sweep runs. The remaining ones come first in the next sweep. */
const GATEWAYS_PER_SWEEP = 20;

/** The number of concurrent runs. Each holds a gateway with all its routes in memory, and a Worker has 128 MB. */
const SIDE_BY_SIDE = 3;

interface Place {
  fleet: string;
  gateway: string;
}

interface Due extends Place {
  /** True when the gateway has waiting changes. Such gateways go before those that are only due to be read again. */
  isBehind: boolean;
  /** The time at which the last run began, empty when there was none. */
  lastAttemptAt: string;
}

/**
 * Reconciles the gateways that are due. This is the safety net behind the run that follows each write, and it recovers
 * gateways after a cloud was unavailable. The gateway that has waited longest goes first, so that each has its turn.
 * After `untilMs` no run begins and none continues. The cost of finding the due gateways does not depend on how many
 * changes wait.
 */
export async function sweep(deps: Deps, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  const due = await dueGateways(deps);
  const limit = createLimit(SIDE_BY_SIDE);
  const checks: Promise<void>[] = [];
  await Promise.all(
    due.slice(0, GATEWAYS_PER_SWEEP).map((place) =>
      limit(async () => {
        if (deps.clock.now() >= untilMs) return;
        await run(deps, place, untilMs);
        // The check runs in the background, so that a gateway that does not answer does not delay the others.
        checks.push(checkDataPlane(deps, place.fleet, place.gateway));
      }),
    ),
  );
  await Promise.all(checks);
}

/** Reconciles one gateway. A failure does not affect other gateways or fleets. */
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

/** Returns the gateways that have rows in the outbox, by fleet. Each costs one read, however many rows it has. */
async function behindGateways({ store }: Deps): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (let place = await store.nextBehind(); place !== undefined; place = await store.nextBehind(place)) {
    const gateways = found.get(place.fleet) ?? new Set();
    found.set(place.fleet, gateways.add(place.gateway));
  }
  return found;
}
