import type { GatewayTarget } from '../../../schemas/gateway.ts';
import { type Split, text } from './summary.ts';
import type { Sample } from './traffic.ts';

export type Lost = 'site' | 'city';

/** Who answered a number of requests to a route through a gateway; failures count as `failed`. */
export interface Seen {
  provider: GatewayTarget['provider'];
  route: 'shop' | 'ledger' | 'catalog';
  answers: Split;
}

/** What happened; times in milliseconds since the epoch. */
export interface PlaceFacts {
  failure: Lost;
  samples: readonly Sample[];
  failedAtMs: number;
  /** When the control plane said that both gateways follow; what clients saw from then on judges that. */
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
  /** Of the requests that began after the switch was verified, those of the return included. */
  failedAfterSwitch: number;
  /** Answers by cluster from the switch to the recovery, through both gateways together. */
  servedByAfter: Split;
  /** From the failure to both gateways verified to follow. */
  switchSeconds: number;
  /** Every route was answered as before again, at both gateways. */
  returned: boolean;
  /** From the recovery to both gateways verified to have the declared shares. */
  returnSeconds: number;
  before: readonly Seen[];
  during: readonly Seen[];
  after: readonly Seen[];
}

/** Who answers each route, in percent, as it follows from the estate by hand: with everything in place, and with a place lost. */
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

/** Other traffic takes turns at the same gateway. */
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

/** What is not as it should be, a sentence each. */
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

/** Those who are expected to answer did, about as often, and nobody else did at all. */
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
