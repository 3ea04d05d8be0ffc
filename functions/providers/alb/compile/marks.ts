import { digest } from '../../../core/model/digest.ts';
import type { Pool } from '../../../core/model/ir.ts';

/**
 * Marks that tell our objects at the cloud from those of others, and from each other. They are tags, and names in the
 * case of server groups.
 */

/** The tag keys for the owner and the key of an object. The tags are given at creation. */
export const OWNER_TAG = 'fairlead-owner';
export const KEY_TAG = 'fairlead-key';
const MAX_TAG_LENGTH = 128;

const NAME_PREFIX = 'fairlead-';

/**
 * Matches the key of a server group that tells what it serves: service and port, the digest of a distribution, and
 * optionally a protocol and a number.
 */
const GROUP_KEY = /^pool\/(.+-\d+)-[0-9a-f]{12}(?:\/(HTTPS|gRPC))?(?:~\d+)?$/;

/**
 * Returns `text` as a valid tag value, or its digest. A tag value has at most 128 characters, does not look like one of
 * Alibaba Cloud's own, and contains no URL.
 */
export function tagValue(text: string): string {
  const fits = text.length > 0 && text.length <= MAX_TAG_LENGTH && !/^(acs:|aliyun)|https?:\/\//i.test(text);
  return fits ? text : digest(text);
}

/** Returns the two tags of an object, in the form that creates and TagResources take. */
export function tagsFor(key: string, owner: string): { Key: string; Value: string }[] {
  return [
    { Key: OWNER_TAG, Value: tagValue(owner) },
    { Key: KEY_TAG, Value: tagValue(key) },
  ];
}

export function tagOf(item: { Tags: { Key: string; Value: string }[] }, key: string): string | undefined {
  return item.Tags.find((tag) => tag.Key === key)?.Value;
}

/**
 * Returns a readable name that ALB accepts: 2 to 128 letters, digits, dots, underscores and hyphens, beginning with a
 * letter.
 */
export function resourceName(text: string): string {
  const readable = text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '');
  return `${NAME_PREFIX}${readable}`.slice(0, MAX_TAG_LENGTH);
}

/** Returns the key of a new server group for a pool. The key outlives the distribution that it is named after. */
export function newGroupKey({ key, protocol }: Pick<Pool, 'key' | 'protocol'>): string {
  return tagValue(`pool/${key}${protocol === 'HTTP' ? '' : `/${protocol}`}`);
}

/** Returns the name of a server group, from which `keyOfName` recovers the key. */
export function groupName(key: string): string {
  return resourceName(
    key
      .replace(/^pool\//, '')
      .replaceAll('/', '.')
      .replaceAll('~', '_'),
  );
}

/** Returns the key that belongs to a name; undefined when it is not a name that we give to server groups. */
export function keyOfName(name: string): string | undefined {
  const key = `pool/${name.slice(NAME_PREFIX.length).replaceAll('.', '/').replaceAll('_', '~')}`;
  return GROUP_KEY.test(key) && groupName(key) === name ? key : undefined;
}

/**
 * Returns the service, port and protocol that the server group of this key serves; undefined when the key does not
 * tell.
 */
export function servesOf(groupKey: string): string | undefined {
  const [, backend, protocol = 'HTTP'] = GROUP_KEY.exec(groupKey) ?? [];
  return backend === undefined ? undefined : `${backend} ${protocol}`;
}

/** Returns the service, port and protocol that a pool serves, in the form of `servesOf`. */
export function servesPool({ service, port, protocol }: Pick<Pool, 'service' | 'port' | 'protocol'>): string {
  return `${service}-${port} ${protocol}`;
}

/**
 * Returns keys by id. A missing or repeated key gets the id appended, so that the object is seen and deleted: a create
 * whose answer was lost may have happened twice.
 */
export function uniqueKeys(items: readonly { id: string; key: string | undefined }[]): Map<string, string> {
  const seen = new Set<string>();
  return new Map(
    items.map(({ id, key = '' }) => {
      const unique = key === '' || seen.has(key) ? `${key}#${id}` : key;
      seen.add(key);
      return [id, unique];
    }),
  );
}
