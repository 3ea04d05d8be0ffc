import { digest } from '../../../core/model/digest.ts';
import type { Pool } from '../../../core/model/ir.ts';

/** How our objects are told from those of others at the cloud, and which of ours they are: by tags, and for server groups by names too. */

/** What the owner and the key of an object are kept in: tags, given at creation. */
export const OWNER_TAG = 'fairlead-owner';
export const KEY_TAG = 'fairlead-key';
const MAX_TAG_LENGTH = 128;

const NAME_PREFIX = 'fairlead-';

/** A key that tells what its group serves: service and port, the digest of a distribution, maybe a protocol and a number. */
const GROUP_KEY = /^pool\/(.+-\d+)-[0-9a-f]{12}(?:\/(HTTPS|gRPC))?(?:~\d+)?$/;

/** A tag value has at most 128 characters and must not look like Alibaba Cloud's own nor hold a URL; a digest stands for what does not fit. */
export function tagValue(text: string): string {
  const fits = text.length > 0 && text.length <= MAX_TAG_LENGTH && !/^(acs:|aliyun)|https?:\/\//i.test(text);
  return fits ? text : digest(text);
}

/** The two marks of an object, as a create and TagResources take them. */
export function tagsFor(key: string, owner: string): { Key: string; Value: string }[] {
  return [
    { Key: OWNER_TAG, Value: tagValue(owner) },
    { Key: KEY_TAG, Value: tagValue(key) },
  ];
}

export function tagOf(item: { Tags: { Key: string; Value: string }[] }, key: string): string | undefined {
  return item.Tags.find((tag) => tag.Key === key)?.Value;
}

/** A readable name: 2 to 128 letters, digits, dots, underscores and hyphens, a letter first. */
export function resourceName(text: string): string {
  const readable = text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '');
  return `${NAME_PREFIX}${readable}`.slice(0, MAX_TAG_LENGTH);
}

/** The key of a group that is made for a pool. It outlives the distribution that it is named after. */
export function newGroupKey({ key, protocol }: Pick<Pool, 'key' | 'protocol'>): string {
  return tagValue(`pool/${key}${protocol === 'HTTP' ? '' : `/${protocol}`}`);
}

/** The name of a group, from which `keyOfName` finds its key again. */
export function groupName(key: string): string {
  return resourceName(
    key
      .replace(/^pool\//, '')
      .replaceAll('/', '.')
      .replaceAll('~', '_'),
  );
}

/** The key that a name follows from; undefined when it is none that we give to groups. */
export function keyOfName(name: string): string | undefined {
  const key = `pool/${name.slice(NAME_PREFIX.length).replaceAll('.', '/').replaceAll('_', '~')}`;
  return GROUP_KEY.test(key) && groupName(key) === name ? key : undefined;
}

/** The port of the service that the group of this key serves, and how; undefined when the key does not tell. */
export function servesOf(groupKey: string): string | undefined {
  const [, backend, protocol = 'HTTP'] = GROUP_KEY.exec(groupKey) ?? [];
  return backend === undefined ? undefined : `${backend} ${protocol}`;
}

/** The port of its service that a pool serves, and how, in the words of `servesOf`. */
export function servesPool({ service, port, protocol }: Pick<Pool, 'service' | 'port' | 'protocol'>): string {
  return `${service}-${port} ${protocol}`;
}

/**
 * Keys by id. A key that occurs again, or none at all, gets the id behind it, so that the object is seen and deleted: a create whose
 * answer was lost may have happened twice.
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
