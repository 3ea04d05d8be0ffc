/** Where something happens: a cluster, or all clusters of a site or of a city. */

import type * as z from 'zod';
import { City, Name, Site } from './common.ts';

/** Exactly one of them is named. */
export const place = {
  cluster: Name.optional(),
  site: Site.min(1)
    .optional()
    .meta({ description: 'The data centre: all clusters of it.', examples: ['hangzhou-1'] }),
  city: City.min(1)
    .optional()
    .meta({ description: 'All clusters of it.', examples: ['hangzhou'] }),
};
export type Place = z.output<z.ZodObject<typeof place>>;

export const isOnePlace = ({ cluster, site, city }: Place) =>
  [cluster, site, city].filter((it) => it !== undefined).length === 1;

export const ONE_PLACE = 'must name exactly one of cluster, site and city';
