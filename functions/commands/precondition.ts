import { say } from '../../schemas/messages/index.ts';
import { AppError } from './app-error.ts';

/**
 * The conditions that a client sets on the current state (RFC 9110, section 13). A tag is a revision, optionally
 * followed by a hyphen and a digest of the representation. Only the revision is compared, because the digest does not
 * tell whether the declaration has changed.
 */
export interface Precondition {
  ifMatch?: '*' | readonly string[] | undefined;
  ifNoneMatch?: '*' | readonly string[] | undefined;
}

/** Tells whether one of the tags has the revision, with or without a digest. */
function isOfRevision(tags: '*' | readonly string[] | undefined, revision: number): boolean {
  if (tags === undefined || tags === '*') return tags === '*';
  return tags.some((tag) => /^(\d+)(-[0-9a-f]{8})?$/.exec(tag)?.[1] === String(revision));
}

/**
 * Throws unless the write may proceed. An existing resource is replaced or deleted only when the client names the
 * revision that it has seen. `revision` is undefined when the resource does not exist.
 */
export function checkPrecondition({ ifMatch, ifNoneMatch }: Precondition, revision: number | undefined): void {
  if (revision === undefined) {
    if (ifMatch !== undefined) throw new AppError('precondition-failed', say('ExistsNot'));
    return;
  }
  if (isOfRevision(ifNoneMatch, revision)) {
    throw new AppError('precondition-failed', say('Exists', { revision }));
  }
  if (ifMatch === undefined) {
    throw new AppError('precondition-required', say('NeedsIfMatch'));
  }
  if (!isOfRevision(ifMatch, revision)) {
    throw new AppError('precondition-failed', say('OtherRevision', { revision }));
  }
}
