/** The seals on audit logs, and the events of audit logs that count requests. */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { AuditMark, AuditSeal } from '../../schemas/audit-seal.ts';
import type { SealHead } from '../core/audit/seal.ts';
import type { Page, PageRequest, Readable } from './pages.ts';

/** The logs are those of fleets, which are named as their fleets are, and that of the installation. */
export interface SealStore {
  /** Returns the logs that have a chain, with the heads of the chains. A chain begins with its fleet, and stays when that is deleted. */
  sealHeads(): Promise<Readable<{ log: string; head: SealHead }>>;
  sealHead(log: string): Promise<SealHead | undefined>;
  /** Closes the time up to the id `through`. A time that is closed stays closed. */
  closeAudit(log: string, through: string): Promise<void>;
  /** Returns the events whose ids lie behind `after` and up to `through`, oldest first. The digest of an unreadable one is empty. */
  auditMarks(log: string, after: string, through: string): Promise<AuditMark[]>;
  /** Adds a seal to the chain. Returns false when it is not the next one. */
  putSeal(log: string, seal: AuditSeal): Promise<boolean>;
  /** Returns the seals of a log, newest first. */
  seals(log: string, page: PageRequest): Promise<Page<AuditSeal>>;
  /** Returns the seals behind the one with that number, oldest first. */
  sealsAfter(log: string, version: number, limit: number): Promise<AuditSeal[]>;
  /**
   * Writes an event that counts refused requests or, when there is one with its id, adds its count to that one. Returns false
   * when the time of the event is closed.
   */
  countRefusal(log: string, event: AuditEvent): Promise<boolean>;
}
