import type { IncomingHttpHeaders } from 'node:http';
import type { ReceivedRequest } from '../../infra/local/demo-cluster.ts';
import type { Expectation } from './case.ts';

/** The outcome of one request. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The server that answered. */
  server: string | undefined;
  /** The requests that servers received for it. */
  received: readonly { server: string; request: ReceivedRequest }[];
}

const TOLERANCE_PERCENT = 3;

/** Lists in sentences how the answers to one exchange differ from the expectation. */
export function faultsOf(expected: Expectation, answers: readonly Answer[]): string[] {
  return [
    ...statuses(expected, answers),
    ...origins(expected, answers),
    ...answers.flatMap((answer) => [
      ...received(expected, answer),
      ...response(expected.response, answer),
      ...mirrored(expected.mirrored, answer),
    ]),
  ];
}

/** Returns the service of a server: `shop` for `shop-a`. */
function serviceOf(server: string): string {
  return server.replace(/-[^-]*$/, '');
}

function statuses({ status = 200, statuses: each, unmatched }: Expectation, answers: readonly Answer[]): string[] {
  const seen = count(answers.map((answer) => String(answer.status)));
  if (each) return differs('answers by status', each, seen);
  const allowed = unmatched ? [404, 503] : [status].flat();
  return Object.entries(seen)
    .filter(([code]) => !allowed.includes(Number(code)))
    .map(([code, times]) => `${times} answers have status ${code}, expected ${allowed.join(' or ')}`);
}

function origins(expected: Expectation, answers: readonly Answer[]): string[] {
  const { from, unmatched, split, oneServer, servers } = expected;
  const names = answers.map(({ server }) => server ?? 'nobody');
  const seen = count(names);
  const faults: string[] = [];
  const strangers = names.filter((name) => from !== undefined && name !== from && serviceOf(name) !== from);
  if (strangers.length > 0) faults.push(`answered by ${[...new Set(strangers)].join(', ')}, expected ${from}`);
  if (unmatched && names.some((name) => name !== 'nobody'))
    faults.push(`answered by ${names.join(', ')}, expected nobody`);
  if (split) faults.push(...unevenness(split, seen, answers.length));
  if (oneServer && Object.keys(seen).length !== 1) faults.push(`answered by several: ${JSON.stringify(seen)}`);
  if (servers) faults.push(...differs('servers', [...servers].sort(), Object.keys(seen).sort()));
  return faults;
}

function unevenness(split: Record<string, number>, seen: Record<string, number>, total: number): string[] {
  const names = new Set([...Object.keys(split), ...Object.keys(seen)]);
  const isOff = [...names].some((name) => {
    const expected = split[name] ?? 0;
    const percent = ((seen[name] ?? 0) * 100) / total;
    return expected === 0 ? percent > 0 : Math.abs(percent - expected) > TOLERANCE_PERCENT;
  });
  return isOff ? [`answered by ${JSON.stringify(seen)} of ${total}, expected percent ${JSON.stringify(split)}`] : [];
}

function received(expected: Expectation, answer: Answer): string[] {
  if (expected.received === undefined) return [];
  const { attempts, headers = {}, ...fields } = expected.received;
  const own = answer.received.filter(({ server }) => serviceOf(server) !== expected.mirrored?.service);
  const faults = attempts === undefined ? [] : differs('requests at servers', attempts, own.length);
  const request = own.at(-1)?.request;
  if (request === undefined) return attempts === 0 ? faults : [...faults, 'no server got the request'];
  for (const [field, value] of Object.entries(fields)) {
    faults.push(...differs(`the server got ${field}`, value, request[field as keyof ReceivedRequest]));
  }
  return [...faults, ...headerFaults('the server got header', headers, request.headers)];
}

function response(expected: Expectation['response'], { headers, body }: Answer): string[] {
  if (expected === undefined) return [];
  const faults = expected.body === undefined ? [] : differs('the client got body', expected.body, body);
  return [...faults, ...headerFaults('the client got header', expected.headers ?? {}, headers)];
}

function mirrored(expected: Expectation['mirrored'], answer: Answer): string[] {
  if (expected === undefined) return [];
  const copies = answer.received.filter(({ server }) => serviceOf(server) === expected.service);
  const bodies =
    expected.body === undefined
      ? []
      : copies.flatMap(({ request }) => differs('body of the copy', expected.body, request.body));
  return [...differs('copies', expected.copies, copies.length), ...bodies];
}

function headerFaults(
  what: string,
  expected: Record<string, string | RegExp | null>,
  headers: IncomingHttpHeaders,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const seen = headers[name] === undefined ? undefined : [headers[name]].flat().join(', ');
    if (value instanceof RegExp) return value.test(seen ?? '') ? [] : [`${what} ${name}: ${seen}, expected ${value}`];
    return differs(`${what} ${name}`, value ?? undefined, seen);
  });
}

function differs(what: string, expected: unknown, seen: unknown): string[] {
  const [left, right] = [JSON.stringify(expected), JSON.stringify(seen)];
  return left === right ? [] : [`${what}: ${right}, expected ${left}`];
}

function count(names: readonly string[]): Record<string, number> {
  const groups = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...groups].map(([name, items]) => [name, items.length]));
}
