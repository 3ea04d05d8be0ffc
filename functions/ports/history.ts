/** The history of a fleet: revisions and audit events. */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { Kind, Ref, RefTo } from '../core/model/resource.ts';
import type { Selection } from './lists.ts';
import type { Page, PageRequest } from './pages.ts';
import type { Revision } from './resources.ts';

export interface HistoryStore {
  /** Returns the revisions of every resource that has had this name, newest first. They stay when the resource is deleted. */
  revisions(ref: Ref, page: PageRequest): Promise<Page<Revision>>;
  /** Returns a revision of the resource with this uid or, without a uid, of the latest resource of the name. */
  revision<K extends Kind>(ref: RefTo<K>, revision: number, uid?: string): Promise<Revision<K> | undefined>;
  /** Returns the last revision that was written at that time or before; undefined when there was none yet. */
  revisionAt<K extends Kind>(ref: RefTo<K>, at: string): Promise<Revision<K> | undefined>;
  /** Returns audit events, newest first. Events stay when the fleet is deleted. */
  audits(fleet: string, page: PageRequest, selection?: Selection<AuditEvent>): Promise<Page<AuditEvent>>;
  audit(fleet: string, id: string): Promise<AuditEvent | undefined>;

  /** Writes an audit event of something that changed nothing, such as a refusal. */
  appendAudit(fleet: string, audit: AuditEvent): Promise<void>;
}
