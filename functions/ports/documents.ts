/** Records beside the state of the traffic, each with a version. */

import type { Grant } from '../../schemas/access.ts';
import type { Approval } from '../../schemas/approval.ts';
import type { AuditEvent } from '../../schemas/audit.ts';
import type { DrillRun } from '../../schemas/drill.ts';
import type { LossOutcome } from '../../schemas/loss-readiness.ts';
import type { Delivery } from '../../schemas/notification.ts';
import type { DistributionRollout } from '../../schemas/rollout.ts';
import type { BreakGlass, Shift } from '../../schemas/shift.ts';
import type { StoredEnrolment } from '../core/access/enrolment.ts';
import type { StoredToken } from '../core/access/token.ts';
import type { DataPlaneRecord } from '../core/gateway/data-plane.ts';
import type { Vouch } from '../core/health/vouch.ts';
import type { VoterTrace } from '../core/incidents/incident.ts';
import type { NotifiedIncidents } from '../core/incidents/notified.ts';
import type { Selection } from './lists.ts';
import type { Page, PageRequest, Readable } from './pages.ts';

/** The place of a batch of an agent among all that were signed by one key. */
export interface AgentTurn {
  sentAtMs: number;
  sequence: number;
  publicKey: string;
}

/**
 * The bodies of documents by kind, and the ids of documents. shift, break-glass: the id is the name. drill-run, delivery: the
 * id is a ULID. voter: the id is the name of the voter, and the body has the time at which it was last heard, what it vouches
 * for, the certificates that it saw expire, and the turn of the last batch of an agent. told: the id is the name of the
 * fleet, and the body has the incidents that people were told of. readiness: the id is the name of the fleet, and the body
 * has the losses that it could survive. data-plane: the id is the name of the gateway, and the body has the result of the
 * last request through it. rollout: the id is a ULID, and the body is the rollout of a distribution. enrolment: the id is
 * the name of the voter, and the body has the key and the digests of the credentials of its agent. token: the id is the name
 * of the token. grants: there is one document, which holds all grants, so that no two writes can take away the last
 * administrator together. approval: the id is made from the plan and the requester. Tokens and grants, and the approvals of
 * grants, belong to the installation, and not to a fleet.
 */
export interface DocumentBodies {
  shift: Shift;
  'break-glass': BreakGlass;
  'drill-run': DrillRun;
  delivery: Delivery;
  voter: VoterTrace & { turn?: AgentTurn | undefined; vouch?: Vouch | undefined };
  told: NotifiedIncidents;
  readiness: Assessment;
  'data-plane': DataPlaneRecord;
  rollout: DistributionRollout;
  enrolment: StoredEnrolment;
  token: StoredToken;
  grants: { grants: Grant[] };
  approval: Approval;
}

/** The predicted outcomes of losses, and the times of the prediction. */
export interface Assessment {
  /** A digest of the inputs of the assessment. */
  basis: string;
  /** The version of the newest decision that the assessment takes into account. */
  trafficVersion: number;
  /** The time at which it was last checked whether the assessment still holds. */
  checkedAtMs: number;
  /** The time at which the assessment was worked out. */
  atMs: number;
  losses: LossOutcome[];
  /** The number of losses that were not worked out, since they would have taken too long. */
  skipped: number;
}

export type DocumentKind = keyof DocumentBodies;

/** A record that is kept beside the traffic state, such as a shift. */
export interface StoredDocument<K extends DocumentKind = DocumentKind> {
  fleet: string;
  kind: K;
  id: string;
  /** The version, which is 1 when the document is first written. */
  version: number;
  body: DocumentBodies[K];
  /** True while there is work left to do on the document. */
  isPending: boolean;
  /** The time after which the document is forgotten, in epoch seconds. */
  ttl?: number | undefined;
}

export interface DocumentStore {
  document<K extends DocumentKind>(fleet: string, kind: K, id: string): Promise<StoredDocument<K> | undefined>;
  /** Returns the documents of a kind: newest first when their ids are ULIDs, else sorted by name. */
  documents<K extends DocumentKind>(
    fleet: string,
    kind: K,
    page: PageRequest,
    selection?: Selection<StoredDocument<K>>,
  ): Promise<Page<StoredDocument<K>>>;
  /** Writes a document and, if given, an audit event in one transaction. Returns false when it is not at `version - 1`. */
  putDocument(document: StoredDocument, audit?: AuditEvent): Promise<boolean>;
  /**
   * Writes at most 49 documents and, if given, an audit event of the fleet of the first one in one transaction. Returns false
   * when one of the documents is not at `version - 1`.
   */
  putDocuments(documents: readonly StoredDocument[], audit?: AuditEvent): Promise<boolean>;
  /** Returns the first `limit` pending documents of all fleets, oldest first. */
  pendingDocuments<K extends DocumentKind>(kind: K, limit: number): Promise<Readable<StoredDocument<K>>>;
}
