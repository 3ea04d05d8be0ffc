/** Truths about returns: they go step by step, and not too often. */

import type { Pool } from '../../../functions/core/model/ir.ts';
import type { Life } from '../chronicle.ts';
import type { FleetEvent } from '../events.ts';
import type { Fleet } from '../fleet.ts';
import { percentOf } from '../gateway.ts';
import { type DecisionEntry, isAutomatic, type PushEntry, type Truth } from '../history.ts';
import { greatestShare } from './people.ts';
import { isTight } from './points.ts';

/** A gateway that has not followed for this long catches up by steps of its own reconciliation. */
const LEFT_BEHIND_SECONDS = 60;

/**
 * At each gateway, counted from the points that were verified last, a returning cluster rises by at most one step at a
 * time, unless others die, are overloaded or drained, or a person edits. This is checked where nothing of that kind has
 * happened since the last verification.
 */
export function returnsByOneStep(): Truth {
  return {
    name: 'returnsByOneStep',
    pushed: (entry) => {
      const { fleet, gateway, tick } = entry;
      const { mode } = fleet.declared.policy.failover.failback;
      const isBehind = tick - (gateway.behindSinceTick ?? tick) > LEFT_BEHIND_SECONDS;
      if (mode !== 'ramp' || gateway.verified === -1 || isBehind || isDisturbed(fleet, gateway.verifiedAtTick))
        return undefined;
      for (const pool of fleet.declared.pools) {
        const detail = pool.pinned ? undefined : jumpIn(entry, pool);
        if (detail) return detail;
      }
      return undefined;
    },
  };
}

function jumpIn({ fleet, gateway, after }: PushEntry, pool: Pool): string | undefined {
  const { stepPercent, minimumPercent } = fleet.declared.policy.failover.failback;
  for (const { cluster, weight } of pool.members) {
    const [had, has] = [percentOf(gateway.verifiedPoints, pool.key, cluster), percentOf(after, pool.key, cluster)];
    if (has <= had || weight === 0 || !fleet.chronicle.of(cluster)?.failuresTick.length) continue;
    const step = Math.max(stepPercent, minimumPercent);
    const most = Math.ceil((step * greatestShare(fleet, pool, cluster)) / 100) + 1;
    if (has - had > most)
      return `${cluster} rises from ${had} to ${has} of ${pool.key} at ${gateway.name}; a step is ${most} at most`;
  }
  return undefined;
}

/** Tells whether something happened since then that may move points at once. */
function isDisturbed(fleet: Fleet, sinceTick: number): boolean {
  const { chronicle, declared, stored, events, tick, book } = fleet;
  const hasFailed = ({ failuresTick, isLiving, isSlow }: Life) => {
    return (failuresTick.at(-1) ?? -1) >= sinceTick - 1 || !isLiving || isSlow;
  };
  const isEdited = events.some((event) => {
    const ends = event.tick + event.seconds;
    const lasts = event.type === 'join' || event.type === 'leave' ? event.tick : ends;
    return BY_PEOPLE.has(event.type) && event.tick <= tick && (lasts >= sinceTick - 1 || event.type === 'shift');
  });
  return (
    isEdited ||
    book.shifts.length > 0 ||
    declared.policy.drills.length > 0 ||
    [...chronicle.lives.values()].some(hasFailed) ||
    isTight(fleet, fleet.programmed(stored.traffic)) ||
    stored.gateways.some(({ verifiedPoints }) => isTight(fleet, verifiedPoints))
  );
}

const BY_PEOPLE: ReadonlySet<FleetEvent['type']> = new Set<FleetEvent['type']>([
  ...(['surge', 'shrink', 'mode', 'gate', 'freeze', 'tune', 'failback', 'voters', 'weight', 'tier', 'pin'] as const),
  ...(['join', 'leave', 'recreate', 'shift', 'break-glass', 'drill', 'order', 'tamper', 'stale', 'slow'] as const),
]);

interface Moves {
  /** `in` means that it has points for its own standing, and `borrowed` that it has them for another reason. */
  state: 'in' | 'out' | 'borrowed';
  leftTick: number[];
  regainedTick: number[];
}

/** In any window a cluster is left, and regained, for its own standing at most 1 + window / cooldown times. */
export function movesAreBounded(): Truth {
  const moves = new Map<string, Moves>();
  let cooldownSeconds = Number.POSITIVE_INFINITY;
  return {
    name: 'movesAreBounded',
    decided: (entry) => {
      const { fleet } = entry;
      cooldownSeconds = Math.min(cooldownSeconds, fleet.declared.policy.failover.cooldownSeconds);
      for (const { name, uid } of fleet.declared.clusters) {
        const life = fleet.chronicle.of(name);
        if (!isAutomatic(entry) || life === undefined || life.touchedTick === entry.tick || hasAsked(fleet, name)) {
          moves.delete(uid);
          continue;
        }
        const own = moves.get(uid) ?? { state: 'in', leftTick: [], regainedTick: [] };
        moves.set(uid, own);
        noteMove(entry, name, life, own);
        const detail = tooOften(own.leftTick, cooldownSeconds) ?? tooOften(own.regainedTick, cooldownSeconds);
        if (detail) return `${name} is left or regained ${detail}, with a cooldown of ${cooldownSeconds} s`;
      }
      return undefined;
    },
  };
}

/** Tells whether somebody has asked for the cluster's return, or said that it does not fail. */
function hasAsked({ book }: Fleet, name: string): boolean {
  return book.orderedTick.has(name);
}

function noteMove({ fleet, tick, before, after }: DecisionEntry, name: string, life: Life, own: Moves): void {
  const [had, has] = [before, after].map((points) => totalOf(fleet, points, name)) as [number, number];
  if (had > 0 && has === 0 && life.failingSinceTick !== undefined) {
    if (own.state === 'in') own.leftTick.push(tick);
    own.state = 'out';
  } else if (had === 0 && has > 0 && own.state === 'out') {
    own.state = areOthersWell(fleet, name) ? 'in' : 'borrowed';
    if (own.state === 'in') own.regainedTick.push(tick);
  }
}

function totalOf({ declared }: Fleet, points: DecisionEntry['before'], name: string): number {
  return declared.pools.reduce((sum, { key, pinned }) => (pinned ? sum : sum + percentOf(points, key, name)), 0);
}

function areOthersWell({ chronicle }: Fleet, name: string): boolean {
  return [...chronicle.lives].every(([other, { isLiving, isSlow }]) => other === name || (isLiving && !isSlow));
}

function tooOften(ticks: readonly number[], cooldownSeconds: number): string | undefined {
  const last = ticks.at(-1) ?? 0;
  for (let count = 2; count <= ticks.length; count++) {
    const window = last - (ticks[ticks.length - count] ?? 0);
    if (count > 1 + (window + 2) / cooldownSeconds) return `${count} times within ${window} s`;
  }
  return undefined;
}
