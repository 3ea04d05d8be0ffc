/** What automation does: it takes out clusters that fail, and waits before it trusts those that are new or that have failed before. */

import { liveShiftOf } from './claims.ts';
import { MEMORY_MS } from './failback.ts';
import { compareText } from './precedence.ts';
import { attempt } from './settle.ts';
import type { AutomationState, Episode, Outage, Traffic } from './traffic.ts';
import { failedAtMs, healthySinceMs, note, type View, type Watched } from './view.ts';

/** Failing clusters are withdrawn, one after the other in the order in which they failed, until a rule or a halt stops it. */
export function withdrawFailing(view: View, traffic: Traffic): Traffic {
  let next = traffic;
  for (const item of failing(view, traffic)) {
    if (next.automation.halt) break;
    next = halts(view, next, item) ?? withdraw(view, next, item) ?? next;
  }
  return next;
}

/** Those that automation would withdraw, first down first. */
function failing({ situation, clusters }: View, { automation, shifts }: Traffic): Watched[] {
  const found: { item: Watched; sinceMs: number }[] = [];
  for (const item of clusters.values()) {
    const sinceMs = failedAtMs(item, situation.nowMs);
    if (sinceMs === undefined || liveShiftOf(shifts, item.facts.name)) continue;
    const phase = outageOf(automation, item.facts.name)?.phase;
    if (phase === undefined || phase === 'returning') found.push({ item, sinceMs });
  }
  return found
    .sort((a, b) => a.sinceMs - b.sinceMs || compareText(a.item.facts.name, b.item.facts.name))
    .map(({ item }) => item);
}

/** R18: undefined when the failure stands alone. */
function halts(view: View, traffic: Traffic, item: Watched): Traffic | undefined {
  const { situation, rules, clusters } = view;
  const { name } = item.facts;
  const { correlation } = situation.policy.failover;
  const domainOf = new Map([...clusters].map(([cluster, { facts }]) => [cluster, facts.faultDomain]));
  const sinceMs = failedAtMs(item, situation.nowMs) ?? situation.nowMs;
  const { episodes, resumedAtMs = -1 } = traffic.automation;
  if (sinceMs <= resumedAtMs) return undefined;
  if (!rules.isCorrelated(item.facts, sinceMs, episodes, domainOf, correlation)) return undefined;
  const isNear = ({ atMs }: Episode) => Math.abs(sinceMs - atMs) <= correlation.windowSeconds * 1000;
  const together = [name, ...episodes.filter(isNear).map(({ cluster }) => cluster)];
  const names = [...new Set(together)].sort(compareText);
  const reason = `${names.join(' and ')} failed within ${correlation.windowSeconds} s: a common cause is likely`;
  note(view, 'correlation', false, reason, name);
  view.notes.events.push({ type: 'automation.halted', clusters: names, summary: `Automation has halted: ${reason}.` });
  return withAutomation(traffic, { halt: { sinceMs: situation.nowMs, clusters: names, reason } });
}

function withdraw(view: View, traffic: Traffic, item: Watched): Traffic | undefined {
  const { situation, rules, notes } = view;
  const { nowMs, policy } = situation;
  const { name, uid } = item.facts;
  const { down, quorum, votes } = item.tally;
  note(view, 'quorum', true, `${down} of ${votes.length} voters see it fail; ${quorum} must`, name);
  const episodes = [...traffic.automation.episodes, { cluster: name, uid, atMs: nowMs }];
  const failures = episodes.filter((episode) => episode.uid === uid && nowMs - episode.atMs < MEMORY_MS).length;
  const heldMs = rules.holdMs(failures, policy.failover.cooldownSeconds);
  const outage: Outage = {
    cluster: name,
    uid,
    phase: 'out',
    percent: 0,
    sinceMs: nowMs,
    reason: failureOf(item),
    decision: situation.decision,
    heldUntilMs: nowMs + heldMs,
  };
  note(
    view,
    'cooldown',
    true,
    `failure ${failures} within the hour: it stays out for ${heldMs / 1000} s at least`,
    name,
  );
  const changed = withOutage(withAutomation(traffic, { episodes }), outage);
  const removed = removedWithin(view, episodes);
  const isUrgent = rules.isDead(item.tally);
  const after = attempt(view, traffic, { traffic: changed, cluster: name, removed, isUrgent });
  if (after) notes.reasons.set(name, outage.reason);
  return after;
}

