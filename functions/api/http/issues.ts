import type * as z from 'zod';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';

type Path = readonly PropertyKey[];

/**
 * Returns every fault that zod found. `root` is `#` for the body, so that pointers are JSON Pointers as URI fragments (RFC 6901,
 * section 6), or the part of the request: `path` or `query`.
 */
export function issuesOf(error: z.ZodError, root: string): Issue[] {
  return error.issues.flatMap((issue) => flatten(issue, root));
}

function flatten(issue: z.core.$ZodIssue, root: string): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => issueAt(pointerTo(root, [...issue.path, key]), issue.code, say('UnknownField')));
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

/** Returns the pointer to a path below the root; the root itself when the path is empty. */
function pointerTo(root: string, path: Path): string {
  return [root, ...path.map(escapeSegment)].join('/');
}

function escapeSegment(segment: PropertyKey): string {
  const text = String(segment).replaceAll('~', '~0').replaceAll('/', '~1');
  return encodeURIComponent(text.toWellFormed());
}
