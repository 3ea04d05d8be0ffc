import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { createLocalJWKSet } from 'jose/jwks/local';
import { type Clock, IdentityUnavailable, type Log, type Net } from './deps.ts';

/** The public keys of one identity provider. */
export interface Keys {
  /**
   * Returns the keys. `isUnknown` asks for newer ones, because a token names a key that is not among them. Throws
   * `IdentityUnavailable` when there are none that may be believed.
   */
  get(asked: { isUnknown: boolean }): Promise<JWTVerifyGetKey>;
}

/** The time after which keys are read again, and the time for which they are believed when that fails. */
const FRESH_MS = 10 * 60_000;
const BELIEVED_MS = 60 * 60_000;

/**
 * The time between two requests to a provider. Tokens that name unknown keys ask for new ones, and anybody can send such
 * tokens.
 */
const COOLDOWN_MS = 30_000;

/** The time limit of one request to a provider. */
const TIMEOUT_MS = 5_000;

/** The largest answer of a provider that is read, in bytes. */
const MAX_BYTES = 256 * 1024;

/** The most keys of a provider. */
const MAX_KEYS = 100;

/** The kinds of public keys. A set may hold secret keys, too, which would let everybody sign who can read it. */
const KEY_TYPES: readonly unknown[] = ['RSA', 'EC', 'OKP'];

interface Source {
  issuer: string;
  jwksUri?: string | undefined;
}

/**
 * Creates the access to the keys of a provider. What is kept between requests are keys and times, and never a promise: in workerd,
 * a request must not wait for another one.
 */
export function createKeys(provider: string, source: Source, parts: { clock: Clock; net: Net; log: Log }): Keys {
  const { clock, log } = parts;
  let known: { keys: JWTVerifyGetKey; atMs: number } | undefined;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let hasFailed = false;
  const ageMs = () => (known === undefined ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - known.atMs));

  const refresh = async () => {
    try {
      const keys = createLocalJWKSet(await readKeys(source, parts.net));
      known = { keys, atMs: clock.now() };
      hasFailed = false;
    } catch (error) {
      hasFailed = true;
      log.error('identity.keys-unavailable', { provider }, error);
    } finally {
      triedAtMs = clock.now();
    }
  };

  return {
    get: async ({ isUnknown }) => {
      const isCoolingDown = Math.abs(clock.now() - triedAtMs) < COOLDOWN_MS;
      if ((isUnknown || ageMs() >= FRESH_MS) && !isCoolingDown) await refresh();
      // While newer keys cannot be had, nobody can tell whether an unknown key is one of them.
      const isUndecided = isUnknown && hasFailed;
      if (known === undefined || ageMs() >= BELIEVED_MS || isUndecided) throw new IdentityUnavailable(provider);
      return known.keys;
    },
  };
}

async function readKeys({ issuer, jwksUri }: Source, net: Net): Promise<JSONWebKeySet> {
  const url = jwksUri ?? (await discover(issuer, net));
  const { keys } = Object(await readJson(url, net)) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('The answer is no set of keys.');
  const known = keys.filter((key) => KEY_TYPES.includes(Object(key).kty));
  if (known.length === 0 || known.length > MAX_KEYS) throw new Error(`The set has ${known.length} public keys.`);
  return { keys: known };
}

/** Returns the URL of the keys, as the provider says in its configuration (OpenID Connect Discovery, section 4). */
async function discover(issuer: string, net: Net): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: told, jwks_uri: keys } = Object(await readJson(url, net)) as Record<string, unknown>;
  if (told !== issuer) throw new Error('The configuration is that of another issuer.');
  if (typeof keys !== 'string') throw new Error('The configuration has no URL of the keys.');
  // A provider that is asked over https must not lead to keys that anybody on the way could replace.
  if (issuer.startsWith('https:') && !keys.startsWith('https://')) throw new Error('The keys are not had over https.');
  return keys;
}

async function readJson(url: string, net: Net): Promise<unknown> {
  const headers = { Accept: 'application/json' };
  const { status, body = '' } = await net.fetch(url, {
    method: 'GET',
    headers,
    timeoutMs: TIMEOUT_MS,
    bodyBytes: MAX_BYTES,
  });
  if (status !== 200) throw new Error(`The provider answers with status ${status}.`);
  return JSON.parse(body);
}
