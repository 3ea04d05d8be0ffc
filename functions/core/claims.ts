import { compareText } from './precedence.ts';
import type { LiveDrill, LiveShift, Outage, OutagePhase, Traffic, Withdrawal } from './traffic.ts';

/** What is asked of one cluster. */
export interface Claims {
  shift?: LiveShift | undefined;
  outage?: Outage | undefined;
  drill?: LiveDrill | undefined;
}

const CAUSES = { joining: 'joining', out: 'failure', returning: 'return' } as const satisfies Record<
  OutagePhase,
  string
>;

/**
 * R20: a live shift comes before automation, automation before a drill. A shift that has ended, and automation, both have their say while the
 * cluster returns. Undefined: the cluster is fully in.
 */
export function governing({ shift, outage, drill }: Claims): Withdrawal | undefined {
  if (shift && shift.phase !== 'returning') return limit(ofShift(shift));
  const automatic = outage && ofOutage(outage);
  const returning = shift && ofShift(shift);
  if (automatic && returning) return limit(returning.percent < automatic.percent ? returning : automatic);
  const claim = automatic ?? returning ?? (drill && ofDrill(drill));
  return claim && limit(claim);
}

/** What is in force, by cluster. */
export function withdrawalsOf(
  { automation, shifts, drill }: Pick<Traffic, 'automation' | 'shifts' | 'drill'>,
  govern: typeof governing,
): Withdrawal[] {
  const names = [
    ...automation.outages.map(({ cluster }) => cluster),
    ...shifts.map(({ cluster }) => cluster),
    ...(drill ? [drill.cluster] : []),
  ];
  return [...new Set(names)].sort(compareText).flatMap((name) => {
    const withdrawal = govern({
      shift: shiftOf(shifts, name),
      outage: automation.outages.find(({ cluster }) => cluster === name),
      drill: drill?.cluster === name ? drill : undefined,
    });
    return withdrawal ? [withdrawal] : [];
  });
}

/** A live shift, or else one that is returning. */
function shiftOf(shifts: readonly LiveShift[], name: string): LiveShift | undefined {
  return liveShiftOf(shifts, name) ?? shifts.find(({ cluster }) => cluster === name);
}

/** The shift that governs a cluster, whatever automation thinks. */
export function liveShiftOf(shifts: readonly LiveShift[], name: string): LiveShift | undefined {
  return shifts.find(({ cluster, phase }) => cluster === name && phase !== 'returning');
}

/** Of the share that it would have, what a cluster has. */
export function percentOf(withdrawals: readonly Withdrawal[], name: string): number {
  return withdrawals.find(({ cluster }) => cluster === name)?.percent ?? 100;
}

function limit(withdrawal: Withdrawal): Withdrawal | undefined {
  return withdrawal.percent < 100 ? withdrawal : undefined;
}

function ofOutage({ cluster, percent, phase, sinceMs, reason, decision }: Outage): Withdrawal {
  return { cluster, percent, cause: CAUSES[phase], sinceMs, reason, decision };
}

function ofShift({ cluster, currentPercent, phase, createdAtMs, name, reason, decision }: LiveShift): Withdrawal {
  const cause = phase === 'returning' ? 'return' : 'shift';
  return {
    cluster,
    percent: currentPercent,
    cause,
    sinceMs: createdAtMs,
    reason: `shift ${name}: ${reason}`,
    decision,
  };
}

function ofDrill({ cluster, currentPercent, startedAtMs, name, decision }: LiveDrill): Withdrawal {
  return { cluster, percent: currentPercent, cause: 'drill', sinceMs: startedAtMs, reason: `drill ${name}`, decision };
}
