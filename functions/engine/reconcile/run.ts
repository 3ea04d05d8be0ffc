import type { OutboxRow } from '../../deps.ts';
import type { Scope } from '../../providers/provider.ts';
import type { HeldLease } from '../lease.ts';
import type { Proposal } from './proposal.ts';

/** What a run is asked to do besides following. */
export interface RunOptions {
  /** `pools`: only the pools that the gateway already serves are written, the short way of a failover. Default: `full`. */
  scope?: Scope;
  /** No batch is begun after this time; the next run goes on. Default: never. */
  untilMs?: number;
  /**
   * Asked before anything is written, of a plan that undoes drift as well: undefined refuses the plan, rows are settled together with
   * those that wait.
   */
  approve?: ((proposal: Proposal) => Promise<OutboxRow[] | undefined>) | undefined;
}

/** One run, under the lease of its gateway. */
export interface Run extends Pick<RunOptions, 'approve'> {
  fleet: string;
  gateway: string;
  scope: Scope;
  untilMs: number;
  lease: HeldLease;
  /** Changes made by runs that this one goes on from. */
  doneBefore: number;
}
