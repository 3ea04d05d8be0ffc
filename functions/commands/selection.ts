/** From what somebody asks of a list to the selection of the store. */

import { msOf } from '../core/model/time.ts';
import type { Selection, Span } from '../deps.ts';

/** The parts of a query that mean the same for every list. */
interface Asked {
  orderBy?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** For each filter, whether an item is shown to somebody who asks for the value. */
type Filters<T, Q, K extends keyof Q> = { [F in K]-?: (item: T, asked: NonNullable<Q[F]>) => boolean };

/** The description of a list of `T` that takes the query `Q`. The filters `S` look at the items as they are shown, `V`. */
export interface ListOf<T, Q extends Asked, S extends keyof Q = never, V = never> {
  filters: Filters<T, Q, Exclude<keyof Q, keyof Asked | S>>;
  shown?: Filters<V, Q, S>;
  /** The part of the stored items that is listed; all of them when absent. `name` tells it from other parts. */
  part?: { name: string; has(item: T): boolean };
  /** Returns the time of an item, for `since` and `until`. */
  at?(item: T): string;
  /** The fields that the list can be ordered by, besides that of its keys. */
  fields?: Partial<Record<string, (item: T) => string>>;
}

type Test<T> = (item: T, asked: unknown) => boolean;

/** Returns the selection for what somebody asks. `show` returns items as they are shown, in the same order. */
export function selectionOf<T, Q extends Asked, S extends keyof Q = never, V = never>(
  list: ListOf<T, Q, S, V>,
  asked: Q,
  show?: (items: readonly T[]) => Promise<readonly V[]>,
): Selection<T> {
  const { orderBy, since, until, ...values } = asked;
  const key = [list.part?.name ?? '', JSON.parse(JSON.stringify(asked))];
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const unknown = given.find(([name]) => !(name in list.filters) && !(name in (list.shown ?? {})));
  if (unknown !== undefined) throw new Error(`The list has no filter ${unknown[0]}.`);
  const tests = testsOf<T>(list.filters, given);
  const shownTests = testsOf<V>(list.shown ?? {}, given);
  const isFiltered = given.length > 0 || list.part !== undefined || (since ?? until) !== undefined;
  const span = spanOf(asked);
  const isIn = (item: T) =>
    (list.part?.has(item) ?? true) && (list.at === undefined || isWithin(msOf(list.at(item)), span));
  const matching = async (items: readonly T[]) => {
    const fit = items.filter((item) => isIn(item) && tests.every((test) => test(item)));
    if (shownTests.length === 0 || show === undefined || fit.length === 0) return fit;
    const views = await show(fit);
    return fit.filter((_, index) => shownTests.every((test) => test(views[index] as V)));
  };
  return {
    key,
    ...(isFiltered && { matching }),
    ...(orderBy !== undefined && orderOf(list, orderBy)),
    ...((since ?? until) !== undefined && { span }),
  };
}

function testsOf<T>(filters: object, given: readonly [name: string, value: unknown][]): ((item: T) => boolean)[] {
  const tests = new Map<string, Test<T>>(Object.entries(filters));
  return given.flatMap(([name, value]) => {
    const test = tests.get(name);
    return test === undefined ? [] : [(item: T) => test(item, value)];
  });
}

function orderOf<T>({ fields = {} }: { fields?: Partial<Record<string, (item: T) => string>> }, orderBy: string) {
  const isDescending = orderBy.startsWith('-');
  const field = fields[isDescending ? orderBy.slice(1) : orderBy];
  return { isDescending, ...(field && { orderOf: field }) };
}

function spanOf({ since, until }: Asked): Span {
  return { fromMs: since === undefined ? undefined : msOf(since), toMs: until === undefined ? undefined : msOf(until) };
}

function isWithin(atMs: number, { fromMs = atMs, toMs = atMs }: Span): boolean {
  return fromMs <= atMs && atMs <= toMs;
}

/** The filter `live`, with which people ask for what has not ended, or for what has. */
export function isLiveAs<T>(isLive: (item: T) => boolean): (item: T, asked: 'true' | 'false') => boolean {
  return (item, asked) => isLive(item) === (asked === 'true');
}
