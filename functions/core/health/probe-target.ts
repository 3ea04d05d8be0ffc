import ipaddr from 'ipaddr.js';
import type { Probe } from '../../../schemas/probe.ts';

export interface AddressPolicy {
  /** Loopback addresses are targets in local development only. */
  allowLoopback: boolean;
}

/** Ranges that hold no cluster but may hold secrets or ourselves. Private ranges are where clusters live. */
const FORBIDDEN_RANGES = new Set([
  'unspecified',
  'linkLocal',
  'multicast',
  'broadcast',
  'reserved',
  // IPv6 ranges that carry an IPv4 address inside, which could be any of the above.
  'rfc6145',
  'rfc6052',
  '6to4',
  'teredo',
]);

/** Instance metadata outside the link-local ranges: Alibaba Cloud, AWS over IPv6, Oracle Cloud. */
const METADATA_ADDRESSES = new Set(['100.100.100.200', 'fd00:ec2::254', '192.0.0.192']);

const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']);

/**
 * Why a probe must not be sent to its target; undefined when it may. Asked when a probe is declared and again before each is sent.
 * A name is judged as a name: what it resolves to is not known to a Worker.
 */
export function checkProbeTarget(probe: Probe, policy: AddressPolicy): string | undefined {
  if (probe.type === 'tcp') return checkHost(probe.host, policy);
  const url = new URL(probe.url);
  if (url.username !== '' || url.password !== '') return 'a probe URL must not carry credentials';
  return checkHost(url.hostname, policy);
}

/** Why an address must not be used as an endpoint; undefined when it may. */
export function checkAddress(address: string, policy: AddressPolicy): string | undefined {
  return checkHost(address, policy);
}

function checkHost(host: string, policy: AddressPolicy): string | undefined {
  const name = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  if (isAddress(name)) return checkIp(ipaddr.process(name), policy);
  if (METADATA_NAMES.has(name)) return `${name} is an instance metadata service`;
  if (name === 'localhost' || name.endsWith('.localhost'))
    return policy.allowLoopback ? undefined : `${name} is a loopback name`;
  if (!/^[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?$/.test(name)) return `${name} is not a host name`;
  return undefined;
}

/** Also true for the old spellings of IPv4 (one number, octal, hexadecimal), which some resolvers still accept. */
function isAddress(name: string): boolean {
  return ipaddr.isValid(name);
}

function checkIp(ip: ipaddr.IPv4 | ipaddr.IPv6, policy: AddressPolicy): string | undefined {
  const text = ip.toString();
  if (METADATA_ADDRESSES.has(text)) return `${text} is an instance metadata service`;
  const range = ip.range();
  if (range === 'loopback') return policy.allowLoopback ? undefined : `${text} is a loopback address`;
  if (FORBIDDEN_RANGES.has(range)) return `${text} is in a range that holds no cluster (${range})`;
  return undefined;
}
