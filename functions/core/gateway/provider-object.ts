import type { Share } from '../model/ir.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };

/**
 * One object at a gateway, desired or current, in the provider's own canonical form: equal configurations have equal
 * `spec`s, so that objects are compared by value.
 */
export interface ProviderObject<Spec = { [key: string]: Json | undefined }> {
  /** The provider's kind of object, such as `ServerGroup` or `Rule`. */
  kind: string;
  /** Our stable name of the object; the gateway stores it as a tag or a name. */
  key: string;
  /** The order of changes: creates and updates go by ascending rank, deletes by descending rank. */
  rank: number;
  spec: Spec;
  /** The gateway's id of the object; present on current objects. */
  remoteId?: string | undefined;
  /** Key of the pool that the object serves; present on desired objects that serve one. */
  pool?: string | undefined;
  /**
   * The share of the pool that each cluster effectively gets by this object. Shares total 100, or all are 0 when no
   * cluster serves.
   */
  shares?: Share[] | undefined;
  /** Keys of the rules that the object carries; present on desired objects that carry any. */
  rules?: string[] | undefined;
}

/**
 * The reason why an object is not changed as desired: the cloud has refused the change, or the change would break a
 * limit.
 */
export interface Refusal {
  kind: string;
  key: string;
  /** The error code of the cloud, or the code of the limit. */
  code: string;
  detail: string;
}

export type Verb = 'create' | 'update' | 'delete';

/** One difference between desired and current objects. `before` is absent on create, `after` on delete. */
export interface Change {
  verb: Verb;
  kind: string;
  key: string;
  rank: number;
  reason: string;
  before?: ProviderObject | undefined;
  after?: ProviderObject | undefined;
  /** Keys of the objects that replace a deleted one. The deletion must not be made while one of them is refused. */
  unless?: readonly string[] | undefined;
}

/**
 * Changes in the order in which they are made. A plan is plain data: it can be stored, shown and compared by digest.
 */
export interface Plan {
  digest: string;
  changes: Change[];
}
