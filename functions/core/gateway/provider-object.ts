import type { Share } from '../model/ir.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };

/**
 * One object at a gateway, desired or current, in the provider's own canonical form: the same configuration has the
 * same `spec`, so that a comparison is a comparison of values.
 */
export interface ProviderObject<Spec = { [key: string]: Json | undefined }> {
  /** The provider's kind, such as `ServerGroup` or `Rule`. */
  kind: string;
  /** Our stable name of the object; the gateway carries it as a tag or a name. */
  key: string;
  /** Creates and updates go by rank upward, deletes by rank downward. */
  rank: number;
  spec: Spec;
  /** The gateway's name of the object; present on current objects. */
  remoteId?: string | undefined;
  /** On desired objects that serve a pool: its key. */
  pool?: string | undefined;
  /** And what each cluster really gets of it from this configuration. Total 100, or none serves. */
  shares?: Share[] | undefined;
  /** On desired objects that carry rules: the keys of these rules. */
  rules?: string[] | undefined;
}

/** What keeps an object from being as desired: the cloud has refused the change, or it would break a limit. */
export interface Refusal {
  kind: string;
  key: string;
  /** Of the cloud, or of the limit. */
  code: string;
  detail: string;
}

export type Verb = 'create' | 'update' | 'delete';

/** One difference between desired and current. `before` is absent on create, `after` on delete. */
export interface Change {
  verb: Verb;
  kind: string;
  key: string;
  rank: number;
  reason: string;
  before?: ProviderObject | undefined;
  after?: ProviderObject | undefined;
  /** On deletions: keys of the objects that take its place. It must not go while one of them is refused. */
  unless?: readonly string[] | undefined;
}

/** Ordered changes. A plan is data: it can be stored, shown and compared by digest. */
export interface Plan {
  digest: string;
  changes: Change[];
}
