import { say } from '../../../schemas/messages/index.ts';
import type { IncidentType } from '../../../schemas/notification.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { Deviation, DeviationReason } from '../gateway/reading.ts';
import { NO_PROGRESS_MS } from '../gateway/status.ts';
import { msOf } from '../model/time.ts';
import { type GatewayFacts, type Incident, type IncidentFacts, type IncidentSource, keyOf } from './incident.ts';

/** A gateway that has not followed a change for this long is behind, however busy it is. */
const BEHIND_MS = 60_000;

/** Incidents of gateways: changes that do not arrive, and objects that are not as declared. */
export const gatewayIncidents: IncidentSource = (facts) =>
  facts.gateways.flatMap((gateway) => [
    ...behind(facts, gateway),
    ...stalled(facts, gateway),
    ...unreadable(facts, gateway),
    ...unanswered(facts, gateway),
    ...DEVIATING.flatMap((kind) => deviating(facts, gateway, kind)),
  ]);

type Trouble = Pick<Incident, 'severity' | 'summary' | 'resolution'>;

function incident(facts: IncidentFacts, { name }: GatewayFacts, what: string, trouble: Trouble): Incident[] {
  const type = `gateway.${what}` as IncidentType;
  return [{ key: keyOf(facts, `gateway/${name}`, what), type, clusters: [], ...trouble }];
}

/**
 * Returns the change that has waited longest; undefined while nothing waits, or while the instance is being created,
 * which takes minutes.
 */
function oldestChange({ waiting, sync }: GatewayFacts): { sinceMs: number; since: string } | undefined {
  if (sync?.reason === 'Provisioning') return undefined;
  const [first] = waiting.map(({ since }) => ({ since, sinceMs: msOf(since) })).sort((a, b) => a.sinceMs - b.sinceMs);
  return first;
}

/**
 * Returns the severity of a change that does not arrive: a late failover loses requests, while a late edit is only
 * late.
 */
function severityOf({ waiting }: GatewayFacts): Trouble['severity'] {
  return waiting.some(({ kind }) => kind === 'traffic') ? 'critical' : 'warning';
}

function behind(facts: IncidentFacts, gateway: GatewayFacts): Incident[] {
  const oldest = oldestChange(gateway);
  if (oldest === undefined || facts.nowMs - oldest.sinceMs < BEHIND_MS) return [];
  const { name, waiting } = gateway;
  const told = {
    gateway: name,
    count: waiting.length,
    since: oldest.since,
    hasTraffic: waiting.some(({ kind }) => kind === 'traffic'),
  };
  return incident(facts, gateway, 'behind', {
    severity: severityOf(gateway),
    summary: say('GatewayBehind', told).text,
    resolution: say('GatewayBehindOver', { gateway: name }).text,
  });
}

/** Returns the incident of a change that was asked for a while ago and is still not done, although it was tried. */
function stalled(facts: IncidentFacts, gateway: GatewayFacts): Incident[] {
  const oldest = oldestChange(gateway);
  const { name, sync } = gateway;
  if (oldest === undefined || sync === undefined) return [];
  if (!isStuck(sync) || facts.nowMs - oldest.sinceMs < NO_PROGRESS_MS) return [];
  const { reason, message } = sync;
  return incident(facts, gateway, 'stalled', {
    severity: severityOf(gateway),
    summary: say('PushStalled', { gateway: name, since: oldest.since, reason, message }).text,
    resolution: say('PushStalledOver', { gateway: name }).text,
  });
}

/**
 * Tells whether a push is stuck. The state of an attempt under way does not tell that an earlier one has failed, so
 * more than one attempt counts as stuck.
 */
function isStuck({ state, reason, attempts }: NonNullable<GatewayFacts['sync']>): boolean {
  return state === 'Failed' || reason === 'NotAsWritten' || attempts > 1;
}

function unreadable(facts: IncidentFacts, gateway: GatewayFacts): Incident[] {
  const { name, reading } = gateway;
  if (reading?.failure === undefined) return [];
  const { since, action, code } = reading.failure;
  if (facts.nowMs - msOf(since) < NO_PROGRESS_MS) return [];
  return incident(facts, gateway, 'unreadable', {
    severity: 'critical',
    summary: say('GatewayUnreadable', { gateway: name, since, action, code }).text,
    resolution: say('GatewayUnreadableOver', { gateway: name }).text,
  });
}

/**
 * Returns the incident of a failed test request: clients may get no answer, although everything is configured as it
 * should be.
 */
function unanswered(facts: IncidentFacts, gateway: GatewayFacts): Incident[] {
  const { name, observed } = gateway;
  if (observed?.status !== 'False') return [];
  return incident(facts, gateway, 'unanswered', {
    severity: 'critical',
    summary: say('GatewayTells', { gateway: name, told: sentenceOf(observed.reason, observed.arguments) }).text,
    resolution: say('GatewayUnansweredOver', { gateway: name }).text,
  });
}

interface DeviatingKind {
  what: string;
  reason: DeviationReason;
  severity: Trouble['severity'];
  told: 'GatewayDrifted' | 'GatewayRefuses' | 'GatewayShadowed';
  over: 'GatewayDriftedOver' | 'GatewayRefusesOver' | 'GatewayShadowedOver';
}

const DEVIATING: readonly DeviatingKind[] = [
  {
    what: 'drifted',
    reason: 'Drifted',
    severity: 'warning',
    told: 'GatewayDrifted',
    over: 'GatewayDriftedOver',
  },
  {
    what: 'refused',
    reason: 'Refused',
    severity: 'warning',
    told: 'GatewayRefuses',
    over: 'GatewayRefusesOver',
  },
  {
    what: 'shadowed',
    reason: 'Shadowed',
    severity: 'critical',
    told: 'GatewayShadowed',
    over: 'GatewayShadowedOver',
  },
];

function deviating(facts: IncidentFacts, gateway: GatewayFacts, kind: DeviatingKind): Incident[] {
  const same = (gateway.reading?.deviations ?? []).filter(({ reason }) => reason === kind.reason);
  const [first] = [...same].sort((a, b) => (a.since < b.since ? -1 : 1));
  if (first === undefined) return [];
  const { what, severity, told, over } = kind;
  const { name } = gateway;
  return incident(facts, gateway, what, {
    severity,
    summary: say(told, { gateway: name, count: same.length, kind: first.kind, key: first.key, detail: detailOf(first) })
      .text,
    resolution: say(over, { gateway: name }).text,
  });
}

function detailOf({ refusal, detail }: Deviation): string {
  return (refusal?.detail ?? detail).replace(/\.$/, '');
}
