// @ts-nocheck: it indexes arrays without looking whether there is something, which its own tests were content with.
/** Random small fleets from a seed, with a bias towards the nasty ones. */

import type {
  AllocationInput,
  Backend,
  BackendMember,
  Capacity,
  Limit,
  LimitReason,
} from '../../functions/core/allocation/types.ts';

/** The generator of numbers known as mulberry32. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const NAMES = ['a', 'b', 'B', 'c', 'd', 'e-10', 'e-9', 'é'];
const NOW = 1_700_000_000_000;
const LIMITS: readonly LimitReason[] = [
  'down',
  'joining',
  'consent',
  'drained',
  'dwell',
  'impaired',
  'turn',
  'ramp',
  'drill',
];

class Dice {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = mulberry32(seed);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** An integer from the lowest to the highest, both included. */
  whole(lowest: number, highest: number): number {
    return lowest + Math.floor(this.next() * (highest - lowest + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.whole(0, values.length - 1)];
  }

  /** Draws as many different values as asked for, in any order. */
  some<T>(values: readonly T[], count: number): T[] {
    const rest = [...values];
    const chosen: T[] = [];
    while (chosen.length < count && rest.length > 0) chosen.push(...rest.splice(this.whole(0, rest.length - 1), 1));
    return chosen;
  }
}

/** Features that a whole fleet shares: how loads, weights and tiers are drawn, and the nature of its clusters. */
interface Mood {
  equalWeights: boolean;
  tiers: number;
  loads: 'none' | 'equal' | 'small' | 'mixed' | 'large' | 'fractions';
  standing: 'calm' | 'mixed' | 'all down' | 'all isolated' | 'everything limited' | 'caution';
  /** The limits of a cluster in all backends; where clusters have none of their own, each member is drawn by itself. */
  ofCluster: Map<string, Limit[]> | undefined;
}

function limitOf(dice: Dice, reason: LimitReason): Limit {
  switch (reason) {
    case 'down':
      return { reason, sinceMs: NOW - dice.pick([0, 0, 1_000, 20_000, 29_999, 30_000, 30_001, 60_000, 3_600_000]) };
    case 'isolated':
    case 'joining':
    case 'impaired':
      return { reason };
    case 'consent':
    case 'dwell':
    case 'turn':
      return { reason };
    default:
      return { reason, percent: dice.pick([0, 0, 1, 5, 10, 25, 33, 50, 75, 90, 99, 100]) };
  }
}

function drawLimits(dice: Dice, standing: Mood['standing']): Limit[] {
  const reasons = new Set<LimitReason>();
  if (standing === 'all down') reasons.add('down');
  if (standing === 'all isolated') reasons.add('isolated');
  const chance = {
    calm: 0.15,
    mixed: 0.5,
    'all down': 0.3,
    'all isolated': 0.5,
    'everything limited': 1,
    caution: 0.9,
  }[standing];
  if (dice.chance(chance)) {
    const from: readonly LimitReason[] = standing === 'caution' ? ['turn', 'ramp', 'drill', 'dwell'] : LIMITS;
    const count = dice.chance(0.7) ? 1 : dice.chance(0.8) ? 2 : dice.whole(3, from.length);
    for (const reason of dice.some(from, count)) reasons.add(reason);
  }
  if (standing === 'mixed' && dice.chance(0.06)) reasons.add('isolated');
  // Reasons may come in any order.
  return dice.some([...reasons], reasons.size).map((reason) => limitOf(dice, reason));
}

function drawWeight(dice: Dice, mood: Mood): number {
  if (dice.chance(0.06)) return 0;
  if (mood.equalWeights) return 1;
  return dice.pick([1, 1, 2, 3, 10, 33, 49, 50, 60, 97, 99, 100, dice.whole(1, 100), dice.whole(1, 100)]);
}

function drawLoad(dice: Dice, mood: Mood): number {
  switch (mood.loads) {
    case 'none':
      return 0;
    case 'equal':
      return 100;
    case 'small':
      return dice.whole(0, 5);
    case 'mixed':
      return dice.pick([0, 1, 10, 30, 90, 100, 150, 700, dice.whole(0, 1_000)]);
    case 'large':
      return dice.whole(0, 2_000_000);
    case 'fractions':
      return dice.pick([0.1, 0.3, 2.5, 33.3, 12.345, 0.007, dice.whole(1, 1_000) / 8]);
  }
}

