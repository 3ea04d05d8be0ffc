import * as z from 'zod';
import { ApprovalNeed } from './approval.ts';
import { Name, pageOf, Timestamp } from './common.ts';
import { type AskedOf, listQuery, live } from './list-query.ts';

/** The kinds of things that somebody may be allowed to do. */
export const Permission = z
  .enum(['read', 'operate', 'declare', 'approve', 'administer', 'observe', 'probe', 'alert'])
  .meta({
    id: 'Permission',
    description:
      'read: see declarations, decisions and history. operate: move traffic and press buttons. declare: change declarations. ' +
      'approve: approve what somebody else has planned. administer: everything about tokens and grants. observe: send the ' +
      'observations of an agent. probe: ask for a probe round. alert: send the alerts of a voter.',
  });
export type Permission = z.infer<typeof Permission>;

/** The named sets of permissions that a grant can give. */
export const Role = z
  .enum(['viewer', 'operator', 'editor', 'approver', 'admin', 'agent', 'trigger', 'alert'])
  .meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

const Description = z
  .string()
  .max(256)
  .meta({ description: 'A text for people.', examples: ['pipeline of the shop'] });

export const TokenInput = z
  .strictObject({
    description: Description.optional(),
    expiresAt: Timestamp.optional().meta({
      description: 'The time after which the token is not accepted any more; absent when it does not expire.',
    }),
  })
  .meta({ id: 'TokenInput' });
export type TokenInput = z.infer<typeof TokenInput>;

const TokenSecret = z
  .object({
    prefix: z.string().meta({ description: 'The beginning of the token.', examples: ['fl_ci_Zk3v'] }),
    createdAt: Timestamp,
    expiresAt: Timestamp.optional().meta({ description: 'The time at which the next secret has replaced this one.' }),
  })
  .meta({ id: 'TokenSecret', description: 'One of the two secrets that a token can have at a time.' });

export const Token = z
  .object({
    name: Name,
    uid: z.string().meta({ description: 'An opaque id, which changes when a token of the name is made again.' }),
    description: Description.optional(),
    createdAt: Timestamp,
    expiresAt: Timestamp.optional(),
    lastUsedAt: Timestamp.optional().meta({
      description: 'The time at which it was last used, to within ten minutes; absent when it never was.',
    }),
    revokedAt: Timestamp.optional().meta({
      description: 'The time at which it was revoked. A revoked token is shown for 90 days.',
    }),
    secrets: z.array(TokenSecret).meta({ description: 'The secrets that are accepted, newest first.' }),
  })
  .meta({ id: 'Token', description: 'A token of the API. Its name is the actor of everything that is done with it.' });
export type Token = z.infer<typeof Token>;

export const IssuedToken = Token.extend({
  token: z.string().meta({
    description: 'The token itself, to be sent as `Authorization: Bearer`. It is shown in this answer only.',
    examples: ['fl_ci_Zk3vN8hq2sT5xYcR1bLwU9aEoGd4mJ7pKfVi0SzQ6tX'],
  }),
}).meta({ id: 'IssuedToken', description: 'A token with its newest secret.' });
export type IssuedToken = z.infer<typeof IssuedToken>;

export const AccessDryRun = z
  .object({ approval: ApprovalNeed.optional() })
  .meta({ id: 'AccessDryRun', description: 'The result of a dry run: nothing was written.' });
export type AccessDryRun = z.infer<typeof AccessDryRun>;

const dryRun = AccessDryRun.optional().meta({ description: 'Only in a dry run.' });

export const WrittenToken = Token.extend({ dryRun }).meta({ id: 'WrittenToken' });

export const TokenPage = pageOf('TokenPage', Token);

/** The longest time for which the secret before a rotation is accepted. */
const MAX_OVERLAP_SECONDS = 7 * 24 * 3600;

export const TokenRotationInput = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .default(24 * 3600)
      .meta({
        description: 'The time for which the present secret is still accepted. With 0, it ends at once.',
        examples: [86400],
      }),
  })
  .meta({ id: 'TokenRotationInput' });

const Issuer = z
  .url({ protocol: /^https?$/ })
  .max(512)
  .meta({
    description: 'The issuer (`iss`) as the settings have it.',
    examples: ['https://token.actions.githubusercontent.com'],
  });

export const Subject = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('token'), token: Name }).meta({ id: 'TokenSubject' }),
    z
      .strictObject({ type: z.literal('oidc-subject'), issuer: Issuer, subject: z.string().min(1).max(255) })
      .meta({ id: 'OidcSubject' }),
    z
      .strictObject({ type: z.literal('oidc-group'), issuer: Issuer, group: z.string().min(1).max(255) })
      .meta({ id: 'OidcGroup' }),
  ])
  .meta({
    id: 'Subject',
    description: 'Whoever gets a role: a stored token, or a subject or a group of an identity provider.',
  });
