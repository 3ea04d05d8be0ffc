import { issueAt, type Message, say } from '../../schemas/messages/index.ts';
import type { Issue } from '../../schemas/problem.ts';
import type { Kind } from '../core/model/resource.ts';

/** The most places that are named, since thousands of resources may depend on one. */
export const SHOWN_PLACES = 100;

export function unknownReference(pointer: string, message: Message): Issue {
  return issueAt(pointer, 'unknown-reference', message);
}

/** Returns the issue that a place names a resource that does not exist. */
export function noSuch(pointer: string, kind: string, name: string): Issue {
  return unknownReference(pointer, say('NoSuch', { kind, name }));
}

export function conflict(pointer: string, message: Message): Issue {
  return issueAt(pointer, 'conflicting-declaration', message);
}

export function forbidden(pointer: string, message: Message): Issue {
  return issueAt(pointer, 'forbidden-address', message);
}

/**
 * Returns the issue that a resource depends on another. `pointer` is the place within the resource, or empty for the
 * resource as a whole.
 */
export function referrer(resource: { kind: Kind; name: string }, pointer = '', on = 'it'): Issue {
  const { kind, name } = resource;
  return issueAt(`${kind}s/${name}${pointer}`, 'still-referenced', say('StillReferenced', { kind, name, on }));
}
