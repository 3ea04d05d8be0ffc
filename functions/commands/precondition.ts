import { AppError } from './app-error.ts';

/** What a client says about the state it knows; tags are revisions as text (RFC 9110, section 13). */
export interface Precondition {
  ifMatch?: '*' | readonly string[] | undefined;
  ifNoneMatch?: '*' | readonly string[] | undefined;
}

export function isMatch(tags: '*' | readonly string[] | undefined, revision: number): boolean {
  return tags === '*' || (tags?.includes(String(revision)) ?? false);
}

/**
 * Throws unless the write may go ahead. What exists is replaced or deleted only by those who say which revision they have seen.
 * `revision` is undefined when the resource does not exist.
 */
export function checkPrecondition({ ifMatch, ifNoneMatch }: Precondition, revision: number | undefined): void {
  if (revision === undefined) {
    if (ifMatch !== undefined) throw new AppError('precondition-failed', 'The resource does not exist.');
    return;
  }
  if (isMatch(ifNoneMatch, revision)) {
    throw new AppError('precondition-failed', `The resource exists, at revision ${revision}.`);
  }
  if (ifMatch === undefined) {
    throw new AppError('precondition-required', `The resource exists: send its ETag in If-Match.`);
  }
  if (!isMatch(ifMatch, revision)) {
    throw new AppError('precondition-failed', `The resource is at revision ${revision}.`);
  }
}
