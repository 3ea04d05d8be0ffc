/** Whether a prober should believe its own eyes. */

/** What a prober saw last of a target. */
export interface Seen {
  fleet: string;
  /** What may fail together with it, whatever fleet it is in. */
  faultDomain: string;
  failed: boolean;
}

/** Of how many targets of a fleet, in percent, a prober must miss the answer. */
const MANY_PERCENT = 50;

/**
 * Whether so much fails at once in fleets that have nothing in common that the prober's own network is the likelier cause (R4): half of the
 * targets or more in each of two fleets. Fleets that lose the same fault domain do have something in common.
 */
export function seemsBlind(seen: readonly Seen[]): boolean {
  const failing = [...Map.groupBy(seen, ({ fleet }) => fleet).values()]
    .map((targets) => ({ total: targets.length, failed: targets.filter(({ failed }) => failed) }))
    .filter(({ total, failed }) => failed.length * 100 >= total * MANY_PERCENT)
    .map(({ failed }) => new Set(failed.map(({ faultDomain }) => faultDomain)));
  return failing.some((one, index) =>
    failing.slice(index + 1).some((other) => [...one].every((domain) => !other.has(domain))),
  );
}
