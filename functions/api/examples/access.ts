/** Examples of tokens and grants. */

import type * as z from 'zod';
import type { Grant, GrantInput, IssuedToken, Me, Token } from '../../../schemas/access.ts';
import type { AuditEvent } from '../../../schemas/audit.ts';
import type { Example } from '../http/example.ts';

const MADE = '2026-11-23T07:00:00.000Z';

const token: Token = {
  name: 'ci',
  uid: 'tok_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  description: 'pipeline of the shop',
  createdAt: MADE,
  expiresAt: '2027-11-23T07:00:00.000Z',
  lastUsedAt: '2026-11-23T07:02:00.000Z',
  secrets: [{ prefix: 'fl_ci_Zk3v', createdAt: MADE }],
};

const { lastUsedAt: _, ...unused } = token;
const issued: IssuedToken = { ...unused, token: 'fl_ci_Zk3vN8hq2sT5xYcR1bLwU9aEoGd4mJ7pKfVi0SzQ6tX' };

const grantInput = {
  subject: { type: 'token', token: 'ci' },
  role: 'editor',
  fleets: ['shop'],
} satisfies z.input<typeof GrantInput>;

const grant: Grant = { name: 'ci-edits-shop', createdAt: MADE, updatedAt: MADE, ...grantInput };

const me: Me = {
  actor: 'ci',
  kind: 'token',
  expiresAt: '2027-11-23T07:00:00.000Z',
  grants: [{ role: 'editor', fleets: ['shop'] }],
  permissions: [{ fleet: 'shop', permissions: ['declare', 'operate', 'probe', 'read'] }],
};

const event: AuditEvent = {
  id: 'aud_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  at: MADE,
  actor: 'api',
  action: 'grant.create',
  target: { kind: 'grant', name: 'ci-edits-shop' },
  requestId: 'req_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  before: 0,
  after: 0,
  changes: [{ pointer: '/role', after: 'editor' }],
  changeCount: 1,
};

export const accessExamples: Record<string, Example> = {
  getMe: { response: me },
  listTokens: { response: { items: [token] } },
  getToken: { response: token },
  putToken: {
    body: { description: 'pipeline of the shop', expiresAt: '2027-11-23T07:00:00.000Z' },
    response: token,
    created: issued,
  },
  rotateToken: { body: { overlapSeconds: 86400 }, response: token, created: issued },
  deleteToken: { response: { ...token, secrets: [], revokedAt: '2026-11-24T07:00:00.000Z' } },
  listGrants: { response: { items: [grant] } },
  getGrant: { response: grant },
  putGrant: { body: grantInput, response: grant },
  deleteGrant: { response: grant },
  listInstallationAuditEvents: { response: { items: [event] } },
  getInstallationAuditEvent: { response: event },
};
