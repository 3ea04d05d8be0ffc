import * as z from 'zod';
import { DisplayName, fleetMetadata, Labels, Name, pageOf, Timestamp } from './common.ts';
import { DryRun, PlannedChange, QuotaUse } from './plan.ts';

const RegionId = z
  .string()
  .regex(/^[a-z]{2}-[a-z0-9-]{1,40}$/, 'must be a region id')
  .meta({ examples: ['cn-hangzhou'] });

export const AlbTarget = z
  .strictObject({
    provider: z.literal('alb'),
    regionId: RegionId,
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

export const DomainCertificate = z
  .strictObject({
    hostname: z
      .string()
      .max(128)
      .regex(/^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a host name, or *. and a host name'),
    certificateId: z.string().min(1).max(128),
  })
  .meta({ id: 'DomainCertificate' });

const certificates = z.array(DomainCertificate).max(100).optional().meta({
  description:
    'Host names that are created with HTTPS and this certificate; those that exist already stay as they are.',
});

export const MseTarget = z
  .strictObject({
    provider: z.literal('mse'),
    regionId: RegionId,
    gatewayUniqueId: z
      .string()
      .regex(/^gw-[a-z0-9]{1,60}$/, 'must be an MSE gateway id')
      .meta({ examples: ['gw-0adf7b2b9c9e4b0d'] }),
    certificates,
  })
  .meta({ id: 'MseTarget', description: 'An existing Alibaba Cloud MSE cloud-native gateway.' });
export type MseTarget = z.infer<typeof MseTarget>;

export const GatewayTarget = z.discriminatedUnion('provider', [AlbTarget, MseTarget]);
export type GatewayTarget = z.infer<typeof GatewayTarget>;

const ZoneMapping = z
  .strictObject({ zoneId: z.string().min(1).max(64), vSwitchId: z.string().min(1).max(64) })
  .meta({ id: 'ZoneMapping', examples: [{ zoneId: 'cn-hangzhou-h', vSwitchId: 'vsw-bp1' }] });

const distinctZones = (zones: { zoneId: string }[]) => new Set(zones.map((zone) => zone.zoneId)).size === zones.length;

export const ProvisionedListener = z
  .strictObject({
    port: z.int().min(1).max(65535),
    protocol: z.enum(['HTTP', 'HTTPS']).default('HTTP'),
    certificateId: z.string().min(1).max(128).optional(),
  })
  .refine((listener) => (listener.protocol === 'HTTPS') === (listener.certificateId !== undefined), {
    path: ['certificateId'],
    message: 'must be given for HTTPS, and for HTTPS only',
  })
  .meta({ id: 'ProvisionedListener' });

export const AlbProvision = z
  .strictObject({
    provider: z.literal('alb'),
    regionId: RegionId,
    vpcId: z.string().min(1).max(64),
    zones: z.array(ZoneMapping).min(2).max(10).refine(distinctZones, 'must not repeat a zone'),
    addressType: z.enum(['Internet', 'Intranet']).default('Intranet'),
    edition: z.enum(['Standard', 'StandardWithWaf']).default('Standard'),
    listeners: z
      .array(ProvisionedListener)
      .min(1)
      .max(10)
      .refine(
        (listeners) => new Set(listeners.map((item) => item.port)).size === listeners.length,
        'must not repeat a port',
      ),
  })
  .meta({ id: 'AlbProvision', description: 'A load balancer that Fairlead creates.' });
export type AlbProvision = z.output<typeof AlbProvision>;

export const MseProvision = z
  .strictObject({
    provider: z.literal('mse'),
    regionId: RegionId,
    vpcId: z.string().min(1).max(64),
    zones: z.array(ZoneMapping).min(1).max(2).refine(distinctZones, 'must not repeat a zone'),
    spec: z
      .enum(['MSE_GTW_2_4_200_c', 'MSE_GTW_4_8_200_c', 'MSE_GTW_8_16_200_c', 'MSE_GTW_16_32_200_c'])
      .default('MSE_GTW_4_8_200_c'),
    replicas: z.int().min(1).max(30).default(3),
    network: z.enum(['private', 'public', 'both']).default('private'),
    certificates,
  })
  .meta({ id: 'MseProvision', description: 'An MSE cloud-native gateway that Fairlead creates.' });
export type MseProvision = z.output<typeof MseProvision>;

export const GatewayProvision = z.discriminatedUnion('provider', [AlbProvision, MseProvision]);
export type GatewayProvision = z.output<typeof GatewayProvision>;

export const OwnershipPolicy = z.enum(['sync', 'upsert-only', 'observe-only']).meta({
  description:
    'sync: create, update and delete what Fairlead owns. upsert-only: never delete. observe-only: never write. ' +
    'Objects that Fairlead did not create are never touched.',
});
export type OwnershipPolicy = z.infer<typeof OwnershipPolicy>;

export const DriftPolicy = z.enum(['alert', 'revert', 'adopt']).meta({
  description:
    'What to do about changes that somebody made to our objects at the gateway itself. alert: leave them, and say so. revert: undo ' +
    'them. adopt: leave them until the declaration of that object changes. A change of the declaration is pushed in any case.',
});
export type DriftPolicy = z.infer<typeof DriftPolicy>;

export const GatewayInput = z
  .strictObject({
    displayName: DisplayName.optional(),
    labels: Labels.default({}),
    target: GatewayTarget.optional().meta({ description: 'An instance that is there, to be adopted.' }),
    provision: GatewayProvision.optional().meta({
      description: 'An instance to be created; the other way to say which.',
    }),
    credentials: Name.default('default').meta({
      description: 'Name of a credential set in the settings of the control plane.',
    }),
    policy: OwnershipPolicy.default('sync'),
    drift: DriftPolicy.default('alert'),
  })
  .refine((gateway) => (gateway.target === undefined) !== (gateway.provision === undefined), {
    message: 'must have a target or a provision, and not both',
  })
  .meta({ id: 'GatewayInput', description: 'A managed cloud gateway that carries routes.' });
export type GatewaySpec = z.output<typeof GatewayInput>;

export const SyncState = z.enum(['Pending', 'Pushed', 'Verified', 'Diverged', 'Failed']).meta({
  description:
    'Pending: not pushed yet. Pushed: the cloud accepted the changes. Verified: read back and equal. ' +
    'Diverged: read back and not equal. Failed: the last attempt ended in an error, the previous configuration serves.',
});
export type SyncState = z.infer<typeof SyncState>;

export const Progress = z
  .object({ done: z.int().min(0), total: z.int().min(1), step: z.string() })
  .meta({ id: 'Progress', description: 'How far work that takes minutes has come.' });
export type Progress = z.infer<typeof Progress>;

export const Drift = z
  .object({
    since: Timestamp.meta({ description: 'When it was first seen.' }),
    total: z.int().min(1),
    changes: z.array(PlannedChange).meta({ description: 'The changes that would undo it, the first 20.' }),
  })
  .meta({ id: 'Drift', description: 'What somebody changed at the gateway since it was last verified.' });
export type Drift = z.infer<typeof Drift>;

export const GatewaySync = z
  .object({
    state: SyncState,
    reason: z.string(),
    message: z.string(),
    attempts: z.int().min(0).meta({ description: 'Attempts since the last success.' }),
    lastAttemptAt: Timestamp.optional(),
    nextAttemptAt: Timestamp.optional(),
    pushedAt: Timestamp.optional(),
    verifiedAt: Timestamp.optional(),
    checkedAt: Timestamp.optional().meta({ description: 'When it was last compared with what is declared.' }),
    progress: Progress.optional(),
    drift: Drift.optional(),
    quotas: z.array(QuotaUse).optional().meta({ description: 'As last seen, the fullest first.' }),
  })
  .meta({ id: 'GatewaySync', description: 'How far the gateway follows what is declared.' });
export type GatewaySync = z.infer<typeof GatewaySync>;

export const Gateway = z
  .object({
    ...fleetMetadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    target: GatewayTarget.optional().meta({ description: 'Of a gateway that is being created: once it is known.' }),
    provision: GatewayProvision.optional(),
    credentials: Name,
    policy: OwnershipPolicy,
    drift: DriftPolicy,
    address: z.string().optional().meta({ description: 'DNS name of the gateway, once known.' }),
    sync: GatewaySync,
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Gateway' });
export type Gateway = z.infer<typeof Gateway>;

export const GatewayPage = pageOf('GatewayPage', Gateway);
