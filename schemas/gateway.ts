import * as z from 'zod';
import { DisplayName, FieldChange, fleetMetadata, Labels, Name, Percent, pageOf, Timestamp } from './common.ts';
import { type AskedOf, resourceQuery } from './list-query.ts';
import { DryRun, ForeignObject, QuotaUse } from './plan.ts';
import { EdgeHeaders, HttpProbe, StatusRange } from './probe.ts';

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

const certificates = z
  .array(DomainCertificate)
  .max(100)
  .optional()
  .meta({
    description:
      'The certificates of host names. A host name that does not exist yet is created with HTTPS and its certificate; existing ones ' +
      'stay as they are.',
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
    'sync: objects that Fairlead owns are created, updated and deleted. upsert-only: nothing is deleted. observe-only: nothing is ' +
    'written. Objects that Fairlead did not create are never touched.',
});
export type OwnershipPolicy = z.infer<typeof OwnershipPolicy>;

export const DriftPolicy = z.enum(['alert', 'revert', 'adopt']).meta({
  description:
    'The reaction to changes that somebody made to objects of Fairlead at the gateway itself. alert: they are left, and reported. ' +
    'revert: they are undone. adopt: they are left until the declaration of the object changes. A change of the declaration is ' +
    'pushed in any case.',
});
export type DriftPolicy = z.infer<typeof DriftPolicy>;

export const DataPlaneCheck = z
  .strictObject({
    url: HttpProbe.shape.url.meta({
      description:
        'A URL that leads through the gateway, such as one with a host name of its own that a route of the fleet carries.',
      examples: ['http://edge-1.shop.example.com/healthz'],
    }),
    headers: EdgeHeaders,
    expectedStatus: StatusRange.default({ from: 200, to: 299 }).meta({
      description: 'Any other status is a failure. Redirects are not followed, and fail unless they are expected.',
    }),
    expectedBody: HttpProbe.shape.expectedBody,
    timeoutSeconds: z.int().min(1).max(10).default(3),
  })
  .meta({
    id: 'DataPlaneCheck',
    description:
      'A GET request that is sent through the gateway once a change of its traffic has been read back, and again until it is ' +
      'answered as expected. It moves nothing: the condition Observed, the status of the fleet and an incident show the result.',
  });

