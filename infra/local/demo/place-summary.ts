import type { GatewayTarget } from '../../../schemas/gateway.ts';
import { type Split, text } from './summary.ts';
import type { Sample } from './traffic.ts';

export type Lost = 'site' | 'city';

/** The number of requests to a route through a gateway that each cluster answered; failures count as `failed`. */
export interface Seen {
  provider: GatewayTarget['provider'];
  route: 'shop' | 'ledger' | 'catalog';
  answers: Split;
}

/** The measurements of a demonstration; times are in milliseconds since the epoch. */
export interface PlaceFacts {
  failure: Lost;
  samples: readonly Sample[];
  failedAtMs: number;
  /**
   * The time at which the control plane said that both gateways follow; what clients saw later shows whether that is
   * true.
   */
  switchedAtMs: number;
  recoveredAtMs: number;
  returnedAtMs: number;
  before: readonly Seen[];
  during: readonly Seen[];
  after: readonly Seen[];
}

export interface PlaceSummary {
  estate: 'two-cities';
  failure: Lost;
  requests: number;
  failedBeforeSwitch: number;
  /** Failed requests that began after the switch was verified, including those during the return. */
  failedAfterSwitch: number;
  /** Answers by cluster from the switch to the recovery, through both gateways together. */
  servedByAfter: Split;
  /** Seconds from the failure until both gateways were verified to follow. */
  switchSeconds: number;
  /** True when every route was answered as before again, at both gateways. */
  returned: boolean;
  /** Seconds from the recovery until both gateways were verified to have the declared shares. */
  returnSeconds: number;
  before: readonly Seen[];
  during: readonly Seen[];
  after: readonly Seen[];
}

/**
 * The percentage of answers that each cluster is expected to give, derived by hand from the estate: with nothing lost,
 * and with a site or a city lost.
 */
const ONE_CITY: Record<'none' | Lost, Split> = {
  none: { 'hangzhou-a1': 30, 'hangzhou-a2': 30, 'hangzhou-b1': 40 },
  site: { 'hangzhou-b1': 100 },
  city: { 'shanghai-c1': 100 },
};
const BOTH_CITIES: Record<'none' | Lost, Split> = {
  none: { 'hangzhou-a1': 25, 'hangzhou-a2': 25, 'hangzhou-b1': 25, 'shanghai-c1': 25 },
  site: { 'hangzhou-b1': 50, 'shanghai-c1': 50 },
  city: { 'shanghai-c1': 100 },
};
const EXPECTED = { shop: ONE_CITY, ledger: ONE_CITY, catalog: BOTH_CITIES };

/**
 * The tolerated deviation in percentage points. Other traffic takes turns at the same gateway, so counts are not exact.
 */
const TOLERANCE_POINTS = 5;

export function summarizePlaces(facts: PlaceFacts): PlaceSummary {
  const { failure, samples, switchedAtMs, recoveredAtMs, before, during, after } = facts;
  const failed = samples.filter((sample) => sample.failure !== undefined);
  const afterSwitch = samples.filter(({ startedMs }) => startedMs > switchedAtMs && startedMs < recoveredAtMs);
  return {
    estate: 'two-cities',
    failure,
    requests: samples.length,
    failedBeforeSwitch: failed.filter(({ startedMs }) => startedMs <= switchedAtMs).length,
    failedAfterSwitch: failed.filter(({ startedMs }) => startedMs > switchedAtMs).length,
    servedByAfter: countAnswers(afterSwitch),
    switchSeconds: (switchedAtMs - facts.failedAtMs) / 1000,
    returned: after.every((seen) => isAsExpected(seen, 'none')),
    returnSeconds: (facts.returnedAtMs - recoveredAtMs) / 1000,
    ...{ before, during, after },
  };
}

/** Returns a sentence for each result that is not as it should be. */
export function placeShortcomings(summary: PlaceSummary): string[] {
  const { failure, failedAfterSwitch, servedByAfter } = summary;
  const faults: string[] = [];
  if (failedAfterSwitch > 0) faults.push(`${failedAfterSwitch} requests failed after the switch was verified.`);
  const survivors = Object.keys(BOTH_CITIES[failure]);
  const others = Object.keys(servedByAfter).filter((name) => !survivors.includes(name));
  if (others.length > 0)
    faults.push(`${others.join(', ')} answered after the switch, although the ${failure} is lost.`);
  const silent = survivors.filter((name) => servedByAfter[name] === undefined);
  if (silent.length > 0) faults.push(`${silent.join(', ')} did not serve after the switch.`);
  const wrong = (when: string, seen: readonly Seen[], lost: 'none' | Lost) =>
    seen
      .filter((one) => !isAsExpected(one, lost))
      .map(({ provider, route, answers }) => `${when}, ${route} at ${provider.toUpperCase()} had ${text(answers)}.`);
  faults.push(...wrong('Before the failure', summary.before, 'none'));
  faults.push(...wrong(`With the ${failure} lost`, summary.during, failure));
  faults.push(...wrong('After the recovery', summary.after, 'none'));
  return faults;
}

function countAnswers(samples: readonly Sample[]): Split {
  const answers: Split = {};
  for (const { cluster } of samples) if (cluster !== undefined) answers[cluster] = (answers[cluster] ?? 0) + 1;
  return answers;
}

/** Tells whether exactly the expected clusters answered, each about as often as expected. */
function isAsExpected({ route, answers }: Seen, lost: 'none' | Lost): boolean {
  const expected = EXPECTED[route][lost];
  const total = Object.values(answers).reduce((sum, count) => sum + count, 0);
  const names = new Set([...Object.keys(answers), ...Object.keys(expected)]);
  return [...names].every((name) => {
    const share = expected[name];
    const points = ((answers[name] ?? 0) / total) * 100;
    return share !== undefined && Math.abs(points - share) <= TOLERANCE_POINTS;
  });
}

export function describePlaces(summary: PlaceSummary): string {
  const splits = summary.before.flatMap(({ provider, route, answers }, index) => [
    `${`${route} at ${provider.toUpperCase()}:`.padEnd(18)}${text(answers)}`,
    `${' '.repeat(18)}| lost: ${text(summary.during[index]?.answers ?? {})}`,
    `${' '.repeat(18)}| recovered: ${text(summary.after[index]?.answers ?? {})}`,
  ]);
  return [
    ...splits,
    `Failure:          a ${summary.failure}, left after ${summary.switchSeconds.toFixed(1)} s, then served by ${text(summary.servedByAfter)}`,
    `Requests:         ${summary.requests}; failed before the switch: ${summary.failedBeforeSwitch}; after it: ${summary.failedAfterSwitch}`,
    `Recovery:         ${summary.returned ? 'everything' : 'not everything'} was back after ${summary.returnSeconds.toFixed(1)} s`,
  ].join('\n');
}
