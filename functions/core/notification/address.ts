import ipaddr from 'ipaddr.js';
import { type AddressPolicy, checkAddress } from '../health/probe-target.ts';

const INTERNAL_RANGES = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);

/**
 * Returns the reason why nothing may be sent to a target; undefined when it may. Clusters live in private ranges, but
 * targets do not, since services there trust their network. A name is judged by its text alone. Without TLS a target
 * may only be on this machine, for local development.
 */
export function checkTargetUrl(text: string, policy: AddressPolicy): string | undefined {
  const url = new URL(text);
  if (url.protocol !== 'https:' && !policy.allowLoopback) return 'is not https';
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ipaddr.isValid(address) && INTERNAL_RANGES.has(ipaddr.process(address).range())) return 'is a private address';
  return checkAddress(url.hostname, policy) === undefined ? undefined : 'is an address that nothing is sent to';
}
