import type { HonoRequest } from 'hono';
import type * as z from 'zod';
import type { Issue } from '../../../schemas/problem.ts';
import { AppError } from '../../commands/app-error.ts';
import { issuesOf } from './issues.ts';

/** How the body of an operation is written. */
export interface BodyFormat {
  mediaTypes: readonly string[];
  maxBytes: number;
  /** Throws AppErrors for what cannot be read at all. */
  read(request: HonoRequest): Promise<ReadBody>;
}

export interface ReadBody {
  value: unknown;
  /** What could not be read of it. */
  faults: readonly Issue[];
  /** The faults of the value. */
  issuesOf(error: z.ZodError): Issue[];
}

export const JSON_TYPE = 'application/json';

export const JSON_BODY: BodyFormat = {
  mediaTypes: [JSON_TYPE],
  maxBytes: 1024 * 1024,
  read: async (request) => ({
    value: await readJson(request),
    faults: [],
    issuesOf: (error) => issuesOf(error, '#'),
  }),
};

/** Whether the body is of the media type, in UTF-8 and not compressed. */
export function isMediaType(request: HonoRequest, mediaType: string): boolean {
  const [type, ...parameters] = (request.header('Content-Type') ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every((parameter) => /^charset\s*=\s*"?utf-8"?$/.test(parameter));
  return type === mediaType && isUtf8 && (request.header('Content-Encoding') ?? 'identity') === 'identity';
}

/** The body as JSON. Throws `unsupported-media-type` and `malformed-json`. */
export async function readJson(request: HonoRequest): Promise<unknown> {
  if (!isMediaType(request, JSON_TYPE)) {
    throw new AppError('unsupported-media-type', 'Send the body as application/json, in UTF-8, not compressed.');
  }
  return parseJson(await request.arrayBuffer());
}

/** Undefined when it is not UTF-8. */
export function textOf(bytes: ArrayBuffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(bytes: ArrayBuffer): unknown {
  const text = textOf(bytes);
  if (text === undefined) throw new AppError('malformed-json', 'The body is not UTF-8.');
  try {
    return JSON.parse(text, refuseLoneSurrogates);
  } catch (error) {
    const detail = error instanceof SyntaxError ? error.message : 'A string has half of a surrogate pair.';
    throw new AppError('malformed-json', detail);
  }
}

/** Half of a surrogate pair is no character: it could not be kept as it was sent. */
function refuseLoneSurrogates(key: string, value: unknown): unknown {
  if (!key.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) throw new RangeError();
  return value;
}
