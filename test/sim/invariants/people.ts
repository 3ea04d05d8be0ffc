import type { Invariant } from '../history.ts';
import { msAt } from '../scenario.ts';

/** Invariants of who has the last word. */

function percentOf(withdrawals: readonly { cluster: string; percent: number }[], name: string): number {
  return withdrawals.find(({ cluster }) => cluster === name)?.percent ?? 100;
}

/** I11: a live shift before automation, automation before a drill. */
export function precedence(): Invariant {
  return {
    name: 'I11',
    decided: ({ situation, verdict }) => {
      const { withdrawals, shifts, automation } = verdict.traffic;
      const live = shifts.filter(({ phase }) => phase !== 'returning');
      const ignored = live.find((shift) => percentOf(withdrawals, shift.cluster) !== shift.currentPercent);
      if (ignored) return `the shift ${ignored.name} does not govern ${ignored.cluster}`;
      const before = situation.traffic.shifts.filter(({ phase }) => phase !== 'returning');
      const gone = before.find(
        ({ name, expiresAtMs }) =>
          situation.command === undefined &&
          expiresAtMs > situation.nowMs &&
          !live.some((shift) => shift.name === name),
      );
      if (gone && situation.clusters.some(({ name }) => name === gone.cluster)) return `the shift ${gone.name} is gone`;
      if (situation.policy.automation !== 'automatic') return undefined;
      const failed = automation.outages.find(
        ({ cluster, phase }) => phase === 'out' && !live.some((shift) => shift.cluster === cluster),
      );
      const kept = failed && percentOf(withdrawals, failed.cluster);
      return kept ? `${failed.cluster} is out, and has ${kept} % of its share` : undefined;
    },
  };
}

/** R20: a drill never outlives an automatic failover. */
export function drillsGiveWay(): Invariant {
  return {
    name: 'I11-drill',
    decided: ({ situation, verdict }) => {
      const { drill } = verdict.traffic;
      if (verdict.outcome !== 'applied' || !drill || !situation.traffic.drill) return undefined;
      const before = situation.traffic.automation.outages.filter(({ phase }) => phase === 'out');
      const failed = verdict.traffic.automation.outages.find(
        ({ cluster, phase }) => phase === 'out' && !before.some((outage) => outage.cluster === cluster),
      );
      return failed && `${failed.cluster} fails, and the drill ${drill.run} goes on`;
    },
  };
}

/** R21: what is over is over, within seconds if the control plane runs; and it ends without a jump. */
const GRACE_MS = 15_000;

export function expiry(): Invariant {
  let runningTicks = 0;
  return {
    name: 'R21',
    ticked: ({ fleet, tick, isCalm }) => {
      runningTicks = isCalm ? runningTicks + 1 : 0;
      if (runningTicks < GRACE_MS / 1000) return undefined;
      const { shifts, breakGlasses } = fleet.stored.traffic;
      const all = [...shifts.filter(({ phase }) => phase !== 'returning'), ...breakGlasses];
      const overdue = all.find(({ expiresAtMs }) => expiresAtMs + GRACE_MS < msAt(tick));
      return overdue && `${overdue.name} has expired, and is still live`;
    },
    decided: ({ situation, verdict }) => {
      const { stepPercent, minimumPercent } = situation.policy.failover.failback;
      for (const { name, cluster } of situation.traffic.shifts) {
        const shift = verdict.traffic.shifts.find((item) => item.name === name);
        const isOver = shift === undefined || shift.phase === 'returning';
        const isUnwatched = situation.clusters.every((item) => item.name !== cluster || item.voters.length === 0);
        const others = verdict.traffic.shifts.some((item) => item.name !== name && item.cluster === cluster);
        if (!isOver || isUnwatched || others) continue;
        const [before, after] = [situation.traffic, verdict.traffic].map((item) =>
          percentOf(item.withdrawals, cluster),
        );
        const points = (after ?? 0) - (before ?? 0);
        if (points > Math.max(stepPercent, minimumPercent)) return `${cluster} jumps by ${points} points after ${name}`;
      }
      return undefined;
    },
  };
}
