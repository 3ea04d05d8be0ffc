/** Declared resources: what the store keeps of them, and the transaction that writes one. */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Kind, Ref, Resource } from '../core/model/resource.ts';
import type { Term } from '../core/routing/terms.ts';
import type { StoredDocument } from './documents.ts';
import type { Selection } from './lists.ts';
import type { OperationRecord, OutboxRequest } from './outbox.ts';
import type { Page, PageRequest, Readable } from './pages.ts';

/** A state of a resource as it was written at `updatedAt`. A deletion adds a revision with the last declaration. */
export type Revision<K extends Kind = Kind> = Resource<K> & { deleted: boolean };

/** A revision of a resource and everything that goes with it, which is written together or not at all. */
export interface Commit {
  /** The new state of the resource or, on delete, its last state. */
  resource: Resource;
  verb: 'create' | 'update' | 'delete';
  /** The state that an update replaces. */
  before?: Resource | undefined;
  /** The resources that must exist, and that nobody may delete meanwhile. */
  references: Ref[];
  /**
   * The reference count that was read before the referrers were looked up. It is given on delete, and on an update that may
   * take something from its referrers.
   */
  referenceCount?: number | undefined;
  audit: AuditEvent;
  outbox: OutboxRequest[];
  /** The push of the change to gateways; absent when no gateway has to follow. */
  operation?: OperationRecord | undefined;
  /** The versions that the safety rules were checked against. When one of them has moved, the commit is a conflict. */
  checkedAgainst?: { trafficVersion: number; fleetRevision: number } | undefined;
  /** Documents to write, each conditional on its `version - 1`. The commit of a distribution has room for one. */
  documents?: StoredDocument[] | undefined;
}

export interface ResourceStore {
  get<K extends Kind>(kind: K, fleet: string, name: string): Promise<Resource<K> | undefined>;
  list<K extends Kind>(
    kind: K,
    fleet: string,
    page: PageRequest,
    selection?: Selection<Resource<K>>,
  ): Promise<Page<Resource<K>>>;
  /** Returns every resource of the kind in the fleet, sorted by name. */
  all<K extends Kind>(kind: K, fleet: string): Promise<Resource<K>[]>;
  /** Returns every fleet, sorted by name. Unreadable records are listed apart, so that work on the other fleets goes on. */
  fleets(): Promise<Readable<Resource<'fleet'>>>;
  /** Returns the named resources that exist, sorted by name. */
  find<K extends Kind>(kind: K, fleet: string, names: Iterable<string>): Promise<Resource<K>[]>;
  /** Returns the routes of the fleet that are indexed under the term, sorted by name: the first `limit`, or all. */
  routesUnder(fleet: string, term: Term, limit?: number): Promise<Resource<'route'>[]>;
  /** Returns the gateways of all fleets whose declared target is the same instance, sorted by fleet and name. */
  gatewaysAt(target: GatewayTarget): Promise<Resource<'gateway'>[]>;
  /**
   * Returns how often the resource has been taken as a reference. A commit that looked for referrers carries this count, so
   * that it fails when a referrer was written in between.
   */
  referenceCount(ref: Ref): Promise<number>;
  /** Returns the reference counts of all resources of the kind in the fleet, by name. */
  referenceCounts(kind: Kind, fleet: string): Promise<Map<string, number>>;
  /**
   * Writes the commit in one transaction. Returns `conflict` when the resource is not at the expected revision or the
   * reference count has moved, and `missing-reference` with the references that do not exist.
   */
  commit(
    commit: Commit,
  ): Promise<{ result: 'ok' } | { result: 'conflict' } | { result: 'missing-reference'; missing: Ref[] }>;
}
