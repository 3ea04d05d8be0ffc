import { compareText } from '../model/text.ts';

/** What serves a pool at a gateway: wanted, or there already. */
export interface Unit {
  /** Of one that is there, its key; of one that is wanted, the key that it would get if it were new. */
  key: string;
  /** The port of the service, and all else that is fixed for its life; undefined when it is not known of one that is there. */
  serves: string | undefined;
  /** What clients may ask of it: names of the rules that lead to it. */
  rules: ReadonlySet<string>;
}

export interface WantedUnit extends Unit {
  /** So many of those that are there can be used. */
  count: number;
}

interface Pair {
  wanted: WantedUnit;
  current: Unit;
  common: number;
  isSame: boolean;
}

/**
 * For each wanted unit the keys of those that are there and go on serving for it, best first: those that serve the same and have most rules
 * in common with it, of equals the one that has its key; last those that no rule leads to, or that were made for it. One that serves other
 * rules alone is not taken, and none is taken twice. The result depends on nothing but the units, in whatever order they come.
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

/** Found by rules, keys and what is served, so that it takes no look at every wanted unit for each one that is there. */
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

/** The key of a unit that is new: the one that it would get, with a number behind it when another has that. */
export function freeKey(key: string, taken: ReadonlySet<string>): string {
  if (!taken.has(key)) return key;
  for (let number = 2; ; number++) if (!taken.has(`${key}~${number}`)) return `${key}~${number}`;
}

/** The key without the number that `freeKey` may have put behind it. */
function keyOf(key: string): string {
  return key.replace(/~\d+$/, '');
}
