import type { Alert, AlertResult } from '../../../schemas/alerts.ts';
import type { AlertVoter } from '../../../schemas/failover.ts';
import { compareText } from '../model/text.ts';
import { msOf } from '../model/time.ts';
import type { Impairment } from './impairment.ts';
import type { HealthRecord } from './record.ts';
import { isAhead } from './votes.ts';

/** What the alerts of monitoring systems say of clusters. Times are those at which the control plane was told, unless they say otherwise. */

/** What one voter has told of a cluster. */
export interface AlertRecord {
  voter: string;
  /** When the voter last showed that it lives; 0 before the first time. */
  heartbeatAtMs: number;
  /** By fingerprint: those that fire, and for a moment those that have ended. */
  alerts: KnownAlert[];
}

export interface KnownAlert {
  fingerprint: string;
  name: string;
  sinceMs: number;
  /** As its sender says. */
  startsAtMs: number;
  /** Absent while it fires. */
  endedAtMs?: number | undefined;
}

/** What fires at a cluster at a time; nobody needs more to see that something is wrong. */
const MAX_ALERTS = 50;

/** A notification that was on its way while a later one arrived comes within this time. */
const LATE_MS = 60_000;

/** What an alert is of. */
export function subjectOf({ labels, status }: Alert, voter: AlertVoter): { isHeartbeat: boolean; cluster?: string } {
  if (labels['alertname'] === voter.heartbeatAlert) return { isHeartbeat: status === 'firing' };
  const cluster = labels[voter.clusterLabel];
  return { isHeartbeat: false, ...(cluster !== undefined && { cluster }) };
}

/** The record after alerts of the cluster, in their order, and what became of each; the record itself when there is nothing new. */
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
 * What still counts of what was known. While the voter was silent for too long, the end of an alert may have been lost, so that nothing of
 * before counts any more.
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
  // Year 1 stands for an end that is not known.
  if (endsAtMs > 0 && endsAtMs < nowMs) return 'stale';
  if (before === undefined || startsAtMs > before.startsAtMs) return 'accepted';
  return isFiring(before) ? 'unchanged' : 'stale';
}

/** An end counts whatever the clock of its sender says, unless it is that of an earlier time. */
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

/** Alerts fire, and their voter lives. */
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

/** A heartbeat of a time that is still to come is that of a clock that was ahead. */
function isAlive(heartbeatAtMs: number, { freshnessSeconds }: AlertVoter, nowMs: number): boolean {
  return nowMs - heartbeatAtMs <= freshnessSeconds * 1000 && !isAhead(heartbeatAtMs, nowMs);
}
