/** The endpoints of tokens, grants, and whoever sends the request. */

import * as z from 'zod';
import {
  Grant,
  GrantInput,
  GrantPage,
  GrantQuery,
  IssuedToken,
  Me,
  type Permission,
  Token,
  TokenInput,
  TokenPage,
  TokenQuery,
  TokenRotationInput,
  WrittenGrant,
  WrittenToken,
} from '../../../schemas/access.ts';
import type { ApprovalNeed } from '../../../schemas/approval.ts';
import { AuditEvent, AuditEventPage, AuditQuery } from '../../../schemas/audit.ts';
import { Name } from '../../../schemas/common.ts';
import { deleteGrant, getGrant, listGrants, putGrant } from '../../commands/access/grants.ts';
import { getInstallationAuditEvent, listInstallationAudit } from '../../commands/access/installation.ts';
import { getToken, listTokens, putToken, revokeToken, rotateToken } from '../../commands/access/tokens.ts';
import type { Access } from '../../core/access/access.ts';
import type { Principal } from '../../core/access/principal.ts';
import { ROLES } from '../../core/access/roles.ts';
import { compareText } from '../../core/model/text.ts';
import { defineEndpoint, type Endpoint, type Reply } from '../http/endpoint.ts';
import { AuditEventId } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { createdReply, writeEndpoint } from '../http/writes.ts';
import { APPROVAL_PROBLEMS } from './resources.ts';

const NOTHING = z.strictObject({});
const InToken = z.strictObject({ token: Name });
const InGrant = z.strictObject({ grant: Name });

const TOKENS = '/v1/tokens';
const GRANTS = '/v1/grants';

const ADMINISTERED: Access = { permission: 'administer', place: 'installation' };

const SHOWN_ONCE =
  'The token itself is in this answer only; nobody can read it later, because only its digest is kept.';

/** Returns the body of a write, with the approval that it takes, which is known in a dry run only. */
function previewed(written: Token | Grant, approval: ApprovalNeed | undefined): object {
  return approval === undefined ? written : { ...written, dryRun: { approval } };
}

/**
 * Returns what the API tells somebody about themselves. The permissions of `*` hold in every fleet, and are not
 * repeated.
 */
function meOf({ actor, kind, grants, expiresAt }: Principal): Me {
  const byFleet = new Map<string, Set<Permission>>();
  for (const { role, fleets } of grants) {
    for (const fleet of fleets) byFleet.set(fleet, new Set([...(byFleet.get(fleet) ?? []), ...ROLES[role]]));
  }
  const permissions = [...byFleet]
    .map(([fleet, held]) => ({ fleet, permissions: [...held].sort() }))
    .sort((a, b) => compareText(a.fleet, b.fleet));
  return {
    ...{ actor, kind, permissions, ...(expiresAt !== undefined && { expiresAt }) },
    grants: [...grants],
  };
}

const me = defineEndpoint({
  operationId: 'getMe',
  access: 'anybody',
  method: 'get',
  path: '/v1/me',
  tag: 'access',
  summary: 'Show who you are, and what you may do',
  idempotency: 'safe',
  params: NOTHING,
  successes: [{ status: 200, description: 'You, as Fairlead sees you.', schema: Me }],
  problems: [],
  handle: async ({ principal }) => ({ status: 200, body: meOf(principal) }),
});

/** The fields that every write of tokens and grants has. */
const write = { access: ADMINISTERED, tag: 'access' };

