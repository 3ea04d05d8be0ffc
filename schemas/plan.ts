import * as z from 'zod';
import { Name, Percent, Port } from './common.ts';
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
    conditions: z.array(z.string()).optional().meta({
      description: 'What it matches, as far as it is known, in the terms of the gateway.',
      examples: [['Host: shop.example.com', 'Path: /admin/*']],
    }),
  })
  .meta({ id: 'ForeignObject' });
export type ForeignObject = z.infer<typeof ForeignObject>;

export const GatewayPlan = z
  .object({
    fleet: Name,
    gateway: Name,
    digest: z.string().meta({
      description: 'Of the changes. An apply that carries it is refused when the changes are not these any more.',
    }),
    changes: z.array(PlannedChange),
    drift: z.array(PlannedChange).meta({
      description:
        'What somebody changed at the gateway since it was last verified, as the changes that would undo it. By the drift policy of the ' +
        'gateway it is left as it is, and is not among `changes`.',
    }),
    calls: z.array(PlannedCall).meta({ description: 'The writes to the cloud that the changes take, in order.' }),
    shares: z.array(ShareChange),
    quotas: z.array(QuotaUse),
    findings: z
      .array(Issue)
      .meta({ description: 'What speaks against the plan: it is not applied while there are any.' }),
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
