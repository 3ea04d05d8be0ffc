/** The queries of lists: pages, filters, and the order. */

import * as z from 'zod';
import { PageQuery, Timestamp } from './common.ts';
import { LabelSelector } from './label-selector.ts';

type OrderOf<F extends string> = F | `-${F}`;

/** The parameters that every list with an order has. */
type Ordered<F extends string> = (typeof PageQuery)['shape'] & { orderBy: z.ZodOptional<z.ZodType<OrderOf<F>>> };

/** The filters and the order in a query, without the page. */
export type AskedOf<Q extends z.ZodType> = Omit<z.output<Q>, 'pageSize' | 'pageToken'>;

/**
 * Returns the query of a list that can be ordered by `fields` and filtered by `filters`, all of which must hold. `usual` is the
 * order when none is asked for; when it is none of these, the list has an order of its own.
 */
export function listQuery<const F extends string, S extends z.ZodRawShape>(
  { fields, usual }: { fields: readonly F[]; usual: OrderOf<F> | 'id' },
  filters: S,
) {
  const orders = fields.flatMap((field): OrderOf<F>[] => [field, `-${field}`]);
  const orderBy: z.ZodType<OrderOf<F>> = z.enum(orders).meta({
    description: `The field by which the list is ordered, from the last to the first with a hyphen before it. The default is \`${usual}\`.`,
    examples: [`-${fields[0]}`],
  });
  const shape: Ordered<F> & S = { ...PageQuery.shape, ...filters, orderBy: orderBy.optional() };
  return z.strictObject(shape).refine(isSpan, { path: ['until'], message: 'must not be before since' });
}

/** Returns the query of a list of resources, all of which have names, times and labels. */
export function resourceQuery<S extends z.ZodRawShape>(filters: S) {
  return listQuery(
    { fields: ['name', 'createdAt'], usual: 'name' },
    { labelSelector: LabelSelector.optional(), ...filters },
  );
}

/** The description of every list that has filters. */
export const FILTERED =
  'All filters must hold. Pages neither skip nor repeat what is there, and is as asked for, all the time; a token is for the same ' +
  'filters and the same order. One answer looks at 500 entries at most, unless the order is another one than the usual one or its ' +
  'opposite: a page may be short, or empty, and still have a nextPageToken.';

/** The filters of lists of what happened at a time. */
export const span = {
  since: Timestamp.optional().meta({ description: 'Only what happened at this time or later.' }),
  until: Timestamp.optional().meta({ description: 'Only what happened at this time or earlier.' }),
};

function isSpan(query: object): boolean {
  const { since, until } = query as { since?: unknown; until?: unknown };
  return typeof since !== 'string' || typeof until !== 'string' || Date.parse(since) <= Date.parse(until);
}

/** The filter of lists of what ends. `what` says when something is live. */
export function live(what: string) {
  return z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: `When \`true\`, only ${what}; when \`false\`, only the others.`, examples: ['true'] });
}

/** Returns a filter by a value that is compared as a whole. */
export function exactly(description: string, example: string) {
  return z
    .string()
    .max(512)
    .optional()
    .meta({ description, examples: [example] });
}
