import type { GatewayTarget, Progress, SyncState } from '../../../schemas/gateway.ts';
import { type MessageCode, say } from '../../../schemas/messages/index.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { Change } from '../../core/gateway/provider-object.ts';
import { DEVIATION_REASONS, type Deviation, type DeviationReason } from '../../core/gateway/reading.ts';
import { CloudError, type CloudErrorClass, type Deps, LeaseLost, StoreUnavailable } from '../../deps.ts';
import { Preempted } from './session.ts';

/**
 * The reason why a run stopped before its end without a fault. `Yielded`: traffic has to move first. `Continues`: the
 * time of the run is over. `StalePlan`: the approved plan no longer holds. `Held`: the fleet is being written as a
 * whole. `Busy`, `LeaseLost`: another writer is at work.
 */
export type StopReason = 'Yielded' | 'Continues' | 'StalePlan' | 'Held' | 'Busy' | 'LeaseLost';

/** The end of one run. */
export type Outcome =
  /** The gateway was read, written and read back. Whatever is not as declared is listed in the deviations. */
  | {
      type: 'ended';
      deviations: readonly Deviation[];
      pushed: readonly Change[];
      written: number;
      target: GatewayTarget;
    }
  | { type: 'stopped'; reason: StopReason; progress?: Progress | undefined }
  | { type: 'provisioning'; progress: Progress }
  /**
   * `isTransient`: a retry may help. `renewsIntent`: what a create made may be gone again, and its token would return
   * the old answer.
   */
  | { type: 'failed'; reason: string; message: string; isTransient: boolean; renewsIntent: boolean; read?: ReadFault }
  | { type: 'deleted' };

/** The call that failed when the gateway could not be read. */
export interface ReadFault {
  action: string;
  code: string;
}

export type Failed = Extract<Outcome, { type: 'failed' }>;

export function stopped(reason: StopReason, progress?: Progress): Outcome {
  return { type: 'stopped', reason, progress };
}

/** The outcome as it is shown: a state, a reason and a message. */
export interface Summary {
  state: SyncState;
  reason: string;
  message: string;
}

const STOPPED = {
  Yielded: 'PushYielded',
  Continues: 'PushContinues',
  StalePlan: 'PushStalePlan',
  Held: 'PushHeld',
  Busy: 'PushBusy',
  LeaseLost: 'PushLeaseLost',
} as const satisfies Record<StopReason, MessageCode>;

export function summaryOf(outcome: Outcome): Summary {
  switch (outcome.type) {
    case 'ended':
      return endedSummary(outcome.deviations, outcome.written);
    case 'stopped':
      return { state: 'Pending', reason: outcome.reason, message: say(STOPPED[outcome.reason]).text };
    case 'provisioning':
      return {
        state: 'Pending',
        reason: 'Provisioning',
        message: sentenceOf('Provisioning', { step: outcome.progress.step }),
      };
    case 'failed':
      return { state: 'Failed', reason: outcome.reason, message: outcome.message };
    case 'deleted':
      return { state: 'Verified', reason: 'Deleted', message: say('GatewayNotDeclared').text };
  }
}

type Fault = Exclude<DeviationReason, 'Adopted' | 'Shadowed'>;

function endedSummary(deviations: readonly Deviation[], written: number): Summary {
  const adopted = deviations.filter(({ reason }) => reason === 'Adopted').length;
  const reason = DEVIATION_REASONS.filter(isFault).find((fault) => deviations.some((item) => item.reason === fault));
  const left = adopted === 0 ? '' : say('LeftAsMade', { count: adopted }).text;
  const done = written === 0 ? say('GatewayAsDeclared') : say('ChangesReadBack', { count: written });
  if (reason === undefined) return { state: 'Verified', reason: 'Programmed', message: done.text + left };
  return { state: 'Diverged', reason, message: deviationText(deviations, reason) };
}

/**
 * Tells whether a deviation is a fault. A rule of somebody else, or an edit that is accepted, does not keep a gateway
 * from being as declared.
 */
function isFault(reason: DeviationReason): reason is Fault {
  return reason !== 'Adopted' && reason !== 'Shadowed';
}

const DEVIATING = {
  Refused: 'DeviationsRefused',
  NotAsWritten: 'DeviationsNotAsWritten',
  Pending: 'DeviationsPending',
  ObserveOnly: 'DeviationsObserveOnly',
  Drifted: 'DeviationsDrifted',
  Waiting: 'DeviationsWaiting',
} as const satisfies Record<Fault, MessageCode>;

/** Describes the number of deviations with this reason, and the first of them. */
export function deviationText(deviations: readonly Deviation[], reason: Fault): string {
  const same = deviations.filter((item) => item.reason === reason);
  const first = same.find(({ refusal }) => refusal?.code !== 'DependsOnRefused') ?? same[0];
  const detail = first?.refusal ? `${first.refusal.code}: ${first.refusal.detail}` : first?.detail;
  const { verb, kind, key } = first ?? {};
  return say(DEVIATING[reason], { count: same.length, verb, kind, key, detail }).text;
}

/** Tells whether everything that was asked for has been examined and everything possible is done. */
export function isEnded({ state, reason }: Pick<Summary, 'state' | 'reason'>): boolean {
  return state === 'Verified' || (state === 'Diverged' && reason !== 'NotAsWritten' && reason !== 'Pending');
}

/** The reasons for which a stopped run is no failed attempt: the next run continues where it stopped. */
const GOES_ON: ReadonlySet<string> = new Set<StopReason>(['Yielded', 'Continues', 'StalePlan', 'Held']);

export function goesOn(reason: string): boolean {
  return GOES_ON.has(reason);
}

const REASONS: Record<CloudErrorClass, string> = {
  throttled: 'CloudThrottled',
  unavailable: 'CloudUnavailable',
  busy: 'GatewayBusy',
  'in-use': 'ObjectInUse',
  gone: 'ObjectGone',
  quota: 'QuotaExceeded',
  denied: 'CloudDenied',
  credentials: 'CredentialsRefused',
  invalid: 'CloudRefused',
};

const TRANSIENT: ReadonlySet<CloudErrorClass> = new Set(['throttled', 'unavailable', 'busy', 'in-use', 'gone']);

/** Converts an error of a run into its outcome. Of an unexpected error only the name goes into the outcome. */
export function failureOf(
  error: unknown,
  { log }: Pick<Deps, 'log'>,
  gateway: { fleet: string; gateway: string },
): Outcome {
  if (error instanceof Preempted) return stopped('Yielded');
  if (error instanceof LeaseLost) return stopped('LeaseLost');
  log.error('gateway.failed', { ...gateway }, error);
  if (error instanceof CloudError) return cloudFailure(error);
  if (error instanceof StoreUnavailable) {
    const { message } = error;
    return { type: 'failed', reason: 'StoreUnavailable', message, isTransient: true, renewsIntent: false };
  }
  const name = error instanceof Error ? error.name : typeof error;
  const message = say('UnexpectedError', { name }).text;
  return { type: 'failed', reason: 'InternalError', message, isTransient: false, renewsIntent: false };
}

function cloudFailure({ action, code, message, errorClass }: CloudError): Failed {
  return {
    type: 'failed',
    reason: REASONS[errorClass],
    message: say('CloudRefused', { action, code, message }).text,
    isTransient: TRANSIENT.has(errorClass),
    renewsIntent: errorClass === 'gone',
  };
}
