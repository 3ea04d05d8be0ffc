import type { HonoRequest } from 'hono';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { digest } from '../../core/model/digest.ts';
import type { KeyedRequest } from '../../deps.ts';

/**
 * The answer to a request that repeats another one with its key. replayed: the answer of the first one. shown-once: a problem,
 * because the first answer holds a secret, which is not kept.
 */
export type KeyedAnswer = 'replayed' | 'shown-once';

const HEADER = 'Idempotency-Key';

/** The header of an answer that was given before. */
export const REPLAYED_HEADER = 'Idempotency-Replayed';

/** A string of a structured field (RFC 9651, section 3.3.3): printable ASCII, with quotes and backslashes escaped. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;

/** A key that was sent without quotes. What structures a field is not a part of it: blanks, quotes, commas and semicolons. */
const BARE = /^[!#-+\--:<-~]+$/;

const MAX_LENGTH = 255;

/** Returns the idempotency key of a request, and its faults. Quotes make no difference. */
export function readIdempotencyKey(request: HonoRequest): { key?: string; issues: Issue[] } {
  const value = request.header(HEADER);
  if (value === undefined) return { issues: [] };
  const quoted = QUOTED.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1');
  const key = quoted ?? (BARE.test(value) ? value : '');
  if (key !== '' && key.length <= MAX_LENGTH) return { key, issues: [] };
  return { issues: [issueAt(`header/${HEADER}`, 'invalid_format', say('NotIdempotencyKey'))] };
}

/** The parts of a request that tell it from all others. */
export interface KeyedParts {
  actor: string;
  operationId: string;
  params: object;
  key: string;
  precondition: object;
  /** The body as it was received; absent when the operation takes none. */
  bytes?: ArrayBuffer | undefined;
}

/**
 * Returns a request with its key. Keys of two actors, of two operations and of two resources are not the same. All else that the
 * request says must be repeated: its query, its preconditions and the bytes of its body.
 */
export function keyedRequestOf(request: HonoRequest, parts: KeyedParts): KeyedRequest {
  const { actor, operationId, params, key, precondition, bytes } = parts;
  const body = new TextDecoder().decode(bytes);
  return {
    id: digest({ actor, operationId, params, key }),
    fingerprint: digest({ query: request.queries(), precondition, body }),
  };
}
