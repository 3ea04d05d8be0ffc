import type { HonoRequest } from 'hono';
import type * as z from 'zod';
import { say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { AppError } from '../../commands/app-error.ts';
import { issuesOf } from './issues.ts';
import { parseJson, type ReadJson } from './json.ts';

/** The format of the body of an operation. */
export interface BodyFormat {
  mediaTypes: readonly string[];
  maxBytes: number;
  /** Reads the body. Throws an `AppError` when it cannot be read at all. */
  read(request: HonoRequest): Promise<ReadBody>;
}

export interface ReadBody {
  value: unknown;
  /** The faults of the parts that could not be read. */
  faults: readonly Issue[];
  /** Returns the issues of the value for an error of its schema. */
  issuesOf(error: z.ZodError): Issue[];
}

export const JSON_TYPE = 'application/json';

/** The media type of a JSON Merge Patch (RFC 7396). */
export const MERGE_PATCH_TYPE = 'application/merge-patch+json';

export const JSON_BODY = jsonBody(JSON_TYPE);

/** The format of a patch. It is sent under its own media type only, because other patches are JSON, too. */
export const MERGE_PATCH_BODY = jsonBody(MERGE_PATCH_TYPE);

function jsonBody(mediaType: string): BodyFormat {
  return {
    mediaTypes: [mediaType],
    maxBytes: 1024 * 1024,
    read: async (request) => ({
      ...(await readJson(request, mediaType)),
      issuesOf: (error) => issuesOf(error, '#'),
    }),
  };
}

/** Tells whether the body has the media type, is in UTF-8 and is not compressed. */
export function isMediaType(request: HonoRequest, mediaType: string): boolean {
  const [type, ...parameters] = (request.header('Content-Type') ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every((parameter) => /^charset\s*=\s*"?utf-8"?$/.test(parameter));
  return type === mediaType && isUtf8 && (request.header('Content-Encoding') ?? 'identity') === 'identity';
}

/** Returns the body as JSON. Throws `unsupported-media-type` and `malformed-json`. */
export async function readJson(request: HonoRequest, mediaType = JSON_TYPE): Promise<ReadJson> {
  if (!isMediaType(request, mediaType)) {
    throw new AppError('unsupported-media-type', say('OtherMediaType', { mediaType }));
  }
  return parseJson(await request.arrayBuffer());
}
