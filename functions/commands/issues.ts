import type { Issue } from '../../schemas/problem.ts';
import type { Kind } from '../core/model/resource.ts';

/** The most places that are named, since thousands of resources may depend on one. */
export const SHOWN_PLACES = 100;

export function unknownReference(pointer: string, detail: string): Issue {
  return { pointer, code: 'unknown-reference', detail };
}

export function conflict(pointer: string, detail: string): Issue {
  return { pointer, code: 'conflicting-declaration', detail };
}

export function forbidden(pointer: string, detail: string): Issue {
  return { pointer, code: 'forbidden-address', detail };
}

/**
 * Returns the issue that a resource depends on another. `pointer` is the place within the resource, or empty for the
 * resource as a whole.
 */
export function referrer(resource: { kind: Kind; name: string }, pointer = '', on = 'it'): Issue {
  return {
    pointer: `${resource.kind}s/${resource.name}${pointer}`,
    code: 'still-referenced',
    detail: `${resource.kind} ${resource.name} depends on ${on}`,
  };
}
