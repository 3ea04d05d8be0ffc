import { isIPv4, isIPv6 } from 'node:net';
import { illegal, missing } from '../errors.ts';
import type { Tag } from './model.ts';

const MAX_TAGS = 20;

/** Throws unless the text has `least` to `most` characters. */
export function checkLength(text: string | undefined, least: number, most: number, path: string): void {
  if (text === undefined) throw missing(path);
  const { length } = Array.from(text);
  if (length < least || length > most) throw illegal(path, `it must be ${least} to ${most} characters`);
}

/** Checks a name of a load balancer, server group or rule (npm @alicloud/alb20200616). */
export function checkName(name: string | undefined, path: string): void {
  if (name === undefined || /^\p{L}[\p{L}\p{N}._-]{1,127}$/u.test(name)) return;
  throw illegal(path, 'it must be 2 to 128 letters, digits, ".", "_" or "-" and begin with a letter');
}

/**
 * Checks tags: keys and values have at most 128 characters, no reserved prefixes and no URLs. The greatest number of
 * tags is assumed.
 */
export function checkTags(tags: readonly Partial<Tag>[] | undefined, path: string): void {
  const keys = new Set<string>();
  for (const [index, { Key, Value = '' }] of (tags ?? []).entries()) {
    const at = `${path}.${index + 1}`;
    checkLength(Key, 1, 128, `${at}.Key`);
    if (Key === undefined || /^(aliyun|acs:)/i.test(Key) || /https?:\/\//i.test(Key)) {
      throw illegal(`${at}.Key`, 'prefixes "aliyun" and "acs:" are reserved, URLs are not allowed');
    }
    if (/https?:\/\//i.test(Value)) throw illegal(`${at}.Value`, 'URLs are not allowed');
    if (keys.has(Key)) throw illegal(`${at}.Key`, 'it is given twice');
    keys.add(Key);
  }
  if (keys.size > MAX_TAGS) throw illegal(path, `at most ${MAX_TAGS} tags are allowed`);
}

/** Returns tags as they are kept: a tag without a value has an empty one. */
export function toTags(tags: readonly Partial<Tag>[] | undefined): Tag[] {
  return (tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value }));
}

/**
 * Tells whether the text is an IP address, with or without a prefix length. 0.0.0.0 is refused with any prefix length
 * (npm @alicloud/alb20200616).
 */
export function isSourceIp(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const most = isIPv4(address) ? 32 : 128;
  const prefixFits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most);
  return rest.length === 0 && prefixFits && (isIPv4(address) || isIPv6(address)) && address !== '0.0.0.0';
}

/**
 * Tells whether RemoteIpEnabled accepts an address: it must be in 10/8, 100.64/10, 172.16/12 or 192.168/16. Loopback
 * addresses are accepted here too, because the local data plane really connects.
 */
export function isRemoteAddress(address: string): boolean {
  if (!isIPv4(address)) return false;
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168)
  );
}
