import { encodeTime } from 'ulid';
import type { Event } from '../../../schemas/notification.ts';
import { type DataPlaneRecord, observedAt } from '../../core/gateway/data-plane.ts';
import type { Reading } from '../../core/gateway/reading.ts';
import type { GatewayFacts, IncidentFacts } from '../../core/incidents/incident.ts';
import { openIncidents } from '../../core/incidents/open.ts';
import { NOTHING_NOTIFIED, nextNotified, type IncidentNotice, type NotifiedIncidents } from '../../core/incidents/notified.ts';
import { digest } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import { isoOf } from '../../core/model/time.ts';
import { deliveryOf } from '../../core/notification/events.ts';
import type { Deps, StoredDocument } from '../../deps.ts';
import { documentOf } from '../deliveries.ts';
import { assess } from '../failover/assess.ts';
import { rolloutsIn } from '../live-rollouts.ts';
import { readTraces } from '../probe/heard-voters.ts';
import { readRequests } from '../reconcile/data-plane.ts';

/**
 * The most deliveries that are written together with the record of what has been told. A transaction has room for a
 * hundred items, and each delivery takes two.
 */
const DELIVERIES_AT_ONCE = 40;

/** The most steps that are taken for one fleet in one pass. The next pass continues. */
const MOST_STEPS = 50;

/**
 * Notifies people of each incident of every fleet once when it opens and once when it resolves. After `untilMs` no
 * further fleet is begun. A failure in one fleet does not affect the others.
 */
export async function notifyIncidents(deps: Deps, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
  const { items, unreadable } = await deps.store.fleets();
  for (const error of unreadable) deps.log.error('incidents.failed', {}, error);
  for (const fleet of items) {
    if (deps.clock.now() >= untilMs) return;
    try {
      await tellIncidentsOf(deps, fleet);
    } catch (error) {
      deps.log.error('incidents.failed', { fleet: fleet.name }, error);
    }
  }
}

/**
 * Notifies people of the incidents of one fleet. The record of what has been told is read first: if another pass writes
 * it meanwhile, the write of this pass fails, and the next pass starts from the new record.
 */
async function tellIncidentsOf(deps: Deps, fleet: Resource<'fleet'>): Promise<void> {
  const { store, log } = deps;
  const document = await store.document(fleet.name, 'told', fleet.name);
  let [told, version] = [document?.body ?? NOTHING_NOTIFIED, document?.version ?? 0];
  const facts = await readFacts(deps, fleet, told);
  const incidents = openIncidents(facts);
  const given = { notifications: fleet.spec.notifications, nowMs: facts.nowMs, room: DELIVERIES_AT_ONCE };
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = nextNotified(told, incidents, given);
    if (next === undefined) return;
    [told, version] = [next.notified, version + 1];
    const record = { fleet: fleet.name, kind: 'told', id: fleet.name, version, body: told, isPending: false } as const;
    const deliveries = next.notices.flatMap((telling, index) =>
      deliveriesOf(telling, { facts, lastMs: told.lastMs, version, index }),
    );
    if (!(await store.putDocuments([record, ...deliveries]))) return;
    for (const { event } of next.notices) {
      log.info('incident', {
        fleet: fleet.name,
        type: event.type,
        key: event.incident?.key,
        state: event.incident?.state,
      });
    }
    if (!next.isPartial) return;
  }
}

async function readFacts(deps: Deps, fleet: Resource<'fleet'>, told: NotifiedIncidents): Promise<IncidentFacts> {
  const { store, clock } = deps;
  const { name } = fleet;
  const [clusters, health, traffic, gateways, readings, syncs, rows, traces, requests, rollouts] = await Promise.all([
    store.all('cluster', name),
    store.health(name),
    store.traffic(name),
    store.all('gateway', name),
    store.readings(name),
    store.syncs(name),
    store.outbox({ fleet: name }),
    readTraces(store, name),
    readRequests(store, name),
    rolloutsIn(store, name),
  ]);
  const uids = new Set(clusters.map(({ uid }) => uid));
  return {
    nowMs: clock.now(),
    fleet,
    clusters,
    health: health.filter(({ uid }) => uids.has(uid)),
    traffic,
    gateways: gateways.map((gateway) => ({
      name: gateway.name,
      ...sightOf(gateway, readings, requests),
      waiting: rows.filter((row) => row.gateway === gateway.name),
      sync: syncs.find((sync) => sync.gateway === gateway.name),
    })),
    traces,
    losses: await lossesNow(deps, fleet, traffic.version),
    rollouts,
    told: new Set(Object.keys(told.open)),
  };
}

function sightOf(
  gateway: Resource<'gateway'>,
  readings: readonly Reading[],
  requests: ReadonlyMap<string, DataPlaneRecord>,
): Pick<GatewayFacts, 'reading' | 'observed'> {
  const reading = readings.find((item) => item.gateway === gateway.name);
  return { reading, observed: observedAt(gateway, reading, requests.get(gateway.name)) };
}

/**
 * Returns the losses that the fleet could not survive. When they cannot be worked out, the last known ones are
 * returned, so that other incidents are still told.
 */
async function lossesNow(
  deps: Deps,
  fleet: Resource<'fleet'>,
  trafficVersion: number,
): Promise<IncidentFacts['losses']> {
  try {
    return (await assess(deps, fleet, trafficVersion)).losses;
  } catch (error) {
    deps.log.error('readiness.failed', { fleet: fleet.name }, error);
    return (await deps.store.document(fleet.name, 'readiness', fleet.name))?.body.losses ?? [];
  }
}

/** The position of an event among all events of incidents of the fleet. */
interface Place {
  facts: IncidentFacts;
  /** The `lastMs` of the record of what has been told. */
  lastMs: number;
  version: number;
  /** The index of the event among those that are written with this version. */
  index: number;
}

function deliveriesOf({ event, targets }: IncidentNotice, place: Place): StoredDocument[] {
  const { fleet, nowMs } = place.facts;
  const told: Event = { id: eventId(place), fleet: fleet.name, at: isoOf(nowMs), ...event };
  return targets.map((target) => documentOf(deliveryOf(told, target), 1, nowMs));
}

/**
 * Returns a unique event id. Ids sort in the order in which the events of the fleet were told: by a time that never
 * runs backwards, then by the version of the record. The id contains a digest of the name of the fleet, because targets
 * tell events of different fleets apart by their ids.
 */
function eventId({ facts: { fleet }, lastMs, version, index }: Place): string {
  const order = version.toString(32).padStart(6, '0') + index.toString(32).padStart(2, '0');
  return `evt_${encodeTime(lastMs)}${(order + digest(['incident', fleet.name]).slice(0, 8)).toUpperCase()}`;
}