export type Subject = z.infer<typeof Subject>;

const id = z.string().min(1).max(128);

/** The fields that say which role somebody has, and where it holds. */
const held = {
  role: Role,
  fleets: z
    .array(z.union([Name, z.literal('*')]))
    .min(1)
    .max(100)
    .meta({
      description: 'The names of fleets, which need not exist yet. `*` stands for every fleet.',
      examples: [['shop']],
    }),
  credentials: z
    .array(id)
    .min(1)
    .max(100)
    .optional()
    .meta({
      description: 'The credential sets of the gateways that writes may concern; every one when absent.',
      examples: [['default']],
    }),
  instances: z
    .array(id)
    .min(1)
    .max(100)
    .optional()
    .meta({
      description: 'The ids of the gateway instances that writes may concern; every one when absent.',
      examples: [['alb-0123456789abcdef']],
    }),
  voter: Name.optional().meta({ description: 'The voter whose evidence may be sent, for the roles agent and alert.' }),
};

/** The roles that send the evidence of one voter of one fleet. */
const OF_ONE_VOTER: readonly Role[] = ['agent', 'alert'];
/** The roles whose writes concern gateways. */
const OF_GATEWAYS: readonly Role[] = ['operator', 'editor'];

export const GrantInput = z
  .strictObject({ subject: Subject, ...held })
  .superRefine(({ role, fleets, voter, credentials, instances }, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const isOfOneVoter = OF_ONE_VOTER.includes(role);
    if (isOfOneVoter && voter === undefined) fault('voter', `must be given for the role ${role}`);
    if (!isOfOneVoter && voter !== undefined) fault('voter', `must not be given for the role ${role}`);
    if (isOfOneVoter && (fleets.length !== 1 || fleets[0] === '*')) {
      fault('fleets', `must be the one fleet of the voter for the role ${role}`);
    }
    if (role === 'admin' && !fleets.includes('*')) fault('fleets', 'must be * for the role admin');
    if (OF_GATEWAYS.includes(role)) return;
    if (credentials !== undefined) fault('credentials', `must not be given for the role ${role}`);
    if (instances !== undefined) fault('instances', `must not be given for the role ${role}`);
  })
  .meta({ id: 'GrantInput' });
export type GrantInput = z.infer<typeof GrantInput>;

export const Grant = z
  .object({ name: Name, createdAt: Timestamp, updatedAt: Timestamp, subject: Subject, ...held })
  .meta({ id: 'Grant', description: 'A role that somebody has in some fleets.' });
export type Grant = z.infer<typeof Grant>;

export const WrittenGrant = Grant.extend({ dryRun }).meta({ id: 'WrittenGrant' });

export const GrantPage = pageOf('GrantPage', Grant);

export const Me = z
  .object({
    actor: z.string().meta({ description: 'The name under which audit events tell of you.', examples: ['ci'] }),
    kind: z.enum(['setting', 'token', 'oidc', 'voter', 'automation', 'anonymous']).meta({
      description:
        'The way in which you are known. setting: by the token of the settings. token: by a stored token. oidc: by a token of an ' +
        'identity provider. voter: by the credential of the agent of a voter. The others are never shown here: automation is Fairlead ' +
        'itself, and anonymous sends no token.',
    }),
    expiresAt: Timestamp.optional().meta({
      description: 'The time at which your token expires; absent when it does not.',
    }),
    grants: z.array(z.object(held)).meta({ description: 'The roles that you have.' }),
    permissions: z
      .array(z.object({ fleet: held.fleets.element, permissions: z.array(Permission) }))
      .meta({ description: 'What you may do in each fleet, `*` being every fleet.' }),
  })
  .meta({ id: 'Me', description: 'Whoever sends the request, as Fairlead sees them.' });
export type Me = z.infer<typeof Me>;

export const TokenQuery = listQuery(
  { fields: ['name', 'createdAt'], usual: 'name' },
  { live: live('tokens that are neither revoked nor expired') },
);
export type TokenQuery = AskedOf<typeof TokenQuery>;

export const GrantQuery = listQuery(
  { fields: ['name', 'createdAt'], usual: 'name' },
  {
    role: Role.optional().meta({ description: 'Only grants of this role.', examples: ['editor'] }),
    fleet: Name.optional().meta({
      description: 'Only grants that hold in this fleet, with `*` too.',
      examples: ['shop'],
    }),
    token: Name.optional().meta({ description: 'Only grants of this token.', examples: ['ci'] }),
  },
);
export type GrantQuery = AskedOf<typeof GrantQuery>;
