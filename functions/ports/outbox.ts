/** The outbox: the changes that gateways have yet to follow, and those that they follow. */

import type { Operation } from '../../schemas/operation.ts';
import type { Kind } from '../core/model/resource.ts';
import type { Lease } from './coordination.ts';

/** The kind of an outbox row: the kind of a changed resource, `traffic` when traffic has moved, or `apply` when somebody asked for a push. */
export type RowKind = Kind | 'traffic' | 'apply';

/** A request to a gateway to follow a change of a resource. */
export interface OutboxRequest {
  fleet: string;
  gateway: string;
  kind: RowKind;
  name: string;
  /** The revision of the resource, or the version of the traffic state. */
  revision: number;
  requestedAt: string;
  /** The id of the operation of the change, which waits until the gateway follows. */
  operation?: string | undefined;
}

/** A resource that a gateway has yet to follow, in the state of the last request. There is one row per gateway and resource: edits coalesce. */
export interface OutboxRow extends OutboxRequest {
  /** The time at which the first of the changes that still wait was requested. */
  since: string;
  /** The ids of operations that wait as well. Only rows of earlier releases have any. */
  operations: string[];
}

/** An operation that ends at the gateway when the outbox row of this resource is acknowledged. */
export interface WaitingOperation extends OutboxRequest {
  operation: string;
}

/** A record that the gateway `gateway` is verified to follow the resource at `revision`. */
export interface ProgrammedRow {
  fleet: string;
  gateway: string;
  kind: RowKind;
  name: string;
  revision: number;
  verifiedAt: string;
}

export interface OutboxStore {
  /** Returns the outbox rows of a gateway, of a fleet, or of all fleets: the first `limit`, or all. */
  outbox(
    scope: { fleet?: never; gateway?: never } | { fleet: string; gateway?: string },
    limit?: number,
  ): Promise<OutboxRow[]>;
  /** Returns the outbox rows of a gateway that have the kind and a name in [from, to]. */
  waiting(fleet: string, gateway: string, kind: RowKind, from: string, to: string): Promise<OutboxRow[]>;
  /** Returns the operations that came with these rows of one gateway, in the state in which they were read, or earlier. */
  waitingOperations(rows: readonly OutboxRow[]): Promise<WaitingOperation[]>;
  /** Returns the first gateway that has rows or, given `last`, the first one after it, in the order of fleets and names. */
  nextBehind(last?: { fleet: string; gateway: string }): Promise<{ fleet: string; gateway: string } | undefined>;
  /**
   * Removes rows that are still as they were read, and records them as programmed, or forgets them when the resource or the
   * gateway is gone. Rows that have changed keep waiting, from the first later change on. Throws `LeaseLost`, after which
   * nothing more is written.
   */
  acknowledge(rows: readonly OutboxRow[], verifiedAt: string, lease: Lease): Promise<void>;
  /** Returns the programmed rows of the resources of a kind whose names lie in [from, to]. */
  programmed(fleet: string, kind: Kind, from: string, to: string): Promise<ProgrammedRow[]>;
}

/** A push to gateways. Its result at each gateway is in an outcome and, until there is one, in the sync record of the gateway. */
export type OperationRecord = Pick<
  Operation,
  'id' | 'fleet' | 'action' | 'target' | 'actor' | 'requestId' | 'reason' | 'createdAt'
> & {
  /** The names of the gateways that have to follow. */
  gateways: string[];
};

/** The result of an operation at a gateway. */
export interface OutcomeRecord {
  operation: string;
  fleet: string;
  gateway: string;
  state: 'Verified' | 'Diverged' | 'Failed';
  reason: string;
  message: string;
  /** The number of changes that were made. */
  steps: number;
  attempts: number;
  endedAt: string;
}
