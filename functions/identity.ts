import type { JWTPayload } from 'jose';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { JOSEError, JWKSNoMatchingKey } from 'jose/errors';
import { decodeJwt } from 'jose/jwt/decode';
import { jwtVerify } from 'jose/jwt/verify';
import type { Clock, Identity, IdentityProviders, Log, Net } from './deps.ts';
import { createKeys, type Keys } from './identity-keys.ts';

/** An identity provider, as the settings have it. */
export interface ProviderSettings {
  issuer: string;
  /** The audience (`aud`) of tokens that are meant for this control plane. */
  audience: string;
  /** The URL of the keys; when absent, it is what the provider says of itself. */
  jwksUri?: string | undefined;
  groupsClaim: string;
  algorithms: string[];
}

interface Parts {
  clock: Clock;
  net: Net;
  log: Log;
}

/** The longest token that is looked at, in characters. */
const MAX_TOKEN = 8_192;

/** The difference between the clocks of a provider and of this control plane that is put up with. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** Subjects are at most 255 characters of ASCII (OpenID Connect Core, section 2). They become actors in the audit log. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

/** The most groups of one token. */
const MAX_GROUPS = 500;

/** Creates the check of tokens of the identity providers of the settings, by name. */
export function createIdentityProviders(
  providers: Readonly<Record<string, ProviderSettings>>,
  parts: Parts,
): IdentityProviders {
  const byIssuer = new Map(
    Object.entries(providers).map(([name, settings]) => [
      settings.issuer,
      { name, settings, keys: createKeys(name, settings, parts) },
    ]),
  );
  return {
    issuers: [...byIssuer.keys()],
    verify: async (token) => {
      const provider = byIssuer.get(issuerOf(token) ?? '');
      if (provider === undefined) return undefined;
      const payload = await payloadOf(token, provider, parts);
      return payload && identityOf(payload, provider);
    },
  };
}

interface Provider {
  name: string;
  settings: ProviderSettings;
  keys: Keys;
}

/** Returns the issuer that a token claims to be of. Nothing of it is verified yet. */
function issuerOf(token: string): string | undefined {
  if (token.length > MAX_TOKEN) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** Returns what a token says when its signature, its issuer, its audience and its times hold; undefined otherwise. */
async function payloadOf(token: string, provider: Provider, { clock, log }: Parts): Promise<JWTPayload | undefined> {
  const { issuer, audience, algorithms } = provider.settings;
  if (!algorithms.includes(algorithmOf(token) ?? '')) return undefined;
  const verify = async (isRetry: boolean): Promise<JWTPayload | undefined> => {
    const keys = await provider.keys.get({ isUnknown: isRetry });
    const options = {
      ...{ issuer, audience, algorithms, requiredClaims: ['exp', 'sub'] },
      ...{ clockTolerance: CLOCK_TOLERANCE_SECONDS, currentDate: new Date(clock.now()) },
    };
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      // The provider may have rotated its keys since they were read.
      if (error instanceof JWKSNoMatchingKey && !isRetry) return await verify(true);
      // Every other error means that the token is not valid, or that the key with which it claims to be signed is none.
      if (!(error instanceof JOSEError)) log.error('identity.key-unusable', { provider: provider.name }, error);
      return undefined;
    }
  };
  return await verify(false);
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return undefined;
  }
}

function identityOf({ sub, exp, ...claims }: JWTPayload, { name, settings }: Provider): Identity | undefined {
  if (sub === undefined || exp === undefined || !SUBJECT.test(sub)) return undefined;
  return {
    provider: name,
    issuer: settings.issuer,
    subject: sub,
    groups: groupsOf(claims[settings.groupsClaim]),
    expiresAt: new Date(exp * 1000).toISOString(),
  };
}

function groupsOf(claim: unknown): string[] {
  const groups: unknown[] = Array.isArray(claim) ? claim : [claim];
  return groups.filter((group) => typeof group === 'string').slice(0, MAX_GROUPS);
}
