/**
 * Priorities of the rules of one listener. ALB evaluates rules by ascending priority, 1 to 10,000, unique per listener,
 * and sorts nothing by itself (ALB OpenAPI 2020-06-16). Each rule therefore gets an explicit number, with gaps for
 * later rules.
 *
 * Applying the values one by one never inverts two rules. Every new value is free at the start (no rule of the listener
 * has it, ours or foreign), so writes never collide. Rules that move up are written from the top and rules that move
 * down from the bottom (see `moveOrder`), so a rule that moves never passes another one that stays on the same side of
 * it. Creates come after the moves, into a settled order. Rules that are about to be deleted are fixed points that
 * nothing passes, as long as there is room on its side.
 */

const MAX_PRIORITY = 10_000;
const STEP = 10;

interface Item {
  key: string;
  /** The present priority of the rule; undefined for a new one. */
  current?: number | undefined;
  /**
   * A `placed` item keeps its value. A `leaving` one keeps it too, and gets no result. An `open` one needs a value
   * between its placed neighbours.
   */
  state: 'placed' | 'leaving' | 'open';
}

/**
 * Assigns a priority to each key of `order` (highest precedence first). `current` holds the present priorities of our
 * rules on the listener, including those that are about to be deleted, and `foreign` those of all other rules. As many
 * rules as possible keep their value (longest increasing subsequence), and the others go into gaps. Placed rules move
 * only where a gap is full, and no more of them than it takes to make room.
 */
export function assignPriorities(
  order: readonly string[],
  current: ReadonlyMap<string, number>,
  foreign: Iterable<number>,
): Map<string, number> {
  const taken = new Set([...current.values(), ...foreign]);
  const items = withLeaving(place(order, current), current);
  for (let gap = crowdedGap(items, taken); gap !== undefined; gap = crowdedGap(items, taken)) widen(items, gap);
  const priorities = new Map<string, number>();
  for (const item of items) {
    if (item.state === 'placed' && item.current !== undefined) priorities.set(item.key, item.current);
  }
  for (const gap of gaps(items)) {
    const values = valuesFor(gap.keys.length, gap, taken);
    gap.keys.forEach((key, index) => {
      priorities.set(key, values[index] ?? 0);
    });
  }
  return priorities;
}

/**
 * Compares moves so that, applied one by one in this order, they never invert two rules that keep their relative order.
 */
export function moveOrder(a: { from: number; to: number }, b: { from: number; to: number }): number {
  const upA = a.to < a.from;
  const upB = b.to < b.from;
  if (upA !== upB) return upA ? -1 : 1;
  return upA ? a.to - b.to : b.to - a.to;
}

function place(order: readonly string[], current: ReadonlyMap<string, number>): Item[] {
  const existing = order.flatMap((key) => {
    const priority = current.get(key);
    return priority === undefined ? [] : [{ key, priority }];
  });
  const kept = new Set(longestIncreasing(existing).map((item) => item.key));
  return order.map((key) => ({ key, current: current.get(key), state: kept.has(key) ? 'placed' : 'open' }));
}

/**
 * Inserts the rules that are about to be deleted at their present position: before the first placed rule of a greater
 * priority.
 */
function withLeaving(items: Item[], current: ReadonlyMap<string, number>): Item[] {
  const staying = new Set(items.map((item) => item.key));
  const leaving = [...current].filter(([key]) => !staying.has(key)).sort((a, b) => a[1] - b[1]);
  const result = [...items];
  for (const [key, priority] of leaving) {
    const next = result.findIndex((item) => item.state !== 'open' && (item.current ?? 0) > priority);
    result.splice(next === -1 ? result.length : next, 0, { key, current: priority, state: 'leaving' });
  }
  return result;
}

interface Gap {
  /** The exclusive lower bound of the allowed values; `high` is the exclusive upper bound. */
  low: number;
  high: number;
  keys: string[];
  /** The indexes of the items that bound the gap; -1 and `items.length` at the ends. */
  before: number;
  after: number;
}

/** Returns the runs of open items. */
function gaps(items: readonly Item[]): Gap[] {
  const result: Gap[] = [];
  let before = -1;
  for (let after = 0; after <= items.length; after++) {
    if (items[after]?.state === 'open') continue;
    const keys = items.slice(before + 1, after).map((item) => item.key);
    const low = items[before]?.current ?? 0;
    const high = items[after]?.current ?? MAX_PRIORITY + 1;
    if (keys.length > 0) result.push({ low, high, keys, before, after });
    before = after;
  }
  return result;
}

function crowdedGap(items: readonly Item[], taken: ReadonlySet<number>): Gap | undefined {
  return gaps(items).find((gap) => freeValues(gap, taken).length < gap.keys.length);
}

/**
 * Opens the placed neighbour below the gap, or else the one above. A leaving neighbour gives up its protection only
 * when there is no placed one.
 */
function widen(items: Item[], gap: Gap): void {
  const before = items[gap.before];
  const after = items[gap.after];
  if (before === undefined && after === undefined) throw new Error('more rules than a listener has priorities');
  const sides = [before, after].filter((item) => item !== undefined);
  const side = sides.reverse().find((item) => item.state === 'placed') ?? sides[0];
  if (side?.state === 'placed') side.state = 'open';
  else if (side) items.splice(items.indexOf(side), 1);
}

function freeValues(gap: { low: number; high: number }, taken: ReadonlySet<number>, step = 1): number[] {
  const values: number[] = [];
  for (let value = (Math.floor(gap.low / step) + 1) * step; value < gap.high; value += step) {
    if (!taken.has(value)) values.push(value);
  }
  return values;
}

/** Chooses values for a gap: the next multiples of 10 at the open end, and evenly spread values between two rules. */
function valuesFor(count: number, gap: Gap, taken: ReadonlySet<number>): number[] {
  if (gap.high > MAX_PRIORITY) {
    const multiples = freeValues(gap, taken, STEP);
    if (multiples.length >= count) return multiples.slice(0, count);
  }
  const free = freeValues(gap, taken);
  return Array.from({ length: count }, (_, index) => free[Math.floor(((index + 0.5) * free.length) / count)] ?? 0);
}

interface Link<T> {
  item: T;
  previous: Link<T> | undefined;
}

/** Returns the longest subsequence of strictly increasing priorities. */
function longestIncreasing<T extends { priority: number }>(sequence: readonly T[]): T[] {
  /**
   * Holds, at index n - 1, the subsequence of length n found so far that ends with the smallest priority. These
   * priorities grow with n.
   */
  const ends: Link<T>[] = [];
  for (const item of sequence) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.item.priority ?? 0) < item.priority) low = middle + 1;
      else high = middle;
    }
    ends[low] = { item, previous: ends[low - 1] };
  }
  const result: T[] = [];
  for (let link = ends.at(-1); link; link = link.previous) result.push(link.item);
  return result.reverse();
}
