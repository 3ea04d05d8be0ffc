/** Leases, heartbeats of jobs, budgets of calls and idempotency keys, which processes share. */

import type { GatewayTarget } from '../../schemas/gateway.ts';
import type { Bucket } from '../core/gateway/budget.ts';
import type { Readable } from './pages.ts';

export interface Lease {
  name: string;
  epoch: number;
  holder: string;
  expiresAtMs: number;
}

/** The scheduled jobs: probe rounds, sweeps of gateways, writes of manifests and rollouts of distributions, and deliveries of notifications. */
export const JOBS = ['probe', 'sweep', 'rollouts', 'deliveries'] as const;
export type Job = (typeof JOBS)[number];

/** The time at which a scheduled job last ended. */
export interface Heartbeat {
  job: Job;
  atMs: number;
}

/** The scope of a budget: calls with the same scope are counted together. */
export interface BudgetScope {
  /** The name of the credential set, which stands for an account. */
  credentials: string;
  product: GatewayTarget['provider'];
  regionId: string;
  /** The action, or `*` when all actions are counted together. */
  action: string;
}

export interface StoredBudget {
  /** The version, which is 1 when the budget is first written. */
  version: number;
  bucket: Bucket;
}

/** A request that was sent with an idempotency key. */
export interface KeyedRequest {
  /** A digest of the sender, the operation and the key. */
  id: string;
  /** A digest of everything else that the request says. */
  fingerprint: string;
}

/** The claim of a process to carry out a keyed request. */
export interface RequestClaim extends KeyedRequest {
  holder: string;
  /** The time until which nobody else carries the request out. */
  leasedUntilMs: number;
  /** The time until which the key stands for this request. */
  keptUntilMs: number;
}

/** The first answer to a keyed request. */
export interface KeptAnswer {
  status: number;
  headers?: Record<string, string> | undefined;
  /** The body: text, or an object that was sent as JSON. */
  body?: unknown;
  /** True when the answer had a body that was not kept. */
  isCut?: boolean | undefined;
}

/** The request that has a key. It has no answer while it is being carried out. */
export interface EarlierRequest {
  fingerprint: string;
  answer?: KeptAnswer | undefined;
}

export interface CoordinationStore {
  /** Takes the lease when it is free or has expired. Returns undefined when another holder has it. */
  acquire(name: string, holder: string, ttlMs: number, nowMs: number): Promise<Lease | undefined>;
  /** Extends a lease that its holder still has. Returns undefined when it is lost. */
  renew(lease: Lease, ttlMs: number, nowMs: number): Promise<Lease | undefined>;
  release(lease: Lease): Promise<void>;

  /** Records that a scheduled job ended at that time. A time before the recorded one changes nothing. */
  beat(job: Job, atMs: number): Promise<void>;
  /** Returns when each scheduled job last ended. A job that never has is missing. */
  heartbeats(): Promise<Readable<Heartbeat>>;

  /**
   * Returns the stored budget; undefined before the first call. This method and `putBudget` throw when there is no answer in
   * half a second, so that no call to a cloud waits longer.
   */
  budget(scope: BudgetScope): Promise<StoredBudget | undefined>;
  /** Replaces the budget. Returns false when it is not at `version - 1`. */
  putBudget(scope: BudgetScope, budget: StoredBudget): Promise<boolean>;

  /**
   * Claims a keyed request, and returns undefined. Returns the earlier request that has the key when there is one that is kept,
   * unless it is the same request and the lease of its holder is over.
   */
  claimRequest(claim: RequestClaim, nowMs: number): Promise<EarlierRequest | undefined>;
  /** Keeps the answer to a claimed request. It changes nothing when another process has claimed the request since. */
  keepAnswer(claim: RequestClaim, answer: KeptAnswer): Promise<void>;
  /** Gives the key of a claimed request free. It changes nothing when another process has claimed the request since. */
  freeRequest(claim: RequestClaim): Promise<void>;
}
