import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ApiError } from './errors.ts';
import type { RpcRequest } from './request.ts';

/** The time before and after its timestamp in which a signature is valid, in milliseconds (assumed). */
const WINDOW_MS = 15 * 60_000;
const V3_ALGORITHM = 'ACS3-HMAC-SHA256';
const V3_REQUIRED_HEADERS = [
  'host',
  'x-acs-action',
  'x-acs-content-sha256',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-version',
];

export interface Authenticator {
  /** Returns the access key id; throws an ApiError when the request is not signed as it must be. */
  authenticate(request: RpcRequest): string;
}

interface Claim {
  accessKeyId: string;
  timestamp: string;
  nonce: string;
  signature: string;
  stringToSign: string;
  /** Returns the signature of the string to sign, with a secret. */
  sign(secret: string): string;
}

/**
 * Creates an authenticator that verifies signatures V1 (HMAC-SHA1 over the parameters) and V3 (ACS3-HMAC-SHA256 over
 * request, body hash and headers).
 */
export function createAuthenticator(accessKeys: Readonly<Record<string, string>>, now: () => number): Authenticator {
  const secrets = new Map(Object.entries(accessKeys));
  const nonces = new Map<string, number>();

  function rememberNonce(claim: Claim): void {
    const key = `${claim.accessKeyId} ${claim.nonce}`;
    for (const [old, expiresAt] of nonces) {
      if (expiresAt > now()) break;
      nonces.delete(old);
    }
    if (nonces.has(key)) throw new ApiError('SignatureNonceUsed', 'The signature nonce has been used already.');
    nonces.set(key, now() + 2 * WINDOW_MS);
  }

  return {
    authenticate(request) {
      const claim = request.headers.has('authorization') ? v3Claim(request) : v1Claim(request);
      const secret = secrets.get(claim.accessKeyId);
      if (secret === undefined) {
        throw new ApiError('InvalidAccessKeyId.NotFound', 'Specified access key is not found.', 404);
      }
      checkTimestamp(claim.timestamp, now());
      if (!sameText(claim.sign(secret), claim.signature)) {
        throw new ApiError(
          'SignatureDoesNotMatch',
          `Specified signature is not matched with our calculation. Our string to sign is: ${claim.stringToSign}`,
        );
      }
      rememberNonce(claim);
      return claim.accessKeyId;
    },
  };
}

function v1Claim({ method, all }: RpcRequest): Claim {
  const accessKeyId = needed(all, 'AccessKeyId', 'MissingAccessKeyId');
  refuseSecurityToken(all.get('SecurityToken'));
  if (all.get('SignatureMethod') !== 'HMAC-SHA1' || all.get('SignatureVersion') !== '1.0') {
    throw new ApiError('InvalidSignatureMethod', 'SignatureMethod must be HMAC-SHA1 and SignatureVersion 1.0.');
  }
  const signed = new Map(all);
  signed.delete('Signature');
  const stringToSign = `${method}&${encode('/')}&${encode(canonicalQuery(signed))}`;
  return {
    accessKeyId,
    timestamp: needed(all, 'Timestamp', 'MissingTimestamp'),
    nonce: needed(all, 'SignatureNonce', 'MissingSignatureNonce'),
    signature: needed(all, 'Signature', 'MissingSignature'),
    stringToSign,
    sign: (secret) => createHmac('sha1', `${secret}&`).update(stringToSign).digest('base64'),
  };
}

function v3Claim({ method, path, headers, query, body }: RpcRequest): Claim {
  const pattern = /^(\S+) Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)$/;
  const [, algorithm, accessKeyId, signedHeaders, signature] = pattern.exec(headers.get('authorization') ?? '') ?? [];
  if (algorithm !== V3_ALGORITHM || !accessKeyId || !signedHeaders || !signature) {
    throw new ApiError('IncompleteSignature', `The Authorization header must be of the form of ${V3_ALGORITHM}.`);
  }
  refuseSecurityToken(headers.get('x-acs-security-token'));
  const names = signedHeaders.split(';');
  const unsigned = V3_REQUIRED_HEADERS.find((name) => !names.includes(name) || !headers.has(name));
  if (unsigned) throw new ApiError('IncompleteSignature', `The header ${unsigned} must be sent and signed.`);
  const payloadHash = sha256(body);
  if (!sameText(payloadHash, headers.get('x-acs-content-sha256') ?? '')) {
    throw new ApiError('SignatureDoesNotMatch', 'The header x-acs-content-sha256 is not the hash of the body.');
  }
  const canonicalHeaders = names.map((name) => `${name}:${(headers.get(name) ?? '').trim()}\n`).join('');
  const canonical = [method, path, canonicalQuery(query), canonicalHeaders, signedHeaders, payloadHash].join('\n');
  const stringToSign = `${V3_ALGORITHM}\n${sha256(canonical)}`;
  return {
    accessKeyId,
    timestamp: needed(headers, 'x-acs-date', 'MissingTimestamp'),
    nonce: needed(headers, 'x-acs-signature-nonce', 'MissingSignatureNonce'),
    signature,
    stringToSign,
    sign: (secret) => createHmac('sha256', secret).update(stringToSign).digest('hex'),
  };
}

function refuseSecurityToken(token: string | undefined): void {
  if (token) throw new ApiError('InvalidSecurityToken.NotFound', 'The local cloud issues no security tokens.', 403);
}

function needed(values: ReadonlyMap<string, string>, name: string, code: string): string {
  const value = values.get(name);
  if (!value) throw new ApiError(code, `${name} is mandatory for this action.`);
  return value;
}

function checkTimestamp(timestamp: string, nowMs: number): void {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new ApiError('InvalidTimeStamp.Format', 'Specified time stamp is not of the form 2006-01-02T15:04:05Z.');
  }
  if (Math.abs(nowMs - at) > WINDOW_MS) {
    throw new ApiError('InvalidTimeStamp.Expired', 'Specified time stamp is more than 15 minutes away from ours.');
  }
}

function canonicalQuery(parameters: ReadonlyMap<string, string>): string {
  const names = [...parameters.keys()].sort();
  return names.map((name) => `${encode(name)}=${encode(parameters.get(name) ?? '')}`).join('&');
}

/** Encodes a text by RFC 3986; encodeURIComponent leaves five more characters as they are. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Compares two texts by their digests, so that the time taken reveals neither content nor length. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
