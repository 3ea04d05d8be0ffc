/** The state of the traffic of a fleet, and its decisions. */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { Decision } from '../../schemas/decision.ts';
import type { Traffic } from '../core/failover/traffic.ts';
import type { Lease } from './coordination.ts';
import type { StoredDocument } from './documents.ts';
import type { Selection } from './lists.ts';
import type { OperationRecord, OutboxRequest } from './outbox.ts';
import type { Page, PageRequest } from './pages.ts';

/** A decision and everything that goes with it, which is written together or not at all. */
export interface Recording {
  fleet: string;
  /** The traffic state that the decision leads to, with its new version. */
  traffic: Traffic;
  decision: Decision;
  /** The canonical JSON of the inputs of the decision. */
  inputs: string;
  audit: AuditEvent;
  outbox: OutboxRequest[];
  operation?: OperationRecord | undefined;
  /** Documents to write, each conditional on its `version - 1`. */
  documents: StoredDocument[];
  /** The lease of the prober that decides. */
  lease?: Lease | undefined;
}

export interface DecisionStore {
  traffic(fleet: string): Promise<Traffic>;
  /**
   * Writes a decision in one transaction: the traffic state (conditional on `traffic.version - 1`) and everything that goes
   * with it. Returns false when another decision came first, or when a lease is given and it is lost.
   */
  decide(recording: Recording): Promise<boolean>;
  /**
   * Writes the parts of a decision that its transaction has no room for: rows of gateways and records beyond the first tens,
   * and long inputs. Most decisions leave nothing to write here.
   */
  complete(recording: Recording): Promise<void>;
  /** Returns the canonical JSON of the inputs of a decision. */
  inputs(fleet: string, decision: string): Promise<string | undefined>;
  decision(fleet: string, id: string): Promise<Decision | undefined>;
  /** Returns the decisions of a fleet, newest first. */
  decisions(fleet: string, page: PageRequest, selection?: Selection<Decision>): Promise<Page<Decision>>;
}
