import * as z from 'zod';
import { ApprovalNeed } from './approval.ts';
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
  .meta({
    id: 'ManifestDocument',
    description: 'One resource of a fleet in the form that PUT takes, with its kind and name.',
  });
export type ManifestDocument = z.output<typeof ManifestDocument>;

const list = { apiVersion: ApiVersion, kind: z.literal('List') };

export const Manifest = z.strictObject({ ...list, items: z.array(ManifestDocument).min(1) }).meta({
  id: 'Manifest',
  description: 'The resources of a fleet. In YAML, a manifest is a stream of its items as documents.',
});
export type Manifest = z.output<typeof Manifest>;

const DeclaredDocument = z
  .object({
    apiVersion: ApiVersion,
    kind: z.enum(['Fleet', 'Cluster', 'Gateway', 'Service', 'Distribution', 'Route']),
    metadata: z.object({ name: Name }),
    spec: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The declaration in the form that PUT takes, with defaults filled in.' }),
  })
  .meta({ id: 'DeclaredDocument' });
export type DeclaredDocument = z.infer<typeof DeclaredDocument>;

export const DeclaredManifest = z.object({ ...list, items: z.array(DeclaredDocument) }).meta({
  id: 'DeclaredManifest',
  description:
    'The resources of a fleet: first the fleet, then clusters, gateways, services, distributions and routes, each sorted by name.',
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
        'The digest of the fleet and the changes. An apply that carries it is refused when the changes are not these any more.',
    }),
    changes: z.array(ManifestChange).meta({ description: 'The changes in the order in which they would be written.' }),
    plans: z
      .array(GatewayPlan)
      .meta({ description: 'The plan of each gateway that would have to follow. Only a dry run has any.' }),
    approval: ApprovalNeed.optional(),
  })
  .meta({ id: 'FleetPlan', description: 'The changes that bring a fleet to its desired state.' });
export type FleetPlan = z.infer<typeof FleetPlan>;

const allowEmpty = z
  .enum(['true', 'false'])
  .optional()
  .meta({ description: 'When `true`, gateways that have routes may be left without any.', examples: ['true'] });

export const FleetApplyQuery = z.strictObject({ ...DigestQuery.shape, allowEmpty });

export const ManifestQuery = z.strictObject({
  prune: z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description: 'When `true`, resources that the manifest does not hold are deleted, but never the fleet itself.',
      examples: ['true'],
    }),
  ...FleetApplyQuery.shape,
});

export const FleetRollbackInput = z
  .strictObject({ at: Timestamp.meta({ description: 'The time to go back to.' }) })
  .meta({ id: 'FleetRollbackInput' });
