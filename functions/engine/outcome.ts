import type { Drift, GatewayTarget, Progress, SyncState } from '../../schemas/gateway.ts';
import type { PlannedChange, QuotaUse } from '../../schemas/plan.ts';
import type { Issue } from '../../schemas/problem.ts';
import type { Change } from '../core/provider-object.ts';
import { CloudError, type CloudErrorClass, type Deps, StoreUnavailable } from '../deps.ts';
import type { Observed } from '../providers/provider.ts';
import { LeaseLost } from './lease.ts';
import type { Proposal } from './propose.ts';
import { MakeWay } from './session.ts';

/** How one run ended. */
export interface Outcome {
  state: SyncState;
  reason: string;
  message: string;
  /** What differed, and was pushed or would have been. */
  changes: PlannedChange[];
  /** Changes that were made and read back. */
  written: number;
  address?: string | undefined;
  renewIntent?: boolean;
  progress?: Progress | undefined;
  provisioned?: GatewayTarget | undefined;
  drift?: Omit<Drift, 'since'> | undefined;
  quotas?: QuotaUse[] | undefined;
}

/** Reasons that the engine itself looks at. */
export const REASON = {
  programmed: 'Programmed',
  /** Stopped between two batches, because traffic has to move. */
  yielded: 'Yielded',
  /** Stopped between two batches, because its time was over. */
  continues: 'Continues',
  drifted: 'Drifted',
  stalePlan: 'StalePlan',
  provisioning: 'Provisioning',
  held: 'Held',
} as const;

/** Of drift the first are shown. */
const SHOWN_DRIFT = 20;

/** Whether the gateway follows everything that was declared when the run began. */
export function follows({ state, reason }: Pick<Outcome, 'state' | 'reason'>): boolean {
  return state === 'Verified' || reason === REASON.drifted;
}

/** Whether trying again will not help. */
export function isFinal({ state, reason }: Pick<Outcome, 'state' | 'reason'>): boolean {
  if (state === 'Failed') return !TRANSIENT.has(reason);
  return state === 'Verified' || state === 'Diverged';
}

/** `pushed`: by this run, after the runs that it went on from had made `before` changes. */
export function verified(proposal: Proposal, pushed: readonly Change[], before: number): Outcome {
  const { drifted, alarming, observed } = proposal;
  const written = before + pushed.length;
  const drift = drifted.length === 0 ? {} : { drift: shown(drifted) };
  const common = {
    changes: pushed.map(changeShown),
    written,
    address: observed.address,
    quotas: proposal.quotas,
    ...drift,
  };
  if (alarming.length > 0) {
    const message = `Somebody changed objects at the gateway, and its drift policy leaves them so: ${alarming.length}; the first: ${firstOf(alarming)}.`;
    return { ...common, state: 'Diverged', reason: REASON.drifted, message };
  }
  const left = drifted.length === 0 ? '' : ` Left as somebody made them at the gateway: ${drifted.length}.`;
  const message = written === 0 ? 'The gateway is as declared.' : `Changes applied and read back: ${written}.`;
  return { ...common, state: 'Verified', reason: REASON.programmed, message: message + left };
}

function shown(drifted: readonly Change[]): Omit<Drift, 'since'> {
  return { total: drifted.length, changes: drifted.slice(0, SHOWN_DRIFT).map(changeShown) };
}

/** Without the ids and fields of the cloud. */
export function changeShown({ verb, kind, key, reason }: Change): PlannedChange {
  return { verb, kind, key, reason };
}

function changesOf({ plan }: Proposal): PlannedChange[] {
  return plan.changes.map(changeShown);
}

function firstOf([first]: readonly Change[]): string {
  return `${first?.verb} ${first?.kind} ${first?.key} (${first?.reason})`;
}

export function diverged(proposal: Proposal): Outcome {
  const { changes } = proposal.plan;
  const message = `After applying, differences are left: ${changes.length}; the first: ${firstOf(changes)}.`;
  return ended('Diverged', 'Diverged', message, proposal.observed, changesOf(proposal));
}

export function observeOnly(proposal: Proposal): Outcome {
  const message = `The gateway differs from what is declared in ${proposal.plan.changes.length} objects, and its policy is observe-only.`;
  return ended('Diverged', 'ObserveOnly', message, proposal.observed, changesOf(proposal));
}

