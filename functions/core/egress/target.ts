/**
 * Decides which addresses Fairlead may call: for probes, data plane checks, webhooks, data gates and the heartbeat, and
 * for the addresses that gateways send traffic to. It is checked when a target is declared, and again before each
 * request. A name is judged by its text here. Whoever resolves it, as an agent does, has its addresses judged as well.
 */

import { say } from '../../../schemas/messages/index.ts';
import type { Probe } from '../../../schemas/probe.ts';
import { kindOfName, type NameKind } from './names.ts';
import {
  type Address,
  type AddressKind,
  type AddressRange,
  addressOf,
  carriedBy,
  isIn,
  kindOf,
  rangeOf,
} from './ranges.ts';

export interface EgressPolicy {
  /**
   * The ranges that may be called although they are refused by default. Metadata services are refused whatever this
   * holds.
   */
  allowed: readonly AddressRange[];
  /** True when private addresses are refused as well. Clusters live there; webhooks do not. */
  isPublicOnly?: boolean;
}

/** The ranges of this machine, which are allowed in local development. */
export const LOOPBACK: readonly AddressRange[] = [rangeOf('127.0.0.0/8'), rangeOf('::1/128')];

/** Thrown instead of a request to an address that must not be called. Its message tells no address of a name. */
export class ForbiddenTargetError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ForbiddenTargetError';
  }
}

const PHRASES = {
  metadata: 'an instance metadata service',
  'cloud-service': 'a service of the cloud itself',
  loopback: 'a loopback address',
  unspecified: 'the unspecified address',
  'link-local': 'a link-local address',
  'site-local': 'a site-local address',
  multicast: 'a multicast address',
  translated: 'an address that carries another one',
  reserved: 'a reserved address',
  private: 'a private address',
  'api-server': 'the API server of a Kubernetes cluster',
  nothing: 'not a host name',
} as const satisfies Record<Exclude<AddressKind, 'public'> | NameKind | 'nothing', string>;

type Phrase = (typeof PHRASES)[keyof typeof PHRASES];

/** Returns the reason why a probe must not be sent to its target; undefined when it may be sent. */
export function checkProbeTarget(probe: Probe, policy: EgressPolicy): string | undefined {
  if (probe.type === 'tcp') return checkHost(probe.host, policy);
  const url = new URL(probe.url);
  return hasCredentials(url) ? say('CarriesUser').text : checkHost(url.hostname, policy);
}

/** Returns the reason why a host must not be called; undefined when it may be. */
export function checkHost(host: string, policy: EgressPolicy): string | undefined {
  const phrase = refusalOf(host, policy);
  return phrase && `${host} is ${phrase}`;
}

/**
 * Returns the reason why a name must not be called that resolves to these addresses; undefined when it may be. One
 * forbidden address among them is enough.
 */
export function checkResolved(name: string, addresses: readonly string[], policy: EgressPolicy): string | undefined {
  const phrases = addresses.map((text) => refusalOfAddress(addressOf(text), policy));
  const phrase = phrases.find((one) => one !== undefined);
  return phrase && `${name} resolves to ${phrase}`;
}

/**
 * Returns the reason why nothing may be sent to a webhook or a heartbeat; undefined when it may. Private addresses are
 * refused, since services there trust their network, and so is a URL without TLS unless it leads to this machine. The
 * reason holds no part of the URL, which is secret.
 */
export function checkWebhook(text: string, policy: Omit<EgressPolicy, 'isPublicOnly'>): string | undefined {
  const url = new URL(text);
  if (hasCredentials(url)) return say('WebhookCarriesUser').text;
  const phrase = refusalOf(url.hostname, { ...policy, isPublicOnly: true });
  if (phrase !== undefined) return `is ${phrase}`;
  return isSafeFromReaders(url) ? undefined : say('NotHttps').text;
}

/** Tells whether nobody can read on the way what is sent to a URL: it takes TLS, or leads to this machine. */
export function isSafeFromReaders({ protocol, hostname }: URL): boolean {
  const isLocal = refusalOf(hostname, { allowed: [], isPublicOnly: true }) === PHRASES.loopback;
  return protocol === 'https:' || (protocol === 'http:' && isLocal);
}

function hasCredentials({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

function refusalOf(host: string, policy: EgressPolicy): Phrase | undefined {
  const name = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  const address = addressOf(name);
  if (address !== undefined) return refusalOfAddress(address, policy);
  const kind = kindOfName(name);
  if (kind === 'loopback' && LOOPBACK.some(([first]) => isAllowed(first, policy))) return undefined;
  if (kind !== undefined) return PHRASES[kind];
  return isHostName(host) ? undefined : PHRASES.nothing;
}

function refusalOfAddress(address: Address | undefined, policy: EgressPolicy): Phrase | undefined {
  if (address === undefined) return PHRASES.reserved;
  const kind = kindOf(address);
  if (kind === 'public' || (kind === 'private' && !policy.isPublicOnly)) return undefined;
  if (kind === 'metadata' || !isAllowed(address, policy)) return PHRASES[kind];
  const carried = carriedBy(address);
  return carried && refusalOfAddress(carried, policy);
}

function isAllowed(address: Address, { allowed }: EgressPolicy): boolean {
  return allowed.some((range) => isIn(address, range));
}

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`, 'i');

/** A last label of digits, or of hexadecimal ones, makes a name an IPv4 address (WHATWG URL, "ends in a number"). */
const ENDS_IN_A_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i;

/** Tells whether a text is a name of ASCII letters, as resolvers take it. An international name is given in Punycode. */
function isHostName(host: string): boolean {
  return HOST_NAME.test(host) && !ENDS_IN_A_NUMBER.test(host);
}
