/** Reads what declares a resource: all of it (PUT), or a merge patch with what changes (PATCH). */

import * as z from 'zod';
import { isJsonObject, type MergePatch } from '../../../schemas/common.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { AppError, summarize } from '../../commands/app-error.ts';
import { issuesOf, TELL_KNOWN_FIELDS } from './issues.ts';

/** Returns the members that a resource is shown with and that nobody declares, such as `uid` and `conditions`. */
export function readOnlyMembers(input: z.ZodType, output: z.ZodType): string[] {
  const declared = new Set(membersOf(input));
  return membersOf(output).filter((name) => !declared.has(name));
}

/** Returns the members of an object, of the objects of a union, or of what `sentBack` made of one of them. */
function membersOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.flatMap(membersOf);
  if (schema instanceof z.ZodPipe) return membersOf(schema.out);
  throw new TypeError('Only objects have members.');
}

/**
 * Returns the schema of a body that may have read-only members as well, so that clients can send back what they were
 * shown. They are ignored. Members that are neither declared nor shown are faults.
 */
export function sentBack<S>(schema: z.ZodType<S>, readOnly: readonly string[]): z.ZodType<S> {
  const declaredOf = (value: unknown) =>
    isJsonObject(value)
      ? Object.fromEntries(Object.entries(value).filter(([name]) => !readOnly.includes(name)))
      : value;
  return z.preprocess(declaredOf, schema);
}

/**
 * Returns the faults of a body that names another resource than the path does: a write neither renames a resource nor moves it to
 * another fleet. `names` are the members that say which resource it is, as the path has them.
 */
export function otherNames(body: unknown, names: Readonly<Record<string, string>>): Issue[] {
  if (!isJsonObject(body)) return [];
  return Object.entries(names)
    .filter(([member, name]) => body[member] !== undefined && body[member] !== name)
    .map(([member, name]) => issueAt(`#/${member}`, 'invalid_value', say('OtherName', { name })));
}

/**
 * Applies a merge patch to a JSON value (RFC 7396). Members keep their order and new ones follow; neither argument is
 * changed. Only own members count, and `__proto__` is one like any other. The recursion is as deep as the patch, which
 * the reader of bodies limits.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const members = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), value));
  }
  return Object.fromEntries(members);
}

/** Returns the patched declaration. Throws `invalid-request` with every fault of it, which point into the result. */
export function patchedSpec<S>(schema: z.ZodType<S>, spec: S, patch: MergePatch): S {
  const result = schema.safeParse(mergePatch(spec, patch), TELL_KNOWN_FIELDS);
  if (result.success) return result.data;
  const faults = issuesOf(result.error, '#');
  throw new AppError('invalid-request', summarize(faults), faults);
}