export const GatewayInput = z
  .strictObject({
    displayName: DisplayName.optional(),
    labels: Labels.default({}),
    target: GatewayTarget.optional().meta({
      description: 'An existing instance to use. Either `target` or `provision` is given.',
    }),
    provision: GatewayProvision.optional().meta({
      description: 'An instance to create. Either `target` or `provision` is given.',
    }),
    credentials: Name.default('default').meta({
      description: 'The name of a credential set in the settings of the control plane.',
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
    'Pending: the changes are not pushed yet. Pushed: the cloud accepted them. Verified: they were read back and are equal. ' +
    'Diverged: they were read back and are not equal. Failed: the last attempt ended in an error, and the previous configuration ' +
    'serves.',
});
export type SyncState = z.infer<typeof SyncState>;

export const Progress = z
  .object({ done: z.int().min(0), total: z.int().min(1), step: z.string() })
  .meta({ id: 'Progress', description: 'The progress of work that takes minutes.' });
export type Progress = z.infer<typeof Progress>;

export const Deviation = z
  .object({
    kind: z.string(),
    key: z.string(),
    verb: z
      .enum(['create', 'update', 'delete'])
      .optional()
      .meta({ description: 'The change that would bring the object to what is declared.' }),
    reason: z
      .enum(['Refused', 'NotAsWritten', 'Drifted', 'Shadowed', 'Waiting', 'ObserveOnly', 'Pending', 'Adopted'])
      .meta({
        description:
          'Refused: the cloud or a limit refuses the change. NotAsWritten: the object was written, and read back differently. Drifted: ' +
          'somebody changed it at the gateway, and the change is left. Adopted: somebody changed it at the gateway, and the change is ' +
          'accepted. Shadowed: a rule that is not of Fairlead takes its requests. Waiting: it stays until its replacement is there. ' +
          'ObserveOnly: nothing is written to this gateway. Pending: the change is on its way.',
      }),
    detail: z.string().meta({
      description: 'A text that says, in the terms of the gateway, what differs, or why the change was refused.',
    }),
    changes: z.array(FieldChange).meta({
      description:
        'The first fields that differ: `before` is the value at the gateway, and `after` is the value that it is to have.',
    }),
    code: z.string().optional().meta({ description: 'The error code of the refusal.' }),
    routes: z.array(Name).meta({ description: 'The routes that the object carries.' }),
    clusters: z
      .array(Name)
      .optional()
      .meta({ description: 'The clusters whose points in the pool differ from those that they are to have.' }),
    since: Timestamp,
    retryAt: Timestamp.optional().meta({
      description:
        'The time before which a refused change is not tried again, unless the change itself becomes a different one.',
    }),
  })
  .meta({
    id: 'Deviation',
    description: 'An object of Fairlead at the gateway that is not as declared, or that does not get its requests.',
  });
export type Deviation = z.infer<typeof Deviation>;

export const Orphan = z.object({ kind: z.string(), key: z.string(), remoteId: z.string(), since: Timestamp }).meta({
  id: 'Orphan',
  description: 'An object at the gateway that carries the mark of Fairlead, but is unknown to the control plane.',
});

export const ClusterPoints = z
  .object({
    cluster: Name,
    pools: z.int().min(1),
    unknownPools: z
      .int()
      .min(0)
      .meta({ description: 'The number of those pools for which the share of the cluster could not be told.' }),
    minPercent: Percent,
    maxPercent: Percent,
  })
  .meta({
    id: 'ClusterPoints',
    description: 'The smallest and the largest share that a cluster had of any pool at a gateway.',
  });
export type ClusterPoints = z.infer<typeof ClusterPoints>;

export const GatewayReading = z
  .object({
    readAt: Timestamp.optional().meta({
      description:
        'The time at which the last complete read began. Everything that is reported about the gateway is as old as that.',
    }),
    poolsReadAt: Timestamp.optional().meta({
      description: 'The time at which pools were last read, with the rest of the gateway or alone.',
    }),
    failure: z
      .object({ since: Timestamp, at: Timestamp, action: z.string(), code: z.string() })
      .optional()
      .meta({ description: 'The failure to read the gateway; present while it cannot be read.' }),
    deviationCount: z.int().min(0),
    deviations: z.array(Deviation).meta({ description: 'The first 50 deviations.' }),
    clusters: z.array(ClusterPoints),
    orphans: z.array(Orphan).meta({
      description: 'The orphans at the gateway. They are deleted once they are found again ten minutes later.',
    }),
    foreign: z
      .array(ForeignObject)
      .meta({ description: 'The first 100 objects at the gateway that are not of Fairlead. They are never touched.' }),
  })
  .meta({ id: 'GatewayReading', description: 'The state of the gateway when it was last read.' });
export type GatewayReading = z.infer<typeof GatewayReading>;

export const GatewaySync = z
  .object({
    state: SyncState,
    reason: z.string(),
    message: z.string(),
    attempts: z.int().min(0).meta({ description: 'The number of attempts since the last success.' }),
    lastAttemptAt: Timestamp.optional(),
    nextAttemptAt: Timestamp.optional(),
    pushedAt: Timestamp.optional(),
    verifiedAt: Timestamp.optional(),
    checkedAt: Timestamp.optional().meta({
      description: 'The time at which a run last compared the gateway with what is declared.',
    }),
    progress: Progress.optional(),
    quotas: z.array(QuotaUse).optional().meta({ description: 'The use of quotas as last seen, the fullest first.' }),
  })
  .meta({ id: 'GatewaySync', description: 'The state of bringing the gateway to what is declared.' });
export type GatewaySync = z.infer<typeof GatewaySync>;

export const Gateway = z
  .object({
    ...fleetMetadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    target: GatewayTarget.optional(),
    provision: GatewayProvision.optional(),
    credentials: Name,
    policy: OwnershipPolicy,
    drift: DriftPolicy,
    dataPlaneCheck: DataPlaneCheck.optional(),
    instance: GatewayTarget.optional().meta({
      description: 'The instance that was created as `provision` says; absent until it is known.',
    }),
    address: z.string().optional().meta({ description: 'The DNS name of the gateway; absent until it is known.' }),
    sync: GatewaySync,
    reading: GatewayReading,
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Gateway' });
export type Gateway = z.infer<typeof Gateway>;

export const GatewayPage = pageOf('GatewayPage', Gateway);

export const GatewayQuery = resourceQuery({
  provider: z
    .enum(['alb', 'mse'])
    .optional()
    .meta({ description: 'The kind of gateway.', examples: ['alb'] }),
  state: SyncState.optional().meta({ description: 'The state of the last push.', examples: ['Failed'] }),
});
export type GatewayQuery = AskedOf<typeof GatewayQuery>;
