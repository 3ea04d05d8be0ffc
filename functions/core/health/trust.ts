/** Tells whether a prober should trust its own observations. */

/** A prober's last observation of a target. */
export interface ProbedTarget {
  fleet: string;
  /** The fault domain of the target. Targets of one domain may fail together, whatever fleets they are in. */
  faultDomain: string;
  failed: boolean;
}

/** The percentage of a fleet's targets that a prober must see fail. */
const MANY_PERCENT = 50;

/**
 * Tells whether the prober's own network is the likely cause of the failures that it sees. It is if half of the targets
 * or more fail in each of two fleets that have nothing in common. Fleets whose failing targets share a fault domain do
 * have something in common.
 */
export function seemsBlind(seen: readonly ProbedTarget[]): boolean {
  const failing = [...Map.groupBy(seen, ({ fleet }) => fleet).values()]
    .map((targets) => ({ total: targets.length, failed: targets.filter(({ failed }) => failed) }))
    .filter(({ total, failed }) => failed.length * 100 >= total * MANY_PERCENT)
    .map(({ failed }) => new Set(failed.map(({ faultDomain }) => faultDomain)));
  return failing.some((one, index) =>
    failing.slice(index + 1).some((other) => [...one].every((domain) => !other.has(domain))),
  );
}
