import ipaddr from 'ipaddr.js';
import { type Message, say } from '../../../schemas/messages/index.ts';
import type { Probe } from '../../../schemas/probe.ts';

export interface AddressPolicy {
  /** True when loopback addresses are allowed as targets, which is for local development only. */
  allowLoopback: boolean;
}

/**
 * Ranges that hold no cluster but may hold secrets or the control plane itself. Private ranges are allowed, since
 * clusters live there.
 */
const FORBIDDEN_RANGES = new Set([
  'unspecified',
  'linkLocal',
  'multicast',
  'broadcast',
  'reserved',
  // These IPv6 ranges carry an IPv4 address inside, which could be any of the above.
  'rfc6145',
  'rfc6052',
  '6to4',
  'teredo',
]);

/**
 * The addresses of instance metadata services outside the link-local ranges: Alibaba Cloud, AWS over IPv6, Oracle
 * Cloud.
 */
const METADATA_ADDRESSES = new Set(['100.100.100.200', 'fd00:ec2::254', '192.0.0.192']);

const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']);

/**
 * Returns the reason why a probe must not be sent to its target; undefined when it may be sent. This is checked when a
 * probe is declared, and again before each one is sent. A name is judged by its text alone, since a Worker does not
 * know what it resolves to.
 */
export function checkProbeTarget(probe: Probe, policy: AddressPolicy): Message | undefined {
  if (probe.type === 'tcp') return checkHost(probe.host, policy);
  const url = new URL(probe.url);
  if (url.username !== '' || url.password !== '') return say('CredentialsInUrl');
  return checkHost(url.hostname, policy);
}

/** Returns the reason why an address must not be used as an endpoint; undefined when it may. */
export function checkAddress(address: string, policy: AddressPolicy): Message | undefined {
  return checkHost(address, policy);
}

function checkHost(host: string, policy: AddressPolicy): Message | undefined {
  const name = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  if (isAddress(name)) return checkIp(ipaddr.process(name), policy);
  if (METADATA_NAMES.has(name)) return say('MetadataService', { host: name });
  if (name === 'localhost' || name.endsWith('.localhost'))
    return policy.allowLoopback ? undefined : say('LoopbackName', { host: name });
  if (!/^[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?$/.test(name)) return say('NoHostName', { host: name });
  return undefined;
}

/**
 * Tells whether the text is an IP address. This includes the old spellings of IPv4 (one number, octal, hexadecimal),
 * which some resolvers still accept.
 */
function isAddress(name: string): boolean {
  return ipaddr.isValid(name);
}

function checkIp(ip: ipaddr.IPv4 | ipaddr.IPv6, policy: AddressPolicy): Message | undefined {
  const text = ip.toString();
  if (METADATA_ADDRESSES.has(text)) return say('MetadataService', { host: text });
  const range = ip.range();
  if (range === 'loopback') return policy.allowLoopback ? undefined : say('LoopbackAddress', { host: text });
  if (FORBIDDEN_RANGES.has(range)) return say('ForbiddenRange', { host: text, range });
  return undefined;
}
