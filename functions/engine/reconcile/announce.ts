import type { EventType } from '../../../schemas/notification.ts';
import type { Deviation, DeviationReason, Reading } from '../../core/gateway/reading.ts';
import { NO_PROGRESS_MS } from '../../core/gateway/status.ts';
import { isoOf, msOf } from '../../core/time.ts';
import type { Deps, OutboxRow } from '../../deps.ts';
import { announce } from '../notify.ts';
import { type Outcome, summaryOf } from './outcome.ts';
import type { Run } from './run.ts';

/** What people are told of a gateway, and since when it is so. */
interface Trouble {
  type: Extract<EventType, `gateway.${string}`>;
  since: string;
  summary: string;
}

/**
 * Tells people once of each trouble of a gateway, and once when it is over. `rows`: what the run was to do. What is told is read from the
 * store, so that a run that could not read the gateway tells of it as well.
 */
export async function announceTroubles(
  deps: Deps,
  run: Run,
  rows: readonly OutboxRow[],
  outcome: Outcome,
): Promise<void> {
  const { fleet, gateway, lease } = run;
  const reading = await deps.store.reading(fleet, gateway);
  if (reading === undefined) return;
  const troubles = troublesOf(reading, rows, outcome, deps.clock.now());
  const announced = Object.fromEntries(troubles.map(({ type, since }) => [type, since]));
  const news = troubles.filter(({ type }) => reading.announced[type] === undefined);
  const ended = Object.keys(reading.announced).filter((type) => announced[type] === undefined);
  if (news.length === 0 && ended.length === 0) return;
  const owner = await deps.store.get('fleet', fleet, fleet);
  if (owner === undefined) return;
  for (const { type, since, summary } of news) {
    await announce(deps, owner, {
      type,
      clusters: [],
      summary: `Gateway ${gateway}: ${summary}`,
      subject: `${gateway} ${since}`,
    });
  }
  for (const type of ended) {
    const summary = `Gateway ${gateway}: ${type} of ${reading.announced[type]} is over.`;
    const subject = `${gateway} ${type} ${reading.announced[type]}`;
    await announce(deps, owner, { type: 'gateway.recovered', clusters: [], summary, subject });
  }
  const known = Object.fromEntries(troubles.map(({ type, since }) => [type, reading.announced[type] ?? since]));
  await deps.store.putReading({ ...reading, announced: known }, undefined, lease.current());
}

function troublesOf(reading: Reading, rows: readonly OutboxRow[], outcome: Outcome, nowMs: number): Trouble[] {
  const { failure, deviations } = reading;
  const unreadable: Trouble[] =
    failure && nowMs - msOf(failure.since) >= NO_PROGRESS_MS
      ? [
          {
            type: 'gateway.unreadable',
            since: failure.since,
            summary: `it cannot be read since ${failure.since}: ${failure.action} answers ${failure.code}.`,
          },
        ]
      : [];
  return [
    ...unreadable,
    ...stalled(rows, outcome, nowMs),
    ...deviating(
      deviations,
      'Drifted',
      'gateway.drifted',
      'somebody changed objects of ours, and the drift policy leaves them so',
    ),
    ...deviating(deviations, 'Refused', 'gateway.refused', 'the cloud, or a limit, refuses changes'),
    ...deviating(deviations, 'Shadowed', 'gateway.shadowed', 'rules of others take requests of ours'),
  ];
}

/** What was asked for a while ago, and is not done. */
function stalled(rows: readonly OutboxRow[], outcome: Outcome, nowMs: number): Trouble[] {
  const [since] = rows.map((row) => row.since).sort();
  const isOpen =
    outcome.type === 'failed' || (outcome.type === 'ended' && summaryOf(outcome).reason === 'NotAsWritten');
  if (since === undefined || !isOpen || nowMs - msOf(since) < NO_PROGRESS_MS) return [];
  const { reason, message } = summaryOf(outcome);
  const summary = `a change waits since ${since} and makes no progress: ${reason}: ${message}`;
  return [{ type: 'gateway.stalled', since: isoOf(msOf(since)), summary }];
}

function deviating(
  deviations: readonly Deviation[],
  reason: DeviationReason,
  type: Trouble['type'],
  what: string,
): Trouble[] {
  const same = deviations.filter((deviation) => deviation.reason === reason);
  const [first] = [...same].sort((a, b) => (a.since < b.since ? -1 : 1));
  if (first === undefined) return [];
  const detail = first.refusal?.detail ?? first.detail;
  return [
    { type, since: first.since, summary: `${what}: ${same.length}. The first: ${first.kind} ${first.key}: ${detail}.` },
  ];
}
