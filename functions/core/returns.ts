/** How clusters that were out get their share back: R16, R17 and R21. One at a time, and never before the gateways follow the last step. */

import { liveShiftOf, percentOf } from './claims.ts';
import { outageOf, withOutage, withoutOutage } from './outages.ts';
import { compareText } from './precedence.ts';
import { attempt } from './settle.ts';
import type { Outage, Traffic } from './traffic.ts';
import { healthySinceMs, isFit, note, type View } from './view.ts';

/** Clusters that automation holds back return when they may; where it does not act, those for which somebody has asked. */
export function bringBack(view: View, traffic: Traffic): Traffic {
  const due = inOrder(traffic.automation.outages.filter(({ isApproved }) => view.acts || isApproved));
  const released = due.reduce((next, outage) => release(view, next, outage) ?? next, traffic);
  for (const outage of due) {
    const stepped = outageOf(released.automation, outage.cluster) && advance(view, released, outage);
    if (stepped) return stepped;
  }
  return released;
}

/** First out, first back; the one that is on its way goes on before another begins. */
function inOrder(outages: readonly Outage[]): Outage[] {
  const rank = ({ phase }: Outage) => (phase === 'returning' ? 0 : 1);
  return [...outages].sort((a, b) => rank(a) - rank(b) || a.sinceMs - b.sinceMs || compareText(a.cluster, b.cluster));
}

/** Ends an outage at once where nothing is left to wait for. */
function release(view: View, traffic: Traffic, outage: Outage): Traffic | undefined {
  const reason = releaseReason(view, traffic, outage);
  if (reason === undefined) return undefined;
  view.notes.reasons.set(outage.cluster, reason);
  return attempt(view, traffic, {
    traffic: withoutOutage(traffic, outage.cluster),
    cluster: outage.cluster,
    isReturn: true,
  });
}

function releaseReason(view: View, traffic: Traffic, { cluster, phase }: Outage): string | undefined {
  const item = view.clusters.get(cluster);
  if (item === undefined) return undefined;
  if (!item.isWatched) return 'nobody watches it any more, and nothing else speaks against it';
  if (healthySinceMs(item) === undefined) return undefined;
  if (liveShiftOf(traffic.shifts, cluster)) return 'healthy while a shift governs it';
  if (phase === 'joining') return isVerified(view) ? 'found healthy: it joins' : undefined;
  return phase === 'out' && isLastHope(view, traffic, cluster)
    ? 'healthy again, and every cluster is withdrawn'
    : undefined;
}

/** Whether a backend has lost all its clusters, and this one, which could serve it, gets nothing either: one that is kept needs no hurry. */
function isLastHope({ situation, rules }: View, traffic: Traffic, name: string): boolean {
  return situation.placements.some((placement) => {
    const able = placement.members.filter(({ weight }) => weight > 0);
    const isMember = able.some(({ cluster }) => cluster === name);
    const areOut = able.every(({ cluster }) => percentOf(traffic.withdrawals, cluster) === 0);
    if (placement.pinned || !isMember || !areOut) return false;
    return rules.sharesOf(placement, traffic).every(({ cluster, percent }) => cluster !== name || percent === 0);
  });
}

/** The first or the next step of a return; undefined when it is not due, or not allowed. */
function advance(view: View, traffic: Traffic, outage: Outage): Traffic | undefined {
  const { situation, rules, notes } = view;
  const { failback } = situation.policy.failover;
  const { nowMs } = situation;
  if (outage.phase === 'joining' || !isReady(view, traffic, outage)) return undefined;
  const isAtOnce = outage.phase === 'out' && failback.mode !== 'ramp';
  const sinceStepMs = nowMs - (outage.steppedAtMs ?? nowMs);
  const percent = isAtOnce ? 100 : rules.nextRampPercent(outage.percent, sinceStepMs, failback);
  if (percent === outage.percent) return undefined;
  const { dwellSeconds } = situation.policy.health;
  const began = outage.returnSinceMs ?? nowMs;
  notes.reasons.set(outage.cluster, `healthy for the dwell time of ${dwellSeconds} s`);
  const changed =
    percent >= 100
      ? withoutOutage(traffic, outage.cluster)
      : withOutage(traffic, { ...outage, phase: 'returning', percent, returnSinceMs: began, steppedAtMs: nowMs });
  const after = attempt(view, traffic, { traffic: changed, cluster: outage.cluster, isReturn: true });
  if (after) notes.hasStepped = true;
  return after;
}

function isReady(view: View, traffic: Traffic, outage: Outage): boolean {
  const { situation, rules, clusters } = view;
  const { nowMs, policy } = situation;
  const { cluster } = outage;
  const item = clusters.get(cluster);
  const sinceMs = item && healthySinceMs(item);
  if (sinceMs === undefined || liveShiftOf(traffic.shifts, cluster)) return false;
  if (outage.phase === 'returning') return mayStep(view, traffic, cluster);
  const conditions: [string, boolean, string][] = [
    ['dwell', rules.hasDwelt(sinceMs, policy.health.dwellSeconds, nowMs), `healthy for ${(nowMs - sinceMs) / 1000} s`],
    ['cooldown', !rules.isHeld(outage.heldUntilMs, nowMs), `${(outage.heldUntilMs - nowMs) / 1000} s are left of it`],
    [
      'failback',
      rules.mayReturn(policy.failover.failback.mode, outage.isApproved === true),
      policy.failover.failback.mode,
    ],
  ];
  for (const [rule, passed, detail] of conditions) note(view, rule, passed, detail, cluster);
  return conditions.every(([, passed]) => passed) && mayStep(view, traffic, cluster);
}

/** What holds for every step up, of an outage and of a shift that has ended. */
export function mayStep(view: View, traffic: Traffic, cluster: string): boolean {
  const { situation, rules, clusters } = view;
  const item = clusters.get(cluster);
  const conditions: [string, boolean, string][] = [
    ['verified', isVerified(view), 'the gateways follow the last step'],
    [
      'freeze',
      !rules.isFrozen(situation.policy.failover.freezeWindows, situation.nowMs),
      'no cluster returns in a freeze window',
    ],
    ['one-at-a-time', rules.isSlotFree(returningIn(traffic), cluster), 'one cluster returns at a time'],
    ['quorum', item !== undefined && isFit(item), 'a majority of its voters see it answer'],
  ];
  for (const [rule, passed, detail] of conditions) note(view, rule, passed, detail, cluster);
  const isPaused = view.notes.hasStepped || traffic.automation.halt !== undefined;
  return !isPaused && conditions.every(([, passed]) => passed);
}

/** Clusters that are on their way back. */
function returningIn({ automation, shifts }: Traffic): string[] {
  return [
    ...automation.outages.filter(({ phase }) => phase === 'returning').map(({ cluster }) => cluster),
    ...shifts
      .filter(({ phase, currentPercent }) => phase === 'returning' && currentPercent > 0)
      .map(({ cluster }) => cluster),
  ];
}

function isVerified({ rules, situation }: View): boolean {
  return rules.isVerified(situation.verifiedAtMs);
}
