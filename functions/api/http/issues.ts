import * as z from 'zod';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { nearest } from './nearest.ts';

type Path = readonly PropertyKey[];

/**
 * Returns every fault that zod found. `root` is `#` for the body, so that pointers are JSON Pointers as URI fragments (RFC 6901,
 * section 6), or the part of the request: `path` or `query`.
 */
export function issuesOf(error: z.ZodError, root: string): Issue[] {
  return error.issues.flatMap((issue) => flatten(issue, root));
}

/** The most unknown fields of an object for which it is found out what was meant. */
const MAX_MEANT = 100;

function flatten(issue: z.core.$ZodIssue, root: string): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ');
    return issue.keys.map((key, index) => {
      const meant = index < MAX_MEANT ? nearest(key, known) : undefined;
      return issueAt(pointerTo(root, [...issue.path, key]), issue.code, say('UnknownField', { meant }));
    });
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ code, message }) => ({
      pointer: pointerTo(root, issue.path),
      code: code ?? issue.code,
      detail: message,
    }));
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const said = isMissing ? say('MissingField', issue) : { reason: undefined, text: issue.message };
  return [issueAt(pointerTo(root, issue.path), issue.code, said)];
}

/**
 * The error map of zod for requests. The message of an issue about unknown fields has the names of the known ones, so that
 * `issuesOf` can tell which one was meant.
 */
export const TELL_KNOWN_FIELDS: { error: z.core.$ZodErrorMap } = {
  error: ({ code, inst }) => {
    const isObject = code === 'unrecognized_keys' && inst instanceof z.ZodObject;
    return isObject ? Object.keys(inst.shape).join(' ') : undefined;
  },
};

/** Returns the pointer to a path below the root; the root itself when the path is empty. */
export function pointerTo(root: string, path: Path): string {
  return [root, ...path.map(escapeSegment)].join('/');
}

function escapeSegment(segment: PropertyKey): string {
  const text = String(segment).replaceAll('~', '~0').replaceAll('/', '~1');
  return encodeURIComponent(text.toWellFormed());
}
