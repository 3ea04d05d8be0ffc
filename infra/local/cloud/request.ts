import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Parameters of the RPC style itself; all others belong to the action. */
const COMMON = new Set([
  'Action',
  'Version',
  'Format',
  'Timestamp',
  'AccessKeyId',
  'SecurityToken',
  'Signature',
  'SignatureMethod',
  'SignatureVersion',
  'SignatureNonce',
  'SignatureType',
]);

export interface RpcRequest {
  method: string;
  path: string;
  /** The headers; names are in lower case. */
  headers: ReadonlyMap<string, string>;
  query: ReadonlyMap<string, string>;
  body: Buffer;
  /** The parameters of query and form together. */
  all: ReadonlyMap<string, string>;
  /** The flat parameters of the action; RegionId may be among them for every action. */
  parameters: ReadonlyMap<string, string>;
  action: string;
  version: string;
  /** The region; undefined when the caller does not name one. */
  regionId: string | undefined;
}

/** Reads a body. Throws when it is larger than 2 MiB. */
export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new ApiError('RequestEntityTooLarge', 'The body is larger than 2 MiB.', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads an RPC call: parameters come from query and form body; action and version from `x-acs-*` headers or parameters.
 */
export function parseRequest(message: IncomingMessage, body: Buffer): RpcRequest {
  const method = message.method ?? '';
  if (method !== 'GET' && method !== 'POST') {
    throw new ApiError('UnsupportedHTTPMethod', 'Only GET and POST are accepted.', 405);
  }
  const url = new URL(message.url ?? '/', 'http://local');
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(message.headers)) headers.set(name, String(value));
  if (body.length > 0 && !headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')) {
    throw new ApiError('UnsupportedContentType', 'The body must be application/x-www-form-urlencoded.', 415);
  }
  const query = uniqueEntries([...url.searchParams]);
  const all = uniqueEntries([...url.searchParams, ...new URLSearchParams(body.toString('utf8'))]);
  const format = all.get('Format') ?? 'JSON';
  if (format.toUpperCase() !== 'JSON') throw new ApiError('UnsupportedFormat', 'The local cloud answers JSON only.');
  return {
    method,
    path: url.pathname,
    headers,
    query,
    body,
    all,
    parameters: new Map([...all].filter(([name]) => !COMMON.has(name))),
    action: all.get('Action') ?? headers.get('x-acs-action') ?? '',
    version: all.get('Version') ?? headers.get('x-acs-version') ?? '',
    regionId: all.get('RegionId'),
  };
}

function uniqueEntries(entries: [string, string][]): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of entries) {
    if (map.has(name)) throw new ApiError('InvalidParameter', `The parameter ${name} is given twice.`);
    map.set(name, value);
  }
  return map;
}
