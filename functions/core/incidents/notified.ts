/**
 * Compares what people have been told about incidents with what is open. Everything that is sent follows from the
 * difference. The caller writes the new record together with the deliveries in one transaction, so that nothing is told
 * twice and nothing is forgotten.
 */

import type { Event, Notification } from '../../../schemas/notification.ts';
import { compareText } from '../model/text.ts';
import { isoOf } from '../model/time.ts';
import type { Incident } from './incident.ts';

/** An incident that people were told of. */
export interface NotifiedIncident extends Pick<Incident, 'type' | 'severity' | 'clusters' | 'resolution'> {
  openedAtMs: number;
  /** The names of the targets that were told. */
  targets: string[];
  /** The time since which it is not open any more. Its end is told when it stays that way. */
  goneSinceMs?: number | undefined;
}

/** The incidents of a fleet that people were told of. */
export interface NotifiedIncidents {
  /** The incidents that are not resolved yet, by key. */
  open: Record<string, NotifiedIncident>;
  /** The time of the last change; it never goes back, whatever clocks say. */
  lastMs: number;
}

export const NOTHING_NOTIFIED: NotifiedIncidents = { open: {}, lastMs: 0 };

/** An event for some targets. The caller gives it an id. */
export interface IncidentNotice {
  event: Pick<Event, 'type' | 'summary' | 'clusters' | 'incident'>;
  targets: string[];
}

export interface NextNotified {
  notified: NotifiedIncidents;
  notices: IncidentNotice[];
  /** True when there is more to tell than there was room for. */
  isPartial: boolean;
}

/** An incident that is gone for a shorter time goes on: a push that is tried again looks fine until it fails again. */
export const QUIET_MS = 30_000;

/**
 * The most incidents that are recorded as open, since the record is a single item. Others are told as these resolve.
 */
const MOST_OPEN = 1_000;

/**
 * Returns the next step from what was told to what is open; undefined when nothing changes. `room` is the number of
 * deliveries that may be made, which must exceed the number of targets. A target that is added later is told what is
 * open then, and a target that was told of the opening is told of the end.
 */
export function nextNotified(
  before: NotifiedIncidents,
  incidents: readonly Incident[],
  { notifications, nowMs, room }: { notifications: readonly Notification[]; nowMs: number; room: number },
): NextNotified | undefined {
  const open = new Map(Object.entries(before.open));
  const next: NextNotified = { notified: before, notices: [], isPartial: false };
  let left = room;
  let isChanged = false;
  const take = (key: string, { known, notice: telling }: IncidentStep) => {
    const deliveries = telling?.targets.length ?? 0;
    next.isPartial ||= deliveries > left;
    if (deliveries > left) return;
    left -= deliveries;
    isChanged = true;
    if (telling) next.notices.push(telling);
    if (known) open.set(key, known);
    else open.delete(key);
  };
  const found = new Map(incidents.map((incident) => [incident.key, incident]));
  for (const [key, known] of Object.entries(before.open)) {
    const incident = found.get(key);
    const step = incident ? goneOn(known, incident, notifications) : over(key, known, nowMs);
    if (step) take(key, step);
  }
  for (const incident of gravestFirst(incidents)) {
    if (before.open[incident.key] === undefined && open.size < MOST_OPEN)
      take(incident.key, opened(incident, notifications, nowMs));
  }
  const told = { open: Object.fromEntries(open), lastMs: Math.max(before.lastMs, nowMs) };
  return isChanged ? { ...next, notified: told } : undefined;
}

/** The step of one incident: the new record of it, absent when it is over, and what is told. */
interface IncidentStep {
  known?: NotifiedIncident;
  notice?: IncidentNotice;
}

function opened(incident: Incident, notifications: readonly Notification[], nowMs: number): IncidentStep {
  const { type, severity, clusters, resolution } = incident;
  const targets = targetsOf(incident, notifications);
  const known = { type, severity, clusters, resolution, openedAtMs: nowMs, targets };
  return { known, notice: openingOf(incident, known, targets) };
}

/** Returns the step of an incident that is still open; undefined when there is nothing new about it. */
function goneOn(
  { goneSinceMs, ...known }: NotifiedIncident,
  incident: Incident,
  notifications: readonly Notification[],
): IncidentStep | undefined {
  const more = targetsOf(incident, notifications).filter((target) => !known.targets.includes(target));
  if (goneSinceMs === undefined && more.length === 0) return undefined;
  const { openedAtMs, targets } = known;
  const told = { ...known, openedAtMs, targets: [...targets, ...more] };
  return more.length === 0 ? { known: told } : { known: told, notice: openingOf(incident, told, more) };
}

/**
 * Returns the step of an incident that is not open any more; undefined as long as it may come back. A time in the
 * future comes from a clock that ran ahead, and is replaced.
 */
function over(key: string, known: NotifiedIncident, nowMs: number): IncidentStep | undefined {
  const { goneSinceMs, targets } = known;
  if (goneSinceMs === undefined || goneSinceMs > nowMs) return { known: { ...known, goneSinceMs: nowMs } };
  if (nowMs - goneSinceMs < QUIET_MS) return undefined;
  const incident = { ...changeOf(key, known, 'resolved'), resolvedAt: isoOf(goneSinceMs) };
  const { type, clusters, resolution: summary } = known;
  return { notice: { event: { type, clusters, summary, incident }, targets } };
}

function openingOf({ key, type, clusters, summary }: Incident, known: NotifiedIncident, targets: string[]): IncidentNotice {
  return { event: { type, clusters, summary, incident: changeOf(key, known, 'opened') }, targets };
}

function changeOf(key: string, { severity, openedAtMs }: NotifiedIncident, state: 'opened' | 'resolved') {
  return { key, state, severity, openedAt: isoOf(openedAtMs) };
}

/** Returns the names of the targets that want the incident, without duplicates. */
function targetsOf({ type }: Incident, notifications: readonly Notification[]): string[] {
  const wanting = notifications.filter(({ events }) => events.length === 0 || events.includes(type));
  return [...new Set(wanting.map(({ target }) => target))];
}

function gravestFirst(incidents: readonly Incident[]): Incident[] {
  const rank = ({ severity }: Incident) => (severity === 'critical' ? 0 : 1);
  return [...incidents].sort((a, b) => rank(a) - rank(b) || compareText(a.key, b.key));
}
