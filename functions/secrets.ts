import type { Secrets } from './deps.ts';
import { redactorOf } from './redact.ts';

/** A secret of the settings, and the hosts that it may be sent to. */
export interface NamedSecret {
  value: string;
  /** Host names, addresses, or `*.` and the end of host names. */
  hosts: readonly string[];
}

type ByName = Readonly<Record<string, NamedSecret>>;

/** Creates the port to the secrets of the settings: those of the control plane, or of an agent. */
export function createSecrets(secrets: ByName): Secrets {
  const redact = redactorOf(partsOf(secrets));
  return {
    find: async (name, host) => {
      const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
      return secret?.hosts.some((allowed) => isHost(host, allowed)) ? secret.value : undefined;
    },
    redactPart: redact.secretsOfPart,
  };
}

function isHost(host: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
}

/**
 * Returns the values of secrets, and those parts of them that give access on their own: what follows the scheme of an
 * Authorization header, the user and the password that Basic encodes, and the values of cookies.
 */
export function partsOf(secrets: ByName): string[] {
  return Object.values(secrets).flatMap(({ value }) => {
    const [, scheme = '', credentials = value] = /^([A-Za-z][\w-]*) +(.+)$/.exec(value) ?? [];
    const encoded = scheme.toLowerCase() === 'basic' ? decoded(credentials) : '';
    return [value, credentials, ...pairsOf(credentials), encoded, encoded.slice(encoded.indexOf(':') + 1)];
  });
}

function pairsOf(text: string): string[] {
  return text.split(/[;,] */).map((pair) => pair.slice(pair.indexOf('=') + 1));
}

function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}
