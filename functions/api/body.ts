import type { HonoRequest } from 'hono';
import { AppError } from '../commands/app-error.ts';

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The body as JSON. Throws `unsupported-media-type` and `malformed-json`. */
export async function readJson(request: HonoRequest): Promise<unknown> {
  const encoding = request.header('Content-Encoding') ?? 'identity';
  if (!JSON_TYPE.test(request.header('Content-Type') ?? '') || encoding !== 'identity') {
    throw new AppError('unsupported-media-type', 'Send the body as application/json, in UTF-8, not compressed.');
  }
  return parseJson(await request.arrayBuffer());
}

function parseJson(bytes: ArrayBuffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AppError('malformed-json', 'The body is not UTF-8.');
  }
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
