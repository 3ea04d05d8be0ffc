import * as z from 'zod';
import { UsedApproval } from './approval.ts';
import { changes, Kind, Name, PageQuery, pageOf, Timestamp } from './common.ts';

/** The kinds of things that audit events are about: resources of a fleet, and what belongs to the installation. */
const AuditKind = z.enum([...Kind.options, 'token', 'grant', 'approval']);

export const AuditTarget = z
  .object({
    kind: AuditKind,
    fleet: Name.optional().meta({ description: 'The fleet; absent when the target belongs to the installation.' }),
    name: Name,
  })
  .meta({ id: 'AuditTarget' });

export const AuditEvent = z
  .object({
    id: z.string(),
    at: Timestamp,
    actor: z.string().meta({
      description:
        'The name of the token that was used, `api` being that of the settings; `oidc:`, the name of the identity provider and the ' +
        'subject, joined by colons; `voter` and its name; or `automation`.',
      examples: ['api', 'ci', 'oidc:github:repo:example/shop', 'automation'],
    }),
    action: z.string().meta({
      description: 'The kind and the verb of a write, or `decision` and its outcome.',
      examples: ['route.update', 'decision.applied'],
    }),
    target: AuditTarget,
    requestId: z.string().meta({ description: 'The X-Request-Id of the write, or the id of the decision.' }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'The reason that was given with the write, or that led to the decision.' }),
    before: z.int().min(0).meta({
      description:
        'The revision of the resource before the write, 0 when there was none. For a decision, its number in the fleet.',
    }),
    after: z.int().min(0).meta({ description: 'The revision of the resource after the write, 0 when there is none.' }),
    approval: UsedApproval.optional().meta({ description: 'The approval of the write; absent when it took none.' }),
    ...changes,
  })
  .meta({
    id: 'AuditEvent',
    description: 'A record of who changed a resource, when and why. It is written in one transaction with the change.',
  });
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditEventPage = pageOf('AuditEventPage', AuditEvent);

const exactly = (example: string) =>
  z
    .string()
    .max(512)
    .optional()
    .meta({ examples: [example] });

export const AuditQuery = z
  .strictObject({
    ...PageQuery.shape,
    actor: exactly('api'),
    action: exactly('route.update'),
    kind: AuditKind.optional().meta({ description: 'The kind of the target.', examples: ['route'] }),
    name: exactly('checkout'),
    requestId: exactly('req_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'),
    since: Timestamp.optional().meta({ description: 'Events of this time or later.' }),
    until: Timestamp.optional().meta({ description: 'Events of this time or earlier.' }),
  })
  .refine(({ since, until }) => since === undefined || until === undefined || Date.parse(since) <= Date.parse(until), {
    path: ['until'],
    message: 'must not be before since',
  });
