import type { Issue } from '../../schemas/problem.ts';
import type { Kind, Resource, Specs } from '../core/model.ts';

/** A declaration that is about to be written. */
export interface Proposal<K extends Kind> {
  kind: K;
  name: string;
  spec: Specs[K];
  /** What it replaces. */
  before: Resource<K> | undefined;
}

export function unknownReference(pointer: string, detail: string): Issue {
  return { pointer, code: 'unknown-reference', detail };
}

export function conflict(pointer: string, detail: string): Issue {
  return { pointer, code: 'conflicting-declaration', detail };
}

export function forbidden(pointer: string, detail: string): Issue {
  return { pointer, code: 'forbidden-address', detail };
}
