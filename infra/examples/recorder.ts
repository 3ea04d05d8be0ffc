/** Calls the API for the story, and records what the document shows: requests, answers and problems. */

import { endpoints } from '../../functions/api/endpoints/index.ts';
import { JSON_BODY, JSON_TYPE } from '../../functions/api/http/body.ts';
import { type Endpoint, NO_BODY } from '../../functions/api/http/endpoint.ts';
import type { Deps } from '../../functions/deps.ts';
import type { ProblemCode } from '../../schemas/problem.ts';
import { type Installation, SETTING_TOKEN } from './installation.ts';

// biome-ignore lint/suspicious/noExplicitAny: the story reads answers of many shapes, which the document checks.
export type Json = any;

/** The examples of one operation. */
export interface RecordedOperation {
  request?: Json;
  /** The bodies of the answers by their statuses; text when it is not JSON. */
  responses: Record<string, Json>;
}

export interface RecordedExamples {
  /** The examples by the id of the operation. */
  operations: Record<string, RecordedOperation>;
  /** One real problem for each code that the story has met. */
  problems: Partial<Record<ProblemCode, Json>>;
}

export interface Call {
  /** The names and ids of the path, besides the fleet of the story. */
  names?: Record<string, string>;
  body?: Json;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** The token that is sent, or null for none; the token of the settings when absent. */
  token?: string | null | undefined;
  /** Parts that take the place of those of the installation, such as a store that does not answer. */
  overrides?: Partial<Deps>;
}

/**
 * The parts of bodies that are not recorded as they are. Hashes keep their first eight digits: the document is a part of
 * the Worker, and dozens of bytes of chance in each decision would be much of its compressed size.
 */
const SUBSTITUTES: readonly (readonly [pattern: RegExp, put: (found: string) => string])[] = [
  [/\b[0-9a-f]{64}\b/g, (hash) => hash.slice(0, 8).padEnd(64, '0')],
];

function recordable(body: Json): Json {
  if (body === undefined) return undefined;
  const text = SUBSTITUTES.reduce((left, [pattern, put]) => left.replaceAll(pattern, put), JSON.stringify(body));
  return JSON.parse(text);
}

export class Recorder {
  readonly #installation: Installation;
  readonly #examples: RecordedExamples = { operations: {}, problems: {} };

  constructor(installation: Installation) {
    this.#installation = installation;
  }

  /** Calls an operation, and expects that it succeeds. */
  async call(operationId: string, call: Call = {}): Promise<Json> {
    return (await this.#answer(operationId, call)).body;
  }

  /** Calls an operation, and makes request and answer its example. There is one for each status of each operation. */
  async show(operationId: string, call: Call = {}): Promise<Json> {
    const { status, body, endpoint } = await this.#answer(operationId, call);
    const recorded = this.#examples.operations[operationId] ?? { responses: {} };
    if (String(status) in recorded.responses) throw new Error(`${operationId} has an example of ${status} already.`);
    if (endpoint.body !== NO_BODY) recorded.request ??= recordable(call.body);
    recorded.responses[status] = recordable(body);
    this.#examples.operations[operationId] = recorded;
    return body;
  }

  /** Calls an operation that has to refuse with the problem, and records the first problem of each code. */
  async refuse(code: ProblemCode, operationId: string, call: Call = {}): Promise<Json> {
    const { status, body } = await this.#send(operationId, call);
    if (body?.code !== code) throw new Error(`${operationId} answered ${status}: ${JSON.stringify(body)}`);
    this.#examples.problems[code] ??= recordable(body);
    return body;
  }

  /** Returns what was recorded, in the order of the document. */
  examples(): RecordedExamples {
    const { operations, problems } = this.#examples;
    const ordered = endpoints.flatMap(({ operationId }) => {
      const recorded = operations[operationId];
      return recorded === undefined ? [] : [[operationId, recorded] as const];
    });
    return { operations: Object.fromEntries(ordered), problems };
  }

  async #answer(operationId: string, call: Call) {
    const { status, body, endpoint } = await this.#send(operationId, call);
    const isSuccess = endpoint.successes.some((success) => success.status === status);
    if (!isSuccess) throw new Error(`${operationId} answered ${status}: ${JSON.stringify(body)}`);
    return { status, body, endpoint };
  }

  async #send(operationId: string, { names = {}, body, query, headers, token = SETTING_TOKEN, overrides }: Call) {
    const endpoint = endpoints.find((one) => one.operationId === operationId);
    if (endpoint === undefined) throw new Error(`There is no operation ${operationId}.`);
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const response = await this.#installation.send(
      `${pathOf(endpoint, names)}${search}`,
      {
        method: endpoint.method.toUpperCase(),
        headers: {
          accept: 'application/json',
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': mediaTypeOf(endpoint) }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      },
      overrides,
    );
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { endpoint, status: response.status, body: text === '' ? undefined : isJson ? JSON.parse(text) : text };
  }
}

/** Returns the media type in which an operation takes JSON. */
function mediaTypeOf({ format: { mediaTypes } = JSON_BODY }: Endpoint): string {
  return mediaTypes.find((type) => type.endsWith('json')) ?? JSON_TYPE;
}

function pathOf({ path }: Endpoint, names: Record<string, string>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name] ?? (name === 'fleet' ? 'prod' : undefined);
    if (value === undefined) throw new Error(`${path} lacks ${name}.`);
    return value;
  });
}

/** Whoever tells a chapter, with the tokens of the people in it. */
export interface Teller {
  recorder: Recorder;
  installation: Installation;
  tokens: Tokens;
}

/** The tokens of Ada, who runs the fleet, of Bob, who approves plans, and of the pipeline of the shop. */
export interface Tokens {
  ada: string;
  bob: string;
  ci: string;
}

/** The header of a write that replaces what there is, whatever it is. */
export const REPLACE = { 'if-match': '*' };

/** The query of a dry run. */
export const DRY = { dryRun: 'true' };

/** The query of a list whose example is a page of one. */
export const ONE = { pageSize: '1' };

/** The body of an order with a reason. */
export const because = (reason: string): Json => ({ reason });
