/** The episode of this seed in which each planted fault is found, and the truth that finds it, by the name of the fault. */

export const SEED = 7;

export const FOUND_IN: Readonly<Record<string, readonly [episode: number, truth: string]>> = {};
