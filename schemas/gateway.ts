import * as z from 'zod';
import { DisplayName, fleetMetadata, Labels, Name, pageOf, Timestamp } from './common.ts';

export const AlbTarget = z
  .strictObject({
    provider: z.literal('alb'),
    regionId: z
      .string()
      .regex(/^[a-z]{2}-[a-z0-9-]{1,40}$/, 'must be a region id')
      .meta({ examples: ['cn-hangzhou'] }),
    loadBalancerId: z.string().regex(/^alb-[a-z0-9]{1,40}$/, 'must be an ALB instance id'),
    listenerIds: z
      .array(z.string().regex(/^lsn-[a-z0-9@]{1,40}$/, 'must be an ALB listener id'))
      .min(1)
      .max(10)
      .refine((ids) => new Set(ids).size === ids.length, 'must not repeat a listener')
      .meta({ description: 'The listeners that carry the routes of this gateway.' }),
  })
  .meta({ id: 'AlbTarget', description: 'An existing Alibaba Cloud Application Load Balancer.' });
export type AlbTarget = z.infer<typeof AlbTarget>;

export const GatewayTarget = z.discriminatedUnion('provider', [AlbTarget]);
export type GatewayTarget = z.infer<typeof GatewayTarget>;

export const OwnershipPolicy = z.enum(['sync', 'upsert-only', 'observe-only']).meta({
  description:
    'sync: create, update and delete what Fairlead owns. upsert-only: never delete. observe-only: never write. ' +
    'Objects that Fairlead did not create are never touched.',
});
export type OwnershipPolicy = z.infer<typeof OwnershipPolicy>;

export const GatewayInput = z
  .strictObject({
    displayName: DisplayName.optional(),
    labels: Labels.default({}),
    target: GatewayTarget,
    credentials: Name.default('default').meta({
      description: 'Name of a credential set in the settings of the control plane.',
    }),
    policy: OwnershipPolicy.default('sync'),
  })
  .meta({ id: 'GatewayInput', description: 'A managed cloud gateway that carries routes.' });
export type GatewaySpec = z.output<typeof GatewayInput>;

export const SyncState = z.enum(['Pending', 'Pushed', 'Verified', 'Diverged', 'Failed']).meta({
  description:
    'Pending: not pushed yet. Pushed: the cloud accepted the changes. Verified: read back and equal. ' +
    'Diverged: read back and not equal. Failed: the last attempt ended in an error, the previous configuration serves.',
});
export type SyncState = z.infer<typeof SyncState>;

export const GatewaySync = z
  .object({
    state: SyncState,
    reason: z.string(),
    message: z.string(),
    attempts: z.int().min(0).meta({ description: 'Attempts since the last success.' }),
    lastAttemptAt: Timestamp.optional(),
    nextAttemptAt: Timestamp.optional(),
    verifiedAt: Timestamp.optional(),
  })
  .meta({ id: 'GatewaySync', description: 'How far the gateway follows what is declared.' });
export type GatewaySync = z.infer<typeof GatewaySync>;

export const Gateway = z
  .object({
    ...fleetMetadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    target: GatewayTarget,
    credentials: Name,
    policy: OwnershipPolicy,
    address: z.string().optional().meta({ description: 'DNS name of the gateway, once known.' }),
    sync: GatewaySync,
  })
  .meta({ id: 'Gateway' });
export type Gateway = z.infer<typeof Gateway>;

export const GatewayPage = pageOf('GatewayPage', Gateway);

export const PlannedChange = z
  .object({
    verb: z.enum(['create', 'update', 'delete']),
    kind: z.string(),
    key: z.string(),
    reason: z.string(),
  })
  .meta({ id: 'PlannedChange' });

export const ReconcileResult = z
  .object({
    gateway: Name,
    state: SyncState,
    reason: z.string(),
    message: z.string(),
    changes: z
      .array(PlannedChange)
      .meta({ description: 'What differed between declared and current, and was pushed.' }),
  })
  .meta({ id: 'ReconcileResult' });
export type ReconcileResult = z.infer<typeof ReconcileResult>;