const tokenEndpoints: readonly Endpoint[] = [
  ...readEndpoints({
    names: ['Token', 'Tokens'],
    tag: 'access',
    path: TOKENS,
    access: ADMINISTERED,
    member: 'token',
    list: {
      params: NOTHING,
      summary: 'List tokens, without their secrets',
      order: 'by name',
      query: TokenQuery,
      page: TokenPage,
      read: (ctx, _, page, asked) => listTokens(ctx, page, asked),
    },
    get: {
      params: InToken,
      summary: 'Get a token, without its secrets',
      found: 'The token.',
      schema: Token,
      read: (ctx, { token: name }) => getToken(ctx, name),
    },
  }),
  writeEndpoint({
    ...write,
    operationId: 'putToken',
    method: 'put',
    path: `${TOKENS}/{token}`,
    summary: 'Make a token, or change its description and its expiry',
    description:
      'A new token may do nothing until a grant names it. A token that was revoked is made again, with a new secret and the grants ' +
      `that name it. ${SHOWN_ONCE}`,
    params: InToken,
    body: TokenInput,
    successes: [
      { status: 200, description: 'The token was changed, or is unchanged; or a dry run.', schema: WrittenToken },
      { status: 201, description: 'The token was made.', schema: IssuedToken, headers: ['Location'] },
    ],
    problems: ['write-conflict', 'last-administrator', ...APPROVAL_PROBLEMS],
    handle: async (ctx, { params, body }): Promise<Reply> => {
      const written = await putToken(ctx, params.token, body);
      if (written.issued === undefined) return { status: 200, body: previewed(written.token, written.need) };
      return createdReply(`${TOKENS}/${params.token}`, written.issued);
    },
  }),
  writeEndpoint({
    ...write,
    operationId: 'rotateToken',
    method: 'post',
    path: `${TOKENS}/{token}/rotate`,
    summary: 'Give a token a new secret',
    description:
      'The present secret is accepted for some more time, so that whoever uses the token can change over. A token has two secrets ' +
      `at most: the one before the present one ends at once. ${SHOWN_ONCE}`,
    idempotency: 'repeatable',
    keyedAnswer: 'shown-once',
    params: InToken,
    body: TokenRotationInput,
    successes: [
      { status: 200, description: 'The token as it would be, in a dry run.', schema: WrittenToken },
      { status: 201, description: 'The token has a new secret.', schema: IssuedToken },
    ],
    problems: ['not-found', 'already-ended', 'write-conflict', ...APPROVAL_PROBLEMS],
    handle: async (ctx, { params, body }): Promise<Reply> => {
      const written = await rotateToken(ctx, params.token, body);
      return written.issued === undefined
        ? { status: 200, body: previewed(written.token, written.need) }
        : { status: 201, body: written.issued };
    },
  }),
  writeEndpoint({
    ...write,
    operationId: 'deleteToken',
    method: 'delete',
    path: `${TOKENS}/{token}`,
    summary: 'Revoke a token',
    description:
      'The token is not accepted any more, within a few seconds everywhere. It is still shown for 90 days, and the grants that name ' +
      'it stay. A token that is revoked stays unchanged.',
    params: InToken,
    successes: [{ status: 200, description: 'The token, which is revoked.', schema: Token }],
    problems: ['not-found', 'write-conflict', 'last-administrator'],
    handle: async (ctx, { params }) => ({ status: 200, body: await revokeToken(ctx, params.token) }),
  }),
];

const grantEndpoints: readonly Endpoint[] = [
  ...readEndpoints({
    names: ['Grant', 'Grants'],
    tag: 'access',
    path: GRANTS,
    access: ADMINISTERED,
    member: 'grant',
    list: {
      params: NOTHING,
      summary: 'List grants, which say who has which role where',
      order: 'by name',
      query: GrantQuery,
      page: GrantPage,
      read: (ctx, _, page, asked) => listGrants(ctx, page, asked),
    },
    get: {
      params: InGrant,
      summary: 'Get a grant',
      found: 'The grant.',
      schema: Grant,
      read: (ctx, { grant: name }) => getGrant(ctx, name),
    },
  }),
  writeEndpoint({
    ...write,
    operationId: 'putGrant',
    method: 'put',
    path: `${GRANTS}/{grant}`,
    summary: 'Give somebody a role, or change a grant',
    description: 'The grant has its effect within a few seconds everywhere. An unchanged grant is not written again.',
    params: InGrant,
    body: GrantInput,
    successes: [
      { status: 200, description: 'The grant was changed, or is unchanged; or a dry run.', schema: WrittenGrant },
      { status: 201, description: 'The grant was made.', schema: Grant, headers: ['Location'] },
    ],
    problems: ['unknown-reference', 'limit-exceeded', 'write-conflict', 'last-administrator', ...APPROVAL_PROBLEMS],
    handle: async (ctx, { params, body }): Promise<Reply> => {
      const written = await putGrant(ctx, params.grant, body);
      if (!written.isCreated || ctx.isDry) return { status: 200, body: previewed(written.grant, written.need) };
      return createdReply(`${GRANTS}/${params.grant}`, written.grant);
    },
  }),
  writeEndpoint({
    ...write,
    operationId: 'deleteGrant',
    method: 'delete',
    path: `${GRANTS}/{grant}`,
    summary: 'Take a grant away',
    params: InGrant,
    successes: [
      { status: 200, description: 'The grant that would be taken away, in a dry run.', schema: Grant },
      { status: 204, description: 'The grant was taken away.' },
    ],
    problems: ['not-found', 'write-conflict', 'last-administrator'],
    handle: async (ctx, { params }): Promise<Reply> => {
      const taken = await deleteGrant(ctx, params.grant);
      return ctx.isDry ? { status: 200, body: taken } : { status: 204 };
    },
  }),
];

const auditEndpoints: readonly Endpoint[] = readEndpoints({
  names: ['InstallationAuditEvent', 'InstallationAuditEvents'],
  tag: 'access',
  path: '/v1/audit',
  access: ADMINISTERED,
  member: 'event',
  list: {
    params: NOTHING,
    summary: 'List the audit events of the installation, which are about tokens and grants',
    description: 'The audit events of a fleet stand at the fleet.',
    query: AuditQuery,
    page: AuditEventPage,
    read: (ctx, _, page, asked) => listInstallationAudit(ctx, page, asked),
  },
  get: {
    params: z.strictObject({ event: AuditEventId }),
    summary: 'Get an audit event of the installation',
    found: 'The event.',
    schema: AuditEvent,
    read: (ctx, { event }) => getInstallationAuditEvent(ctx, event),
  },
});

export const accessEndpoints: readonly Endpoint[] = [me, ...tokenEndpoints, ...grantEndpoints, ...auditEndpoints];
