/** Judges answers by the OpenAPI document and by what the caller may know, without any code of the product. */

import { type Cast, FLEETS, HIDDEN_TOKENS, SETTING_TOKEN } from './callers.ts';
import { type Documented, type Operation, operationsAt } from './document.ts';
import type { Drawn } from './draw.ts';
import { type Answer, SETTING_CANARIES, type Sent } from './target.ts';

export type FaultKind = 'serverErrors' | 'undocumented' | 'leaks';

export interface Fault {
  kind: FaultKind;
  told: string;
}

const undocumented = (told: string): Fault => ({ kind: 'undocumented', told });

/** Headers that every answer may have. */
const COMMON_HEADERS = new Set([
  ...[
    'content-type',
    'content-length',
    'transfer-encoding',
    'date',
    'cache-control',
    'vary',
    'server',
    'connection',
    'content-encoding',
  ],
  ...['x-request-id', 'x-client-request-id', 'strict-transport-security', 'x-content-type-options', 'x-frame-options'],
  ...['x-xss-protection', 'x-dns-prefetch-control', 'x-download-options', 'x-permitted-cross-domain-policies'],
  ...['referrer-policy', 'cross-origin-resource-policy', 'cross-origin-opener-policy', 'origin-agent-cluster', 'allow'],
  // The document says of these two, where it describes them, that every answer has them.
  ...['ratelimit', 'ratelimit-policy'],
]);

/** Returns how an answer differs from what the document says of its operation. */
export function judgeAnswer(sent: Sent, answer: Answer): Fault[] {
  const { status } = answer;
  const path = new URL(sent.path, 'http://api.test').pathname;
  const there = operationsAt(path);
  const method = sent.method === 'HEAD' ? 'GET' : sent.method;
  const operation = there.find((one) => one.method === method);
  // The check of readiness answers 503 in a shape of its own, because no schedule runs here.
  const isReport = operation?.answers.get(status)?.mediaTypes.includes('application/json') === true;
  const isServerError = status >= 500 && !isReport;
  const server: Fault[] = isServerError
    ? [{ kind: 'serverErrors', told: `${status} ${answer.text.slice(0, 300)}` }]
    : [];
  if (operation === undefined) return [...server, ...outsideOfTable(sent, path, there, answer)];
  const documented = operation.answers.get(status);
  if (documented === undefined)
    return [...server, undocumented(`${operation.id} answers ${status}: ${answer.text.slice(0, 200)}`)];
  const told = [...headerFaults(answer, documented), ...bodyFaults(sent, answer, documented)];
  return [...server, ...told.map((text) => undocumented(`${operation.id} ${status}: ${text}`))];
}

function outsideOfTable(sent: Sent, path: string, there: readonly Operation[], answer: Answer): Fault[] {
  const { status, headers } = answer;
  if (path === '/openapi.json' && ['GET', 'HEAD'].includes(sent.method) && [200, 304].includes(status)) return [];
  // The methods of a path are told without a token.
  if (sent.method === 'OPTIONS' && there.length > 0) {
    return status === 204 && headers.has('Allow') ? [] : [undocumented(`OPTIONS ${path.slice(0, 80)}: ${status}`)];
  }
  const expected = [there.length === 0 ? 404 : 405, ...(path.startsWith('/v1') ? [401] : [])];
  if (!expected.includes(status))
    return [undocumented(`${sent.method} ${path.slice(0, 80)}: ${status}, not ${expected}`)];
  if (status === 405 && !headers.has('Allow')) return [undocumented('405 without Allow')];
  return problemFaults(sent, answer, undefined).map(undocumented);
}

function headerFaults({ headers }: Answer, documented: Documented): string[] {
  const strange = [...headers.keys()].filter((name) => !COMMON_HEADERS.has(name) && !documented.headers.has(name));
  return strange.map((name) => `the header ${name}`);
}

function bodyFaults(sent: Sent, answer: Answer, documented: Documented): string[] {
  const { text, headers } = answer;
  const type = headers.get('Content-Type')?.split(';')[0];
  if (sent.method === 'HEAD' || documented.mediaTypes.length === 0) return text === '' ? [] : ['a body where none is'];
  if (type === undefined || !documented.mediaTypes.includes(type)) return [`the media type ${type}`];
  if (!type.endsWith('json')) return [];
  if (type === 'application/problem+json') return problemFaults(sent, answer, documented);
  const body = jsonOf(text);
  if (body === undefined) return ['a body that is not JSON'];
  const fault = documented.faultOf(body);
  return fault === undefined ? [] : [fault];
}

