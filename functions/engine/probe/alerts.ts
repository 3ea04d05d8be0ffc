import type { Alert, AlertReceipt, AlertResult } from '../../../schemas/alerts.ts';
import type { AlertVoter } from '../../../schemas/failover.ts';
import { contend } from '../../attempts.ts';
import { subjectOf, withAlerts } from '../../core/health/alerts.ts';
import type { HealthRecord } from '../../core/health/types.ts';
import { votersOf } from '../../core/health/voters.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps } from '../../deps.ts';
import { createLimit } from '../../limit.ts';
import type { Pusher } from '../failover/evaluate.ts';
import { createEvaluator } from '../failover/evaluator.ts';
import { traceOf } from './heard-voters.ts';
import { createRecorder } from './recorder.ts';

/** The number of concurrent writes. A Worker has six connections at a time. */
const WRITES_AT_A_TIME = 4;

/** The number of attempts to store a heartbeat. Notifications of one voter may arrive at the same moment. */
const MAX_TRIES = 4;

/** An alert of a notification, and the index of its receipt. */
interface Item {
  alert: Alert;
  index: number;
}

/**
 * Stores what a monitoring system reports about the clusters that it watches, and decides on it. A heartbeat is stored
 * for the voter, and with each cluster that has known alerts, because firing alerts count as long as the voter lives. A
 * repeated notification changes nothing.
 */
export async function takeAlerts(
  deps: Deps,
  fleet: Resource<'fleet'>,
  voter: AlertVoter,
  alerts: readonly Alert[],
  pusher: Pusher,
): Promise<AlertReceipt> {
  const subjects = alerts.map((alert) => subjectOf(alert, voter));
  const [clusters, records, heartbeatAtMs] = await Promise.all([
    deps.store.all('cluster', fleet.name),
    deps.store.health(fleet.name),
    heartbeatOf(
      deps,
      fleet,
      voter,
      subjects.some(({ isHeartbeat }) => isHeartbeat),
    ),
  ]);
  const results = subjects.map(
    ({ isHeartbeat, cluster }): AlertResult =>
      isHeartbeat ? 'heartbeat' : cluster === undefined ? 'no-cluster' : 'not-watched',
  );
  const items = Map.groupBy(
    alerts.map((alert, index): Item => ({ alert, index })),
    ({ index }) => subjects[index]?.cluster,
  );
  const recorder = createRecorder(deps, fleet.spec, records, { limit: createLimit(WRITES_AT_A_TIME) });
  const evaluator = createEvaluator(deps, fleet, pusher);
  const work = clusters
    .filter((cluster) => votersOf(cluster, [voter]).length > 0)
    .map(async (cluster) => {
      const own = items.get(cluster.name) ?? [];
      const step = (record: HealthRecord) => {
        const told = own.map(({ alert }) => alert);
        const taken = withAlerts(record, voter, told, heartbeatAtMs, deps.clock.now());
        for (const [position, { index }] of own.entries()) results[index] = taken.results[position] ?? 'stale';
        return taken.record;
      };
      if ((await recorder.change(cluster, step)).isKept) evaluator.ask();
    });
  await Promise.all(work);
  const receipts = subjects.map(({ cluster }, index) => ({
    fingerprint: alerts[index]?.fingerprint ?? '',
    ...(cluster !== undefined && { cluster }),
    result: results[index] ?? 'stale',
  }));
  const decision = await evaluator.idle();
  return { receipts, ...(decision !== undefined && { decision }) };
}

/**
 * Returns the time at which the voter last showed that it lives, 0 when it never has. With `isNow` that is the current
 * time, which is also stored.
 */
async function heartbeatOf(
  deps: Deps,
  { name: fleet }: Resource<'fleet'>,
  { name: id }: AlertVoter,
  isNow: boolean,
): Promise<number> {
  const heard = await contend(MAX_TRIES, async () => {
    const last = await deps.store.document(fleet, 'voter', id);
    if (!isNow) return last?.body.heardAtMs ?? 0;
    const heardAtMs = deps.clock.now();
    return (await deps.store.putDocument(traceOf(fleet, id, last, { heardAtMs }))) ? heardAtMs : undefined;
  });
  return heard ?? deps.clock.now();
}
