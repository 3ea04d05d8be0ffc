/** The place of an action: a cluster, or all clusters of a site or of a city. */

import type * as z from 'zod';
import { City, Name, Site } from './common.ts';

/** The fields that name a place. Exactly one of them is given. */
export const place = {
  cluster: Name.optional(),
  site: Site.min(1)
    .optional()
    .meta({ description: 'A data centre, which stands for all of its clusters.', examples: ['hangzhou-1'] }),
  city: City.min(1)
    .optional()
    .meta({ description: 'A city, which stands for all of its clusters.', examples: ['hangzhou'] }),
};
export type Place = z.output<z.ZodObject<typeof place>>;

export const isOnePlace = ({ cluster, site, city }: Place) =>
  [cluster, site, city].filter((it) => it !== undefined).length === 1;

export const ONE_PLACE = 'must name exactly one of cluster, site and city';
