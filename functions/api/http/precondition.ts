import type { HonoRequest } from 'hono';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { Precondition } from '../../commands/precondition.ts';
import { digest } from '../../core/model/digest.ts';

export type PreconditionHeader = 'If-Match' | 'If-None-Match';

const ENTITY_TAG = /(W\/)?"([^"]*)"/g;

/** Returns the preconditions of a request (RFC 9110, section 13.1), and their faults. */
export function readPrecondition(
  request: HonoRequest,
  headers: readonly PreconditionHeader[],
): { precondition: Precondition; issues: Issue[] } {
  const issues: Issue[] = [];
  const read = (header: PreconditionHeader) => {
    const value = headers.includes(header) ? request.header(header) : undefined;
    if (value === undefined) return undefined;
    const tags = parseTags(value, header === 'If-Match');
    if (tags === undefined) issues.push(invalidTags(header));
    return tags;
  };
  return { precondition: { ifMatch: read('If-Match'), ifNoneMatch: read('If-None-Match') }, issues };
}

/** Returns the entity tags of a header; undefined when it is malformed. In strong comparison, a weak tag equals none and is left out. */
function parseTags(value: string, strong: boolean): '*' | string[] | undefined {
  if (value.trim() === '*') return '*';
  const tags = [...value.matchAll(ENTITY_TAG)];
  const rest = value.replaceAll(ENTITY_TAG, '');
  if (tags.length === 0 || !/^[\s,]*$/.test(rest)) return undefined;
  return tags.filter(([, weak]) => !(strong && weak)).map(([, , tag]) => tag ?? '');
}

function invalidTags(header: PreconditionHeader): Issue {
  return issueAt(`header/${header}`, 'invalid_format', say('NotEntityTags'));
}

/** Returns the strong entity tag of the view of a resource. It differs when anything in the view differs, declared or observed. */
export function etagOf(view: { revision: number }): string {
  return `"${view.revision}-${digest(view).slice(0, DIGEST_LENGTH)}"`;
}

const DIGEST_LENGTH = 8;

/** Tells whether the client already has the representation with the entity tag (RFC 9110, section 13.1.2). */
export function isKnown({ ifNoneMatch }: Precondition, etag: string): boolean {
  return ifNoneMatch === '*' || (ifNoneMatch?.some((tag) => `"${tag}"` === etag) ?? false);
}
