import * as z from 'zod';
import { ClusterInput } from './cluster.ts';
import { DigestQuery, FieldChange, Kind, Name, Timestamp } from './common.ts';
import { DistributionInput } from './distribution.ts';
import { FleetInput } from './fleet.ts';
import { GatewayInput } from './gateway.ts';
import { GatewayPlan } from './plan.ts';
import { RouteInput } from './route.ts';
import { ServiceInput } from './service.ts';

export const API_VERSION = 'fairlead.dev/v1';

const ApiVersion = z.literal(API_VERSION);

function documentOf<K extends string, S extends z.ZodType>(kind: K, spec: S) {
  return z
    .strictObject({
      apiVersion: ApiVersion,
      kind: z.literal(kind),
      metadata: z.strictObject({ name: Name }),
      spec,
    })
    .meta({ id: `${kind}Document` });
}

export const ManifestDocument = z
  .discriminatedUnion(
    'kind',
    [
      documentOf('Fleet', FleetInput),
      documentOf('Cluster', ClusterInput),
      documentOf('Gateway', GatewayInput),
      documentOf('Service', ServiceInput),
      documentOf('Distribution', DistributionInput),
      documentOf('Route', RouteInput),
    ],
    {
      error: ({ code }) =>
        code === 'invalid_union' ? 'must be Fleet, Cluster, Gateway, Service, Distribution or Route' : undefined,
    },
  )
  .meta({ id: 'ManifestDocument', description: 'One resource of a fleet, as PUT takes it, with its kind and name.' });
export type ManifestDocument = z.output<typeof ManifestDocument>;

const list = { apiVersion: ApiVersion, kind: z.literal('List') };

export const Manifest = z
  .strictObject({ ...list, items: z.array(ManifestDocument).min(1) })
  .meta({ id: 'Manifest', description: 'What a fleet holds. In YAML: a stream of its items as documents.' });
export type Manifest = z.output<typeof Manifest>;

const DeclaredDocument = z
  .object({
    apiVersion: ApiVersion,
    kind: z.enum(['Fleet', 'Cluster', 'Gateway', 'Service', 'Distribution', 'Route']),
    metadata: z.object({ name: Name }),
    spec: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What is declared, as PUT takes it, defaults filled in.' }),
  })
  .meta({ id: 'DeclaredDocument' });
export type DeclaredDocument = z.infer<typeof DeclaredDocument>;

export const DeclaredManifest = z.object({ ...list, items: z.array(DeclaredDocument) }).meta({
  id: 'DeclaredManifest',
  description:
    'What a fleet holds: first the fleet, then clusters, gateways, services, distributions, routes, by name.',
});
export type DeclaredManifest = z.infer<typeof DeclaredManifest>;

export const ManifestChange = z
  .object({
    verb: z.enum(['create', 'update', 'delete']),
    kind: Kind,
    name: Name,
    fields: z
      .array(FieldChange)
      .meta({ description: 'The fields that would differ, by pointer: the first 100, as far as they fit in 32 KiB.' }),
  })
  .meta({ id: 'ManifestChange' });
export type ManifestChange = z.infer<typeof ManifestChange>;

export const FleetPlan = z
  .object({
    fleet: Name,
    digest: z.string().meta({
      description:
        'Of the fleet and the changes. An apply that carries it is refused when the changes are not these any more.',
    }),
    changes: z.array(ManifestChange).meta({ description: 'In the order in which they would be written.' }),
    plans: z.array(GatewayPlan).meta({ description: 'Of a dry run: what each gateway that has to follow would get.' }),
  })
  .meta({ id: 'FleetPlan', description: 'What it takes to make a fleet what is desired.' });
export type FleetPlan = z.infer<typeof FleetPlan>;

const allowEmpty = z
  .enum(['true', 'false'])
  .optional()
  .meta({ description: 'true: gateways that have routes may be left without any.', examples: ['true'] });

export const FleetApplyQuery = z.strictObject({ ...DigestQuery.shape, allowEmpty });

export const ManifestQuery = z.strictObject({
  prune: z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description: 'true: what the manifest does not hold is deleted; never the fleet itself.',
      examples: ['true'],
    }),
  ...FleetApplyQuery.shape,
});

export const FleetRollbackInput = z
  .strictObject({ at: Timestamp.meta({ description: 'The time to go back to.' }) })
  .meta({ id: 'FleetRollbackInput' });
