import type { Alert, AlertResult } from '../../../schemas/alerts.ts';
import type { AlertVoter } from '../../../schemas/failover.ts';
import { compareText } from '../model/text.ts';
import { msOf } from '../model/time.ts';
import type { AlertRecord, HealthRecord, Impairment, KnownAlert } from './types.ts';
import { isAhead } from './vouch.ts';

/**
 * The statements of monitoring systems about clusters. Times are those at which the control plane was told, except
 * where stated otherwise.
 */

/**
 * The most alerts of one voter that are kept for a cluster; more would not help anybody to see that something is wrong.
 */
const MAX_ALERTS = 50;

/** The time within which a notification can still arrive after a later one has overtaken it. */
const LATE_MS = 60_000;

/** Tells whether an alert is a heartbeat that fires, and which cluster it is about. */
export function subjectOf({ labels, status }: Alert, voter: AlertVoter): { isHeartbeat: boolean; cluster?: string } {
  if (labels['alertname'] === voter.heartbeatAlert) return { isHeartbeat: status === 'firing' };
  const cluster = labels[voter.clusterLabel];
  return { isHeartbeat: false, ...(cluster !== undefined && { cluster }) };
}

/**
 * Returns the record after the alerts of a cluster have been taken in order, and the result of each; the record itself
 * when there is nothing new.
 */
export function withAlerts(
  record: HealthRecord,
  voter: AlertVoter,
  alerts: readonly Alert[],
  heartbeatAtMs: number,
  nowMs: number,
): { record: HealthRecord; results: AlertResult[] } {
  const before = record.alerts?.find((item) => item.voter === voter.name);
  const known = new Map(remembered(before, voter, heartbeatAtMs, nowMs).map((alert) => [alert.fingerprint, alert]));
  const results = alerts.map((alert) => take(known, alert, nowMs));
  const isNews = results.includes('accepted');
  const isSign = before !== undefined && heartbeatAtMs !== before.heartbeatAtMs;
  if (!isNews && !isSign) return { record, results };
  const after = {
    voter: voter.name,
    heartbeatAtMs,
    alerts: [...known.values()].sort((a, b) => compareText(a.fingerprint, b.fingerprint)),
  };
  const others = (record.alerts ?? []).filter((item) => item.voter !== voter.name);
  const all = after.alerts.length > 0 ? [...others, after] : others;
  const { alerts: _, ...rest } = record;
  const next = { ...rest, version: record.version + 1 };
  const sorted = all.sort((a, b) => compareText(a.voter, b.voter));
  return { record: sorted.length > 0 ? { ...next, alerts: sorted } : next, results };
}

/**
 * Returns the known alerts that still count. If the voter was silent for too long, the end of an alert may have been
 * lost, so no earlier alert counts any more.
 */
function remembered(
  before: AlertRecord | undefined,
  voter: AlertVoter,
  heartbeatAtMs: number,
  nowMs: number,
): KnownAlert[] {
  if (before === undefined) return [];
  const lastSignMs = Math.max(before.heartbeatAtMs, ...before.alerts.map(({ sinceMs }) => sinceMs));
  if (heartbeatAtMs - lastSignMs > voter.freshnessSeconds * 1000) return [];
  return before.alerts.filter(({ endedAtMs }) => endedAtMs === undefined || nowMs - endedAtMs <= LATE_MS);
}

function take(known: Map<string, KnownAlert>, alert: Alert, nowMs: number): AlertResult {
  const before = known.get(alert.fingerprint);
  const result = alert.status === 'firing' ? fired(before, alert, nowMs) : ended(before, alert);
  if (result !== 'accepted') return result;
  if (before === undefined && known.size >= MAX_ALERTS) return 'too-many';
  known.set(alert.fingerprint, knownAfter(before, alert, nowMs));
  return result;
}

function isFiring({ endedAtMs }: KnownAlert): boolean {
  return endedAtMs === undefined;
}

function fired(before: KnownAlert | undefined, alert: Alert, nowMs: number): AlertResult {
  const [startsAtMs, endsAtMs] = [msOf(alert.startsAt), msOf(alert.endsAt)];
  if (isAhead(startsAtMs, nowMs)) return 'from-the-future';
  // An `endsAt` in the year 1 means that the end is not known.
  if (endsAtMs > 0 && endsAtMs < nowMs) return 'stale';
  if (before === undefined || startsAtMs > before.startsAtMs) return 'accepted';
  return isFiring(before) ? 'unchanged' : 'stale';
}

/**
 * Returns the result of an alert that has ended. The end counts whatever the sender's clock says, unless it is the end
 * of an earlier occurrence.
 */
function ended(before: KnownAlert | undefined, alert: Alert): AlertResult {
  if (before === undefined || !isFiring(before)) return 'unchanged';
  return msOf(alert.endsAt) < before.startsAtMs ? 'stale' : 'accepted';
}

function knownAfter(before: KnownAlert | undefined, alert: Alert, nowMs: number): KnownAlert {
  if (before && alert.status === 'resolved') return { ...before, endedAtMs: nowMs };
  const { fingerprint, labels } = alert;
  const sinceMs = before && isFiring(before) ? before.sinceMs : nowMs;
  return { fingerprint, name: labels['alertname'] ?? fingerprint, sinceMs, startsAtMs: msOf(alert.startsAt) };
}

/** Returns the impairment by alerts that fire, of voters that are alive; undefined when there are none. */
export function alarm(
  record: Pick<HealthRecord, 'alerts'> | undefined,
  voters: readonly AlertVoter[],
  nowMs: number,
): Impairment | undefined {
  const heard = voters.flatMap((voter) => {
    const told = record?.alerts?.find((item) => item.voter === voter.name);
    return told && isAlive(told.heartbeatAtMs, voter, nowMs)
      ? [{ voter: voter.name, alerts: told.alerts.filter(isFiring) }]
      : [];
  });
  const alerts = heard.flatMap((item) => item.alerts);
  if (alerts.length === 0) return undefined;
  const names = heard.flatMap((item) => {
    const some = [...new Set(item.alerts.map(({ name }) => name))].sort(compareText);
    return some.length > 0 ? [`${item.voter}: ${some.join(', ')}`] : [];
  });
  const sinceMs = Math.min(...alerts.map((alert) => alert.sinceMs));
  return { by: 'alert', sinceMs, detail: `alerts fire: ${names.join('; ')}` };
}

/** Tells whether the voter is alive. A heartbeat from the future comes from a clock that ran ahead, and is ignored. */
function isAlive(heartbeatAtMs: number, { freshnessSeconds }: AlertVoter, nowMs: number): boolean {
  return nowMs - heartbeatAtMs <= freshnessSeconds * 1000 && !isAhead(heartbeatAtMs, nowMs);
}