/** Returns what is wrong with a problem (RFC 9457). */
function problemFaults(sent: Sent, { status, headers, text }: Answer, documented: Documented | undefined): string[] {
  if (sent.method === 'HEAD') return text === '' ? [] : ['a body after HEAD'];
  const body = jsonOf(text) as Record<string, unknown> | undefined;
  if (body === undefined || headers.get('Content-Type') !== 'application/problem+json') return ['no problem+json'];
  const code = String(body['code']);
  const faults = [
    documented?.faultOf(body),
    documented && !documented.codes.has(code) ? `the problem ${code}` : undefined,
    body['type'] === `https://fairlead.dev/problems/${code}` ? undefined : `the type ${body['type']}`,
    body['status'] === status ? undefined : `the status ${body['status']} in the body`,
    body['requestId'] === headers.get('X-Request-Id') ? undefined : 'another request id in the body',
  ];
  return faults.filter((fault) => fault !== undefined);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The end of a secret that is looked for, in characters: the beginning of a token may be shown. */
const TAIL = 24;

/** Knows every secret of an episode, and which names each fleet may show. */
export class Canaries {
  readonly #secrets = new Map<string, string>();
  #pattern = /(?!)/;
  /** The marks of other fleets that somebody has written into a fleet. */
  readonly #written = new Set<string>();

  constructor({ callers, keys }: Cast) {
    for (const [name, text] of Object.entries(SETTING_CANARIES)) this.add(name, text);
    this.add('the token of the settings', SETTING_TOKEN);
    for (const { name, authorization = '' } of callers) {
      const [, token = ''] = /^Bearer ([\w.~+/-]{30,}=*)$/.exec(authorization) ?? [];
      // Some malformed tokens are made of one letter, which is no secret and may be anywhere.
      if (new Set(token.slice(-TAIL)).size > 4) this.add(`the token of ${name}`, token);
    }
    for (const [fleet, { agent, alertToken, credential }] of Object.entries(keys)) {
      this.add(`the private key of ${fleet}`, agent.privateKey);
      this.add(`the alert token of ${fleet}`, alertToken);
      this.add(`the credential of ${fleet}`, credential);
    }
  }

  /** Adds a secret, which may be in no text from now on. */
  add(name: string, text: string): void {
    this.#secrets.set(text.slice(-TAIL), name);
    const escaped = [...this.#secrets.keys()].map((secret) => secret.replaceAll(/[^\w]/g, String.raw`\$&`));
    this.#pattern = new RegExp(escaped.join('|'));
  }

  /** Returns the secret that a text shows. */
  secretIn(text: string): string | undefined {
    const [found] = this.#pattern.exec(text) ?? [];
    return found === undefined ? undefined : this.#secrets.get(found);
  }

  /** Notes what a request writes into its fleet, so that it may be told of there. */
  noteWritten({ fleet, sent }: Drawn): void {
    const text = textOf(sent);
    for (const mark of MARKS) if (text.includes(mark)) this.#written.add(`${fleet} ${mark}`);
  }

  /** Returns what an answer tells that its caller may not know. Secrets that the answer issues are added afterwards. */
  judge({ caller, fleet, sent }: Drawn, { headers, text }: Answer): Fault[] {
    const told = `${[...headers].map(([name, value]) => `${name}: ${value}`).join('\n')}\n${text}`;
    const secret = this.secretIn(told);
    const own = `${textOf(sent)} ${caller.name}`;
    const hidden = caller.isAdministrator ? [] : MARKS.filter((mark) => !caller.fleets.includes(mark));
    const named = hidden.filter(
      (mark) => told.includes(mark) && !own.includes(mark) && !this.#written.has(`${fleet} ${mark}`),
    );
    return [
      ...(secret === undefined ? [] : [leak(`${secret} is in the answer`)]),
      ...named.map((mark) => leak(`${caller.name} is told of ${mark}: ${excerpt(told, mark)}`)),
    ];
  }
}

const MARKS = [...FLEETS, HIDDEN_TOKENS];

export const leak = (told: string): Fault => ({ kind: 'leaks', told });

function textOf({ path, body }: Sent): string {
  return `${path} ${typeof body === 'string' ? body : ''}`;
}

/** Returns a text around the place where something was found in it. */
export function excerpt(text: string, found: string): string {
  const at = text.indexOf(found);
  return text.slice(Math.max(0, at - 80), at + 80);
}
