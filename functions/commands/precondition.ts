import { AppError } from './app-error.ts';

/**
 * What a client says about the state it knows (RFC 9110, section 13). A tag is a revision, and behind a hyphen a digest of the whole
 * representation, which says nothing about whether somebody has declared something else meanwhile.
 */
export interface Precondition {
  ifMatch?: '*' | readonly string[] | undefined;
  ifNoneMatch?: '*' | readonly string[] | undefined;
}

/** Whether one of the tags is of the revision, with or without a digest. */
function isOfRevision(tags: '*' | readonly string[] | undefined, revision: number): boolean {
  if (tags === undefined || tags === '*') return tags === '*';
  return tags.some((tag) => /^(\d+)(-[0-9a-f]{8})?$/.exec(tag)?.[1] === String(revision));
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
  if (isOfRevision(ifNoneMatch, revision)) {
    throw new AppError('precondition-failed', `The resource exists, at revision ${revision}.`);
  }
  if (ifMatch === undefined) {
    throw new AppError('precondition-required', `The resource exists: send its ETag in If-Match.`);
  }
  if (!isOfRevision(ifMatch, revision)) {
    throw new AppError('precondition-failed', `The resource is at revision ${revision}.`);
  }
}
