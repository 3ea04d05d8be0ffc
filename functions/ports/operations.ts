/** Operations, and the manifests that are written step by step. */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { OperationProblem } from '../../schemas/operation.ts';
import type { Ref } from '../core/model/resource.ts';
import type { Lease } from './coordination.ts';
import type { StoredDocument } from './documents.ts';
import type { Selection } from './lists.ts';
import type { OperationRecord, OutboxRequest, OutcomeRecord, WaitingOperation } from './outbox.ts';
import type { Page, PageRequest, Readable } from './pages.ts';
import type { Commit } from './resources.ts';

/** A change of a resource that has been decided on, and is written later together with others. */
export interface ManifestStep extends Pick<Commit, 'resource' | 'verb' | 'references' | 'referenceCount'> {
  /** The names of the gateways that have to follow. */
  gateways: string[];
  /** The number of index terms of the resource that are added or removed. */
  movedTerms: number;
}

/** The progress of writing the steps of an operation, in batches that are one transaction each. */
export interface ManifestWrite {
  fleet: string;
  operation: string;
  batches: number;
  steps: number;
  writtenBatches: number;
  writtenSteps: number;
  /** The time at which the write ended; present once it has. `problem` is the problem that stopped it, if one did. */
  endedAt?: string | undefined;
  problem?: OperationProblem | undefined;
}

export interface OperationStore {
  /** Writes an operation that changes no resource, with its audit event and the rows that it waits for: all or nothing. */
  begin(operation: OperationRecord, audit: AuditEvent, outbox: OutboxRequest[]): Promise<void>;
  operation(fleet: string, id: string): Promise<OperationRecord | undefined>;
  /** Returns the operations of a fleet, newest first. */
  operations(fleet: string, page: PageRequest, selection?: Selection<OperationRecord>): Promise<Page<OperationRecord>>;
  /** Returns the outcomes of the operations whose ids lie in [from, to]. */
  outcomes(fleet: string, from: string, to: string): Promise<OutcomeRecord[]>;
  /** Writes outcomes. The first outcome of an operation at a gateway counts, and ends its wait there. Throws `LeaseLost`. */
  conclude(outcomes: readonly OutcomeRecord[], waiting: readonly WaitingOperation[], lease: Lease): Promise<void>;

  /**
   * Begins an operation that changes many resources: stores its steps, in order, and holds the fleet until they have been
   * written or something stops them. Documents are written in the same transaction, each conditional on its `version - 1`.
   * Returns false when the fleet is held already, or when `checkedAgainst` or a document is not the present state any more.
   */
  beginManifestWrite(
    operation: OperationRecord,
    audit: AuditEvent,
    steps: ManifestStep[],
    checkedAgainst?: Commit['checkedAgainst'],
    documents?: StoredDocument[],
  ): Promise<boolean>;
  /** Returns the id of the operation that holds the fleet. Until it ends, the declaration is between its old and its new state. */
  hold(fleet: string): Promise<string | undefined>;
  /** Returns every fleet that is held, with the operation that holds it. */
  holds(): Promise<Readable<{ fleet: string; operation: string }>>;
  manifestWrite(fleet: string, operation: string): Promise<ManifestWrite | undefined>;
  /** Returns the writes of manifests that belong to the operations whose ids lie in [from, to]. */
  manifestWrites(fleet: string, from: string, to: string): Promise<ManifestWrite[]>;
  /** Returns the batch of steps that is to be written next. */
  nextSteps(manifestWrite: ManifestWrite): Promise<ManifestStep[]>;
  /**
   * Writes the commits of the next steps and the progress of the write in one transaction, so that each step is written
   * once, however often it is tried. Returns `moved` when the write is not at the expected batch or there was too much
   * contention. The other results are those of `commit`, with the resources that are not as expected.
   */
  advance(
    manifestWrite: ManifestWrite,
    commits: Commit[],
  ): Promise<
    | { result: 'ok'; manifestWrite: ManifestWrite }
    | { result: 'moved' }
    | { result: 'conflict'; resources: Ref[] }
    | { result: 'missing-reference'; missing: Ref[] }
  >;
  /** Ends the write and releases the fleet. Returns false when the write is not at the expected batch. */
  endManifestWrite(manifestWrite: ManifestWrite, endedAt: string, problem?: OperationProblem): Promise<boolean>;
}
