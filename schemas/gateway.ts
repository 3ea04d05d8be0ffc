import * as z from 'zod';
import { DisplayName, FieldChange, fleetMetadata, Labels, Name, Percent, pageOf, Timestamp } from './common.ts';
import { DryRun, ForeignObject, QuotaUse } from './plan.ts';
import { HttpProbe, StatusRange } from './probe.ts';

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

export const DataPlaneCheck = z
  .strictObject({
    url: HttpProbe.shape.url.meta({
      description: 'Leads through the gateway, such as to a host name of its own that a route of the fleet carries.',
      examples: ['http://edge-1.shop.example.com/healthz'],
    }),
    expectedStatus: StatusRange.default({ from: 200, to: 299 }).meta({
      description: 'Any other status is a failure. Redirects are not followed, and fail unless they are expected.',
    }),
    expectedBody: HttpProbe.shape.expectedBody,
    timeoutSeconds: z.int().min(1).max(10).default(3),
  })
  .meta({
    id: 'DataPlaneCheck',
    description:
      'A GET request that is sent through the gateway once a change of its traffic has been read back, and again until it is answered as expected. ' +
      'It moves nothing: the condition Observed, the status of the fleet and an incident tell what came of it.',
  });

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
    dataPlaneCheck: DataPlaneCheck.optional(),
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

export const Deviation = z
  .object({
    kind: z.string(),
    key: z.string(),
    verb: z.enum(['create', 'update', 'delete']).optional().meta({ description: 'The change that it would take.' }),
    reason: z
      .enum(['Refused', 'NotAsWritten', 'Drifted', 'Shadowed', 'Waiting', 'ObserveOnly', 'Pending', 'Adopted'])
      .meta({
        description:
          'Refused: the cloud or a limit refuses the change. NotAsWritten: written, and read back otherwise. Drifted: somebody changed it at the ' +
          'gateway, and it is left so. Adopted: the same, accepted. Shadowed: a rule that is not ours takes its requests. Waiting: it stays until ' +
          'what takes its place is there. ObserveOnly: nothing is written to this gateway. Pending: on its way.',
      }),
    detail: z.string().meta({ description: 'What differs, in the terms of the gateway, or why it was refused.' }),
    changes: z.array(FieldChange).meta({
      description: 'The first fields that differ: before is what the gateway has, after what it shall have.',
    }),
    code: z.string().optional().meta({ description: 'Of the refusal.' }),
    routes: z.array(Name).meta({ description: 'The routes that the object carries.' }),
    clusters: z
      .array(Name)
      .optional()
      .meta({ description: 'Those that have other points of its pool than they shall have.' }),
    since: Timestamp,
    retryAt: Timestamp.optional().meta({
      description: 'A refused change is not tried again before, unless it becomes another.',
    }),
  })
  .meta({ id: 'Deviation', description: 'An object of ours that is not as declared, or does not get its requests.' });
export type Deviation = z.infer<typeof Deviation>;

export const Orphan = z
  .object({ kind: z.string(), key: z.string(), remoteId: z.string(), since: Timestamp })
  .meta({ id: 'Orphan', description: 'It carries our mark, and nothing is known of it here.' });

export const ClusterPoints = z
  .object({
    cluster: Name,
    pools: z.int().min(1),
    unknownPools: z.int().min(0).meta({ description: 'Of which it could not be told what the cluster had.' }),
    minPercent: Percent,
    maxPercent: Percent,
  })
  .meta({ id: 'ClusterPoints', description: 'The least and the most that a cluster had of any pool at a gateway.' });
export type ClusterPoints = z.infer<typeof ClusterPoints>;

export const GatewayReading = z
  .object({
    readAt: Timestamp.optional().meta({
      description: 'When the last complete read began. Everything that is said of the gateway is as old as that.',
    }),
    poolsReadAt: Timestamp.optional().meta({ description: 'When pools were last read, be it with the rest or alone.' }),
    failure: z
      .object({ since: Timestamp, at: Timestamp, action: z.string(), code: z.string() })
      .optional()
      .meta({ description: 'Present while the gateway cannot be read.' }),
    deviationCount: z.int().min(0),
    deviations: z.array(Deviation).meta({ description: 'The first 50.' }),
    clusters: z.array(ClusterPoints),
    orphans: z.array(Orphan).meta({ description: 'Deleted once they are found again ten minutes later.' }),
    foreign: z.array(ForeignObject).meta({ description: 'What is not ours, the first 100: it is never touched.' }),
  })
  .meta({ id: 'GatewayReading', description: 'What the gateway had when it was last read.' });
export type GatewayReading = z.infer<typeof GatewayReading>;

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
    checkedAt: Timestamp.optional().meta({ description: 'When a run last compared it with what is declared.' }),
    progress: Progress.optional(),
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
    dataPlaneCheck: DataPlaneCheck.optional(),
    address: z.string().optional().meta({ description: 'DNS name of the gateway, once known.' }),
    sync: GatewaySync,
    reading: GatewayReading,
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Gateway' });
export type Gateway = z.infer<typeof Gateway>;

export const GatewayPage = pageOf('GatewayPage', Gateway);
