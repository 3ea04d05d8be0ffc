import type { OutboxRow } from '../../deps.ts';
import type { Scope } from '../../providers/provider.ts';
import type { HeldLease } from '../lease.ts';
import type { ReconcilePlan } from './reconcile-plan.ts';

/** The options of a run. */
export interface RunOptions {
  /**
   * The scope of the run. With `pools`, only the pools that the gateway already serves are written, which is fast
   * enough for a failover. Default: `full`.
   */
  scope?: Scope;
  /** The time after which no batch is begun; the next run continues. Default: never. */
  untilMs?: number;
  /**
   * Called before anything is written, with a plan that also undoes drift. Undefined refuses the plan; otherwise the
   * returned rows are acknowledged together with the waiting ones.
   */
  approve?: ((planned: ReconcilePlan) => Promise<OutboxRow[] | undefined>) | undefined;
}

/** A run under the lease of its gateway. */
export interface Run extends Pick<RunOptions, 'approve'> {
  fleet: string;
  gateway: string;
  scope: Scope;
  untilMs: number;
  lease: HeldLease;
  /** The number of changes made by the earlier runs that this one continues. */
  doneBefore: number;
}