export function refused(issues: readonly Issue[], { observed, quotas }: Proposal): Outcome {
  const reason = issues[0]?.code === 'quota-exceeded' ? 'QuotaExceeded' : 'Refused';
  return { ...ended('Failed', reason, issues.map((issue) => issue.detail).join(' '), observed), quotas };
}

export function yielded(observed: Observed, done: number, total: number): Outcome {
  const message = 'A failover goes first; the rest follows at once.';
  return {
    ...ended('Pending', REASON.yielded, message, observed),
    progress: { done, total, step: 'waits for a failover' },
  };
}

export function continued(observed: Observed, done: number, total: number): Outcome {
  const step = 'waits for the next run';
  const message = `The time of this run is over after ${done} of ${total} changes; the next one goes on.`;
  return { ...ended('Pending', REASON.continues, message, observed), progress: { done, total, step } };
}

export function stale(observed: Observed): Outcome {
  return ended('Pending', REASON.stalePlan, 'The plan is not true any more.', observed);
}

export function provisioning(progress: Progress): Outcome {
  const message = `The instance is being created: ${progress.step}.`;
  return { state: 'Pending', reason: REASON.provisioning, message, changes: [], written: 0, progress };
}

export const BUSY: Outcome = {
  state: 'Pending',
  reason: 'Busy',
  message: 'Another writer is at work on this gateway.',
  changes: [],
  written: 0,
};

export const HELD: Outcome = {
  state: 'Pending',
  reason: REASON.held,
  message: 'The fleet is being written as a whole; the gateway follows when that is done.',
  changes: [],
  written: 0,
};

export const DELETED: Outcome = {
  state: 'Verified',
  reason: 'Deleted',
  message: 'The gateway is no longer declared.',
  changes: [],
  written: 0,
};

function ended(
  state: SyncState,
  reason: string,
  message: string,
  observed: Observed,
  changes: PlannedChange[] = [],
): Outcome {
  return { state, reason, message, changes, written: 0, address: observed.address };
}

const REASONS: Record<CloudErrorClass, string> = {
  throttled: 'CloudThrottled',
  unavailable: 'CloudUnavailable',
  busy: 'GatewayBusy',
  'in-use': 'ObjectInUse',
  gone: 'ObjectGone',
  quota: 'QuotaExceeded',
  denied: 'CloudDenied',
  invalid: 'CloudRefused',
};

/** The run could not read or write what it needed; the store was back in time for this to be recorded. */
const STORE_UNAVAILABLE = 'StoreUnavailable';

/** What passes by itself. */
const TRANSIENT = new Set<string>([
  STORE_UNAVAILABLE,
  ...(['throttled', 'unavailable', 'busy', 'in-use', 'gone'] as const).map((errorClass) => REASONS[errorClass]),
]);

/** What an error of a run means for the gateway. Nothing of an unexpected error but its name goes into the outcome. */
export function failureOf(
  error: unknown,
  { log }: Pick<Deps, 'log'>,
  gateway: { fleet: string; gateway: string },
): Outcome {
  if (error instanceof CloudError) {
    log.error('gateway.failed', { ...gateway }, error);
    const message = `${error.action} answered ${error.code}: ${error.message} The configuration before it keeps serving.`;
    const reason = REASONS[error.errorClass];
    // What a create made may be gone again: its token would bring back the old answer.
    return { state: 'Failed', reason, message, changes: [], written: 0, renewIntent: error.errorClass === 'gone' };
  }
  if (error instanceof MakeWay) {
    return {
      state: 'Pending',
      reason: REASON.yielded,
      message: 'A failover goes first; the rest follows at once.',
      changes: [],
      written: 0,
    };
  }
  if (error instanceof LeaseLost) {
    return { state: 'Pending', reason: 'LeaseLost', message: 'Another writer took over.', changes: [], written: 0 };
  }
  const name = error instanceof Error ? error.name : typeof error;
  log.error('gateway.failed', { ...gateway }, error);
  if (error instanceof StoreUnavailable) {
    return { state: 'Failed', reason: STORE_UNAVAILABLE, message: error.message, changes: [], written: 0 };
  }
  const message = `The run ended with an unexpected error (${name}).`;
  return { state: 'Failed', reason: 'InternalError', message, changes: [], written: 0 };
}
