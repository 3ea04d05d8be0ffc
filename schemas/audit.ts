import * as z from 'zod';
import { UsedApproval } from './approval.ts';
import { changes, Kind, Name, pageOf, Timestamp } from './common.ts';
import { type AskedOf, exactly, listQuery, span } from './list-query.ts';

/** The kinds of things that audit events are about: resources of a fleet, its voters, and what belongs to the installation. */
const AuditKind = z.enum([...Kind.options, 'voter', 'token', 'grant', 'approval', 'installation']);

export const AuditTarget = z
  .object({
    kind: AuditKind,
    fleet: Name.optional().meta({ description: 'The fleet; absent when the target belongs to the installation.' }),
    name: Name,
  })
  .meta({ id: 'AuditTarget' });

export const Refusal = z
  .object({
    code: z.string().meta({ description: 'The code of the problem that was answered.', examples: ['unauthorized'] }),
    addressPrefix: z.string().meta({
      description:
        'The network that the requests came from: the first 24 bits of an IPv4 address, the first 64 of an IPv6 address, ' +
        '`unknown` when the platform does not tell it, or `others` for the networks beyond those that are told apart.',
      examples: ['192.0.2.0/24', '2001:db8:0:1::/64'],
    }),
    voter: z.string().optional().meta({ description: 'The voter that the requests said they were from.' }),
    count: z.int().min(1).meta({ description: 'The number of requests that were refused alike.' }),
  })
  .meta({
    id: 'Refusal',
    description:
      'What the refused requests of one minute have in common. The other fields of the event are those of one of them.',
  });
export type Refusal = z.infer<typeof Refusal>;

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
    requestId: z.string().meta({
      description: 'The X-Request-Id of the answer to the write, or the id of the decision.',
    }),
    clientRequestId: z.string().optional().meta({
      description: 'The X-Request-Id that the client has sent; absent when it has sent none.',
    }),
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
    refusal: Refusal.optional().meta({ description: 'Present when the event counts requests that were refused.' }),
  })
  .meta({
    id: 'AuditEvent',
    description: 'A record of who changed a resource, when and why. It is written in one transaction with the change.',
  });
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditEventPage = pageOf('AuditEventPage', AuditEvent);

export const AuditQuery = listQuery(
  { fields: ['at'], usual: '-at' },
  {
    actor: exactly('Whoever did it.', 'api'),
    action: exactly('What was done.', 'route.update'),
    kind: AuditKind.optional().meta({ description: 'The kind of the target.', examples: ['route'] }),
    name: exactly('The name of the target.', 'checkout'),
    requestId: exactly('The X-Request-Id of the answer.', 'req_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'),
    clientRequestId: exactly('The X-Request-Id that the client has sent.', 'trace-1.2:3_4'),
    ...span,
  },
);
export type AuditQuery = AskedOf<typeof AuditQuery>;
