import { compareText } from '../model/text.ts';

/** An object that serves a pool at a gateway, either wanted or already there. */
export interface Unit {
  /** The key of an existing unit; for a wanted unit, the key that it would get if it were new. */
  key: string;
  /**
   * Identifies what the unit serves: the port of the service, and whatever else is fixed for the life of the unit;
   * undefined when that is not known of an existing unit.
   */
  serves: string | undefined;
  /** Names of the rules that lead to the unit. */
  rules: ReadonlySet<string>;
}

export interface WantedUnit extends Unit {
  /** The number of existing units that can be used for this one. */
  count: number;
}

interface Pair {
  wanted: WantedUnit;
  current: Unit;
  common: number;
  isSame: boolean;
}

/**
 * Returns, for each wanted unit, the keys of the existing units that go on serving for it, best first. Candidates serve
 * the same. Those with the most rules in common with the wanted unit come first; of equals, the one that has its key.
 * Last come units to which no rule leads, and units that were once made for the wanted one. Other units without common
 * rules are not taken, and no unit is taken twice. The result does not depend on the order of the units.
 */
export function match(wanted: readonly WantedUnit[], current: readonly Unit[]): Map<string, string[]> {
  const taken = new Set<string>();
  const found = new Map<string, string[]>(wanted.map(({ key }) => [key, []]));
  for (const pair of pairsOf(wanted, current).sort(compare)) {
    const keys = found.get(pair.wanted.key) ?? [];
    if (taken.has(pair.current.key) || keys.length >= pair.wanted.count) continue;
    taken.add(pair.current.key);
    keys.push(pair.current.key);
  }
  return found;
}

/**
 * Returns the pairs that may match. They are found by rule, by key and by what is served, so that not every wanted unit
 * has to be compared with every existing one.
 */
function pairsOf(wanted: readonly WantedUnit[], current: readonly Unit[]): Pair[] {
  const byKey = new Map(wanted.map((unit) => [unit.key, unit]));
  const byServes = Map.groupBy(wanted, ({ serves }) => serves);
  const byRule = new Map<string, WantedUnit[]>();
  for (const unit of wanted) for (const rule of unit.rules) byRule.set(rule, [...(byRule.get(rule) ?? []), unit]);
  return current.flatMap((unit) => {
    const same = byKey.get(keyOf(unit.key));
    const unused = unit.rules.size === 0 && unit.serves !== undefined ? (byServes.get(unit.serves) ?? []) : [];
    const sharing = [...unit.rules].flatMap((rule) => byRule.get(rule) ?? []);
    const common = new Map<WantedUnit, number>([...(same ? [same] : []), ...unused].map((other) => [other, 0]));
    for (const other of sharing) common.set(other, (common.get(other) ?? 0) + 1);
    return [...common]
      .filter(([other]) => unit.serves === undefined || unit.serves === other.serves)
      .map(([other, count]) => ({ wanted: other, current: unit, common: count, isSame: other.key === unit.key }));
  });
}

function compare(a: Pair, b: Pair): number {
  return (
    b.common - a.common ||
    Number(b.isSame) - Number(a.isSame) ||
    compareText(a.wanted.key, b.wanted.key) ||
    compareText(a.current.key, b.current.key)
  );
}

/** Returns the key for a new unit: the given one, followed by a number when another unit has that key. */
export function freeKey(key: string, taken: ReadonlySet<string>): string {
  if (!taken.has(key)) return key;
  for (let number = 2; ; number++) if (!taken.has(`${key}~${number}`)) return `${key}~${number}`;
}

/** Returns the key without the number that `freeKey` may have added. */
function keyOf(key: string): string {
  return key.replace(/~\d+$/, '');
}
