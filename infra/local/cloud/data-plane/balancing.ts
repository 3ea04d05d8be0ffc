import { createHash } from 'node:crypto';

export interface Weighted {
  Weight: number;
}

/**
 * Creates a smooth weighted round robin: every choice earns its share of each turn, and the one with the most credit
 * gets the turn and pays one for it. Credits are shares of a turn and not weights, so that a change of weights holds
 * from the next turn on, without debts from older, larger weights. A choice that leaves loses its credit; a new one
 * begins with none.
 */
export function createRoundRobin() {
  const rings = new Map<string, ReadonlyMap<string, number>>();

  return function next<T extends Weighted>(
    ring: string,
    choices: readonly T[],
    keyOf: (choice: T) => string,
  ): T | undefined {
    const live = choices.filter((choice) => choice.Weight > 0);
    const total = live.reduce((sum, choice) => sum + choice.Weight, 0);
    const before = rings.get(ring);
    const credits = new Map(live.map((choice) => [keyOf(choice), before?.get(keyOf(choice)) ?? 0]));
    let chosen: { choice: T; key: string; credit: number } | undefined;
    for (const choice of live) {
      const key = keyOf(choice);
      const credit = (credits.get(key) ?? 0) + choice.Weight / total;
      credits.set(key, credit);
      if (!chosen || credit > chosen.credit) chosen = { choice, key, credit };
    }
    if (chosen) credits.set(chosen.key, chosen.credit - 1);
    rings.set(ring, credits);
    return chosen?.choice;
  };
}

/** Chooses by weighted rendezvous hashing: a key stays with its choice as long as that one is among the choices. */
export function chooseByHash<T extends Weighted>(
  key: string,
  choices: readonly T[],
  nameOf: (choice: T) => string,
): T | undefined {
  const score = (choice: T) => -choice.Weight / Math.log(unitHash(`${key} ${nameOf(choice)}`));
  return choices.toSorted((a, b) => score(b) - score(a))[0];
}

/** Returns a hash between 0 and 1, both excluded. */
function unitHash(text: string): number {
  return (createHash('sha1').update(text).digest().readUInt32BE(0) + 0.5) / 2 ** 32;
}