function failureOf({ tally }: Watched): string {
  const witness = tally.votes.find(({ state, isFresh, isSuspect }) => state === 'unhealthy' && isFresh && !isSuspect);
  const failures = `${witness?.consecutiveFailures ?? 0} consecutive probes failed, the last one: ${witness?.detail ?? ''}`;
  return tally.votes.length === 1 ? failures : `${tally.down} of ${tally.votes.length} voters see it fail; ${failures}`;
}

/** Clusters that automation has taken out within the window of max-removed. */
function removedWithin({ situation }: View, episodes: readonly Episode[]): string[] {
  const windowMs = (situation.policy.safety.maxRemoved?.windowSeconds ?? 0) * 1000;
  return [
    ...new Set(
      episodes
        .filter(({ atMs }) => situation.nowMs - atMs < windowMs || atMs === situation.nowMs)
        .map(({ cluster }) => cluster),
    ),
  ];
}

/** R7: clusters that are new to a fleet that serves get nothing before they have been healthy. */
export function holdNewcomers(view: View, traffic: Traffic): Traffic {
  const { situation, rules, clusters, notes } = view;
  const since = situation.health.flatMap(({ firstHealthyAtMs }) => firstHealthyAtMs ?? []);
  const fleetHealthyAtMs = since.length > 0 ? Math.min(...since) : undefined;
  let next = traffic;
  for (const { facts, record, isWatched } of clusters.values()) {
    const isKnown = outageOf(next.automation, facts.name) || liveShiftOf(next.shifts, facts.name);
    if (isKnown || !isWatched || !rules.isNewcomer(facts, record?.firstHealthyAtMs, fleetHealthyAtMs)) continue;
    const reason = 'new to the fleet, and not found healthy yet';
    notes.reasons.set(facts.name, reason);
    const { nowMs, decision } = situation;
    next = withOutage(next, {
      cluster: facts.name,
      uid: facts.uid,
      phase: 'joining',
      percent: 0,
      sinceMs: nowMs,
      reason,
      decision,
      heldUntilMs: nowMs,
    });
  }
  return next;
}

/** R18: a halt ends by itself once all that failed have been healthy for the dwell time, or are gone. */
export function endHalt(view: View, traffic: Traffic): Traffic {
  const { situation, rules, clusters } = view;
  const { halt } = traffic.automation;
  const isCalm = (name: string) => {
    const item = clusters.get(name);
    const sinceMs = item && healthySinceMs(item);
    const { dwellSeconds } = situation.policy.health;
    return !item || (sinceMs !== undefined && rules.hasDwelt(sinceMs, dwellSeconds, situation.nowMs));
  };
  if (!halt?.clusters.every(isCalm)) return traffic;
  note(view, 'correlation', true, 'all clusters that had failed together are healthy again');
  const { halt: _, ...automation } = traffic.automation;
  return { ...traffic, automation };
}

/** What a rule forbids is remembered until the cluster is healthy, or it is done; R11. */
export function recordBlocked(view: View, traffic: Traffic): Traffic {
  const { notes, clusters, situation } = view;
  const { blocked, outages } = traffic.automation;
  const standing = blocked.filter(({ cluster, rule }) => {
    if (notes.blocked.has(cluster)) return notes.blocked.get(cluster) === rule;
    const isOut = outages.some((outage) => outage.cluster === cluster);
    return clusters.has(cluster) && clusters.get(cluster)?.tally.verdict !== 'healthy' && !isOut;
  });
  const added = [...notes.blocked]
    .filter(([cluster]) => !standing.some((item) => item.cluster === cluster))
    .map(([cluster, rule]) => ({ cluster, rule, sinceMs: situation.nowMs }));
  if (added.length === 0 && standing.length === blocked.length) return traffic;
  const all = [...standing, ...added].sort((a, b) => compareText(a.cluster, b.cluster));
  return withAutomation(traffic, { blocked: all });
}

export function outageOf({ outages }: AutomationState, name: string): Outage | undefined {
  return outages.find(({ cluster }) => cluster === name);
}

function withAutomation(traffic: Traffic, changes: Partial<AutomationState>): Traffic {
  return { ...traffic, automation: { ...traffic.automation, ...changes } };
}

/** With the outage instead of the one that the cluster had. */
export function withOutage(traffic: Traffic, outage: Outage): Traffic {
  const others = traffic.automation.outages.filter(({ cluster }) => cluster !== outage.cluster);
  const outages = [...others, outage].sort((a, b) => compareText(a.cluster, b.cluster));
  return withAutomation(traffic, { outages });
}

export function withoutOutage(traffic: Traffic, name: string): Traffic {
  return withAutomation(traffic, { outages: traffic.automation.outages.filter(({ cluster }) => cluster !== name) });
}
