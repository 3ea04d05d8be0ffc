import * as z from 'zod';
import { City, DisplayName, fleetMetadata, Labels, Name, Percent, pageOf, Site } from './common.ts';
import { type AskedOf, resourceQuery } from './list-query.ts';
import { DryRun } from './plan.ts';

export const Tier = z.int().min(0).max(9).meta({
  description: 'The tier. Tier 0 serves, and each higher tier serves when no cluster of a lower tier can.',
});

export const Pin = z.enum(['strict', 'prefer']).meta({
  description:
    'strict: health never moves this traffic away from the named clusters. prefer: when none of them can serve, every other ' +
    'cluster that exports the service may serve.',
});

/** The fields by which a member of a distribution names its clusters. Exactly one of them is given. */
const places = {
  cluster: Name.optional(),
  site: Site.min(1)
    .optional()
    .meta({ description: 'A site, which stands for each of its clusters that exports the service.' }),
  city: City.min(1)
    .optional()
    .meta({ description: 'A city, which stands for each of its clusters that exports the service.' }),
};

export const PLACES = ['cluster', 'site', 'city'] as const satisfies readonly (keyof typeof places)[];

type Place = { [K in (typeof PLACES)[number]]?: string | undefined };

const namesOnePlace = (member: Place) => PLACES.filter((place) => member[place] !== undefined).length === 1;

const NAMES_ONE_PLACE = 'must name either a cluster, a site or a city';

const tier = Tier.optional().meta({
  description: 'The tier of the member. When absent, each cluster has the tier that it declares.',
});

export const WeightedMember = z
  .strictObject({
    ...places,
    weight: Percent.default(100).meta({
      description:
        'The weight, relative to the other members of the tier. The weight of a site or a city is shared in equal parts by those of ' +
        'its clusters that export the service.',
    }),
    tier,
  })
  .refine(namesOnePlace, NAMES_ONE_PLACE)
  .meta({ id: 'WeightedMember' });

export const TieredMember = z
  .strictObject({ ...places, tier })
  .refine(namesOnePlace, NAMES_ONE_PLACE)
  .meta({ id: 'TieredMember' });

const areDistinct = (members: readonly Place[]) =>
  new Set(members.map((member) => JSON.stringify(PLACES.map((place) => member[place] ?? '')))).size === members.length;

const ARE_DISTINCT = 'must not repeat a cluster, a site or a city';

export const WeightedMembers = z
  .array(WeightedMember)
  .min(1)
  .max(100)
  .refine(areDistinct, ARE_DISTINCT)
  .refine((members) => members.some((item) => item.weight > 0), 'must have a member with a weight above 0')
  .meta({ description: 'The clusters, by name or by the site or the city that they are in.' });
export type WeightedMembers = z.output<typeof WeightedMembers>;

const weighted = { strategy: z.literal('weighted'), clusters: WeightedMembers, pin: Pin.optional() };

const replicas = {
  strategy: z.literal('replicas'),
  clusters: z
    .array(TieredMember)
    .max(100)
    .refine(areDistinct, ARE_DISTINCT)
    .default([])
    .meta({ description: 'The clusters. When empty, every cluster that exports the service is a member.' }),
  pin: Pin.optional(),
};

const BY_REPLICAS = 'Clusters weigh by their exported replicas.';

/** The way in which requests are shared between clusters. */
export const Split = z.discriminatedUnion('strategy', [
  z.strictObject(weighted).meta({ id: 'WeightedSplit' }),
  z.strictObject(replicas).meta({ id: 'ReplicasSplit', description: BY_REPLICAS }),
]);
export type Split = z.output<typeof Split>;

/** The `strategy` of a reference, which is always absent: this tells a reference from a split. */
const NO_STRATEGY = z
  .undefined()
  .optional()
  .meta({ override: { not: {} } });

export const DistributionRef = z
  .strictObject({ strategy: NO_STRATEGY, ref: Name })
  .meta({ id: 'DistributionRef', description: 'A reference to a distribution of the fleet.' });

/** The distribution of a route: a split of its own, or a reference to a named distribution. */
export const RouteDistribution = z.discriminatedUnion('strategy', [...Split.options, DistributionRef], {
  error: ({ code }) => (code === 'invalid_union' ? 'must be weighted or replicas, or absent beside a ref' : undefined),
});
export type RouteDistribution = z.output<typeof RouteDistribution>;

const described = { displayName: DisplayName.optional(), labels: Labels.default({}) };

export const DistributionInput = z
  .discriminatedUnion('strategy', [
    z.strictObject({ ...described, ...weighted }).meta({ id: 'WeightedDistributionInput' }),
    z.strictObject({ ...described, ...replicas }).meta({ id: 'ReplicasDistributionInput', description: BY_REPLICAS }),
  ])
  .meta({ id: 'DistributionInput', description: 'A named split. One write moves every route that uses it.' });
export type DistributionSpec = z.output<typeof DistributionInput>;

export const Distribution = z
  .object({
    ...fleetMetadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    strategy: z.enum(['weighted', 'replicas']),
    clusters: z.array(z.object({ ...places, weight: Percent.optional(), tier })),
    pin: Pin.optional(),
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Distribution' });
export type Distribution = z.infer<typeof Distribution>;

export const DistributionPage = pageOf('DistributionPage', Distribution);

export const DistributionQuery = resourceQuery({
  strategy: Distribution.shape.strategy.optional().meta({ examples: ['weighted'] }),
  cluster: Name.optional().meta({
    description: 'Only distributions that name this cluster. A site or a city that it is in does not count.',
    examples: ['hangzhou-a'],
  }),
});
export type DistributionQuery = AskedOf<typeof DistributionQuery>;
