/** Gateways: what was last read of them, and what their providers remember. */

import type { GatewayTarget, Progress, SyncState } from '../../schemas/gateway.ts';
import type { Baseline } from '../core/gateway/drift.ts';
import type { Json } from '../core/gateway/provider-object.ts';
import type { Points, Reading } from '../core/gateway/reading.ts';
import type { Pool } from '../core/model/ir.ts';
import type { Lease } from './coordination.ts';

/** The state of bringing a gateway to what is declared. The API shows it as GatewaySync. */
export interface SyncRecord {
  fleet: string;
  gateway: string;
  /** An id that full runs share until one of them succeeds. Creates at the cloud are idempotent within one intent. */
  intent?: string | undefined;
  state: SyncState;
  reason: string;
  message: string;
  attempts: number;
  lastAttemptAt?: string | undefined;
  nextAttemptAt?: string | undefined;
  verifiedAt?: string | undefined;
  /** The instance that was created for the gateway, once it serves. */
  provisioned?: GatewayTarget | undefined;
  progress?: Progress | undefined;
  /** The time at which the cloud had accepted all of the last push. */
  pushedAt?: string | undefined;
  /** The time at which a run last read the gateway as a whole. */
  checkedAt?: string | undefined;
}

export interface GatewayStore {
  sync(fleet: string, gateway: string): Promise<SyncRecord | undefined>;
  /** Replaces the sync record. Throws `LeaseLost`, also when the gateway is gone. */
  putSync(record: SyncRecord, lease: Lease): Promise<void>;
  /** Returns all sync records of a fleet. */
  syncs(fleet: string): Promise<SyncRecord[]>;

  /** Returns the pools that a gateway serves, as last resolved. A change of health reads these, and no routes. */
  pools(fleet: string, gateway: string): Promise<Pool[]>;
  /** Replaces the pools of a gateway. Throws `LeaseLost`, after which nothing more is written. */
  putPools(fleet: string, gateway: string, pools: readonly Pool[], lease: Lease): Promise<void>;

  /** Returns the objects that the gateway was last verified to have. */
  baseline(fleet: string, gateway: string): Promise<Baseline>;
  /** Replaces the baseline of a gateway. Throws `LeaseLost`. */
  putBaseline(fleet: string, gateway: string, baseline: Baseline, lease: Lease): Promise<void>;

  /** Returns the state of the gateway when it was last read; undefined when nobody has tried to read it yet. */
  reading(fleet: string, gateway: string): Promise<Reading | undefined>;
  /** Returns the readings of all gateways of a fleet. */
  readings(fleet: string): Promise<Reading[]>;
  /** Returns the points of traffic that the gateway gave when it was last read. */
  points(fleet: string, gateway: string): Promise<Points>;
  /** Replaces the reading and, when given, the points. Throws `LeaseLost`. */
  putReading(reading: Reading, points: Points | undefined, lease: Lease): Promise<void>;

  /** Returns the entries that were remembered of a gateway within the hour before `nowMs`, by name. */
  recall(fleet: string, gateway: string, nowMs: number): Promise<Map<string, Json>>;
  /**
   * Adds entries, or replaces those of the same name. Each entry is written by itself, under the lease if one is given. Names
   * are printable ASCII and begin with a letter. Throws `LeaseLost`.
   */
  remember(
    fleet: string,
    gateway: string,
    entries: ReadonlyMap<string, Json>,
    nowMs: number,
    lease: Lease | undefined,
  ): Promise<void>;
}