/** 100 points for members with a weight, wherever they come from; an old split may name some that have none now. */
function drawHad(dice: Dice, members: BackendMember[]): void {
  const serving = dice.chance(0.8) ? members.filter((member) => member.weight > 0) : members;
  const holders = dice.some(serving.length > 0 ? serving : members, dice.whole(1, members.length));
  let rest = 100;
  holders.forEach((member, index) => {
    member.had =
      index === holders.length - 1 ? rest : dice.chance(0.3) ? Math.min(rest, dice.whole(0, 3)) : dice.whole(0, rest);
    rest -= member.had;
  });
  if (dice.chance(0.05)) for (const member of members) member.had = 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function drawBackend(dice: Dice, mood: Mood, clusters: readonly string[], id: string): Backend {
  const members = dice.some(clusters, dice.whole(1, Math.min(6, clusters.length))).map(
    (cluster): BackendMember => ({
      cluster,
      weight: drawWeight(dice, mood),
      tier: dice.pick([0, 1, 5].slice(0, mood.tiers)),
      had: 0,
      limits:
        mood.ofCluster !== undefined && dice.chance(0.9)
          ? (mood.ofCluster.get(cluster) as Limit[])
          : drawLimits(dice, mood.standing),
    }),
  );
  members.sort((a, b) => a.tier - b.tier || compare(a.cluster, b.cluster));
  drawHad(dice, members);
  return { id, load: drawLoad(dice, mood), isPinned: dice.chance(0.1), members };
}

/** Capacities by what the backends would give the clusters if all their members shared evenly, times a factor that makes them short or ample. */
function drawCapacities(dice: Dice, clusters: readonly string[], backends: readonly Backend[]): Capacity[] {
  const kind = dice.pick(['none', 'some', 'some', 'all', 'all', 'too small', 'too small', 'tight', 'tight', 'random']);
  if (kind === 'none') return [];
  const capacities: Capacity[] = [];
  for (const cluster of clusters) {
    if (kind === 'some' && dice.chance(0.5)) continue;
    const even = backends
      .filter((backend) => backend.members.some((member) => member.cluster === cluster))
      .reduce((sum, backend) => sum + backend.load / backend.members.length, 0);
    const factor = {
      some: [0.3, 0.8, 1, 2],
      all: [0.5, 1, 1.5, 3],
      'too small': [0.05, 0.2, 0.4, 0.7],
      tight: [0.7, 0.9, 1, 1.05, 1.2, 1.5],
      random: [0.001, 1, 10],
    }[kind];
    const requests = kind === 'random' ? dice.pick([1, 10, 100, 600, 1_000]) : even * dice.pick(factor as number[]);
    capacities.push({
      cluster,
      requestsPerSecond: dice.chance(0.8)
        ? Math.max(1, Math.round(requests))
        : Math.max(0.01, Math.round(requests * 1_000) / 1_000),
      hasFallen: dice.chance(0.12),
    });
  }
  return dice.some(capacities, capacities.length);
}

export function randomInput(seed: number): AllocationInput {
  const dice = new Dice(seed);
  const clusters = dice.some(NAMES, dice.whole(1, 8));
  const mood: Mood = {
    equalWeights: dice.chance(0.3),
    tiers: dice.pick([1, 1, 2, 3]),
    loads: dice.pick(['none', 'equal', 'small', 'mixed', 'mixed', 'mixed', 'large', 'fractions']),
    standing: dice.pick([
      'calm',
      'calm',
      'mixed',
      'mixed',
      'mixed',
      'all down',
      'all isolated',
      'everything limited',
      'everything limited',
      'caution',
      'caution',
    ]),
    ofCluster: undefined,
  };
  // A fleet in which all are isolated teaches little, so it is drawn less often.
  if (mood.standing === 'all isolated' && dice.chance(0.7)) mood.standing = 'mixed';
  if (dice.chance(0.6)) mood.ofCluster = new Map(clusters.map((cluster) => [cluster, drawLimits(dice, mood.standing)]));
  const ids = dice.some(['p', 'P', 'q', 'r10', 'r9', 's', 't', 'u', 'v', 'w', 'x', 'é'], dice.whole(1, 12));
  const backends = ids.map((id) => drawBackend(dice, mood, clusters, id));
  return {
    backends,
    capacities: drawCapacities(dice, clusters, backends),
    headroomPercent: dice.pick([0, 0, 5, 10, 20, 33, 50]),
    correlationWindowMs: dice.pick([0, 30_000, 30_000, 60_000]),
  };
}
