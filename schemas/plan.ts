import * as z from 'zod';
import { ApprovalNeed } from './approval.ts';
import { Name, Percent, Port, Timestamp } from './common.ts';
import { Issue } from './problem.ts';

const GatewayObject = z
  .record(z.string(), z.unknown())
  .meta({ id: 'GatewayObject', description: "An object at the gateway, in the provider's own terms." });

export const PlannedChange = z
  .object({
    verb: z.enum(['create', 'update', 'delete']),
    kind: z.string(),
    key: z.string(),
    reason: z.string(),
    cause: z.enum(['declared', 'drift']).optional().meta({
      description:
        'declared: the declaration or the traffic has changed. drift: the change undoes a change that somebody made at the gateway.',
    }),
    before: GatewayObject.optional(),
    after: GatewayObject.optional(),
  })
  .meta({
    id: 'PlannedChange',
    description: 'The change of one object. `before` is absent on create, and `after` on delete.',
  });
export type PlannedChange = z.infer<typeof PlannedChange>;

export const PlannedCall = z
  .object({
    action: z
      .string()
      .meta({ description: 'The action of the cloud API.', examples: ['UpdateServerGroupServersAttribute'] }),
    objects: z.array(z.string()).meta({ description: 'The keys of the objects that the call touches.' }),
  })
  .meta({ id: 'PlannedCall', description: 'One write to the cloud.' });
export type PlannedCall = z.infer<typeof PlannedCall>;

export const ShareChange = z
  .object({
    pool: z.string(),
    service: Name,
    port: Port,
    cluster: Name,
    beforePercent: Percent,
    afterPercent: Percent,
  })
  .meta({
    id: 'ShareChange',
    description: 'The share of a pool that a cluster gets at the gateway, before and after.',
  });
export type ShareChange = z.infer<typeof ShareChange>;

export const QuotaUse = z
  .object({
    quota: z.string().meta({ examples: ['rules of the load balancer'] }),
    used: z.int().min(0).meta({ description: 'The amount that the gateway would use once the plan is applied.' }),
    allowed: z.int().min(0),
  })
  .meta({ id: 'QuotaUse' });
export type QuotaUse = z.infer<typeof QuotaUse>;

export const Notice = z
  .object({ code: z.string(), message: z.string() })
  .meta({ id: 'Notice', description: 'Information that needs no action.' });
export type Notice = z.infer<typeof Notice>;

export const ForeignObject = z
  .object({
    kind: z.string(),
    name: z.string(),
    remoteId: z.string().meta({ description: 'The id of the object at the cloud.' }),
    priority: z
      .int()
      .optional()
      .meta({ description: 'The priority, when the gateway has priorities. Smaller numbers go first.' }),
    conditions: z
      .array(z.string())
      .optional()
      .meta({
        description: 'The requests that the object matches, as far as they are known, in the terms of the gateway.',
        examples: [['Host: shop.example.com', 'Path: /admin/*']],
      }),
  })
  .meta({ id: 'ForeignObject' });
export type ForeignObject = z.infer<typeof ForeignObject>;

export const RefusedChange = z
  .object({ kind: z.string(), key: z.string(), code: z.string(), detail: z.string() })
  .meta({ id: 'RefusedChange' });
export type RefusedChange = z.infer<typeof RefusedChange>;

export const GatewayPlan = z
  .object({
    fleet: Name,
    gateway: Name,
    basis: z.enum(['live', 'last-read', 'never-read']).meta({
      description:
        'live: the gateway was read for this plan. last-read: it could not be read, so that the plan starts from the state that was ' +
        'last verified there. never-read: nothing is known of it yet.',
    }),
    readAt: Timestamp.optional().meta({
      description: 'The time at which the state that the plan starts from was read.',
    }),
    digest: z.string().meta({
      description:
        'The digest of the changes. An apply that carries it is refused when the changes are not these any more.',
    }),
    changes: z.array(PlannedChange),
    drift: z.array(PlannedChange).meta({
      description:
        'The changes that would undo what somebody changed at the gateway since it was last verified. Those that are to be made are ' +
        'among `changes` as well.',
    }),
    calls: z.array(PlannedCall).meta({ description: 'The writes to the cloud that make the changes, in order.' }),
    shares: z.array(ShareChange),
    quotas: z.array(QuotaUse),
    findings: z.array(Issue).meta({
      description:
        'The limits that the configuration would exceed, and the requests that the cloud says it would refuse.',
    }),
    refused: z
      .array(RefusedChange)
      .meta({ description: 'The changes that are held back, and why. All others are made.' }),
    notices: z.array(Notice),
    foreign: z.array(ForeignObject).meta({
      description: 'The first 100 objects at the gateway that are not of Fairlead. They are never touched.',
    }),
  })
  .meta({ id: 'GatewayPlan', description: 'The changes that bring a gateway to what is declared.' });
export type GatewayPlan = z.infer<typeof GatewayPlan>;

export const DryRun = z
  .object({
    plans: z.array(GatewayPlan).meta({ description: 'One plan for each gateway that would have to follow.' }),
    approval: ApprovalNeed.optional(),
  })
  .meta({
    id: 'DryRun',
    description: 'The result of a dry run: nothing was written, and these changes would follow.',
  });
export type DryRun = z.infer<typeof DryRun>;
