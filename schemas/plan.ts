import * as z from 'zod';
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
        'declared: the declaration or the traffic has changed. drift: it undoes what somebody changed at the gateway.',
    }),
    before: GatewayObject.optional(),
    after: GatewayObject.optional(),
  })
  .meta({
    id: 'PlannedChange',
    description: 'One object that will differ. `before` is absent on create, `after` on delete.',
  });
export type PlannedChange = z.infer<typeof PlannedChange>;

export const PlannedCall = z
  .object({
    action: z
      .string()
      .meta({ description: 'The action of the cloud API.', examples: ['UpdateServerGroupServersAttribute'] }),
    objects: z.array(z.string()).meta({ description: 'Keys of the objects that the call touches.' }),
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
  .meta({ id: 'ShareChange', description: 'How much of a pool a cluster gets at the gateway, before and after.' });
export type ShareChange = z.infer<typeof ShareChange>;

export const QuotaUse = z
  .object({
    quota: z.string().meta({ examples: ['rules of the load balancer'] }),
    used: z.int().min(0).meta({ description: 'What the gateway would use once the plan is applied.' }),
    allowed: z.int().min(0),
  })
  .meta({ id: 'QuotaUse' });
export type QuotaUse = z.infer<typeof QuotaUse>;

export const Notice = z
  .object({ code: z.string(), message: z.string() })
  .meta({ id: 'Notice', description: 'Nothing to do, but good to know.' });
export type Notice = z.infer<typeof Notice>;

export const ForeignObject = z
  .object({
    kind: z.string(),
    name: z.string(),
    remoteId: z.string().meta({ description: 'Its id at the cloud.' }),
    priority: z.int().optional().meta({ description: 'Where the gateway has priorities; smaller goes first.' }),
    conditions: z
      .array(z.string())
      .optional()
      .meta({
        description: 'What it matches, as far as it is known, in the terms of the gateway.',
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
        'live: the gateway was read for this plan. last-read: it could not be read, so that the plan goes from what was verified there ' +
        'last. never-read: nothing is known of it yet.',
    }),
    readAt: Timestamp.optional().meta({ description: 'When that which the plan goes from was read.' }),
    digest: z.string().meta({
      description: 'Of the changes. An apply that carries it is refused when the changes are not these any more.',
    }),
    changes: z.array(PlannedChange),
    drift: z.array(PlannedChange).meta({
      description:
        'What somebody changed at the gateway since it was last verified, as the changes that would undo it. Those that are to be undone ' +
        'are among `changes` as well.',
    }),
    calls: z.array(PlannedCall).meta({ description: 'The writes to the cloud that the changes take, in order.' }),
    shares: z.array(ShareChange),
    quotas: z.array(QuotaUse),
    findings: z.array(Issue).meta({
      description: 'Limits that the configuration would not keep, and what the cloud says that it would refuse.',
    }),
    refused: z.array(RefusedChange).meta({ description: 'Changes that are kept back, and why. All others are made.' }),
    notices: z.array(Notice),
    foreign: z.array(ForeignObject).meta({
      description: 'What stands at the gateway and is not ours, the first 100: it is never touched.',
    }),
  })
  .meta({ id: 'GatewayPlan', description: 'What it takes to make a gateway follow what is declared.' });
export type GatewayPlan = z.infer<typeof GatewayPlan>;

export const DryRun = z
  .object({
    plans: z.array(GatewayPlan).meta({ description: 'One for each gateway that would have to follow.' }),
  })
  .meta({
    id: 'DryRun',
    description: 'In the answer of a dry run: nothing was written, and this is what would follow.',
  });
export type DryRun = z.infer<typeof DryRun>;
