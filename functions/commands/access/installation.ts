/** Records of the whole installation, which belong to no fleet: tokens, grants, and the audit events about them. */

import type { Grant, Subject } from '../../../schemas/access.ts';
import type { AuditEvent, AuditQuery } from '../../../schemas/audit.ts';
import { say } from '../../../schemas/messages/index.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import { hasAdministrator, isUsable, type StoredToken } from '../../core/access/token.ts';
import { auditEvent } from '../../core/model/audit.ts';
import { changesBetween } from '../../core/model/diff.ts';
import type { Deps, Page, PageRequest, StoredDocument } from '../../deps.ts';
import { AppError } from '../app-error.ts';
import { auditsFor } from '../audits.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
import { missing } from '../load.ts';

export type TokenDocument = StoredDocument<'token'>;
export type GrantsDocument = StoredDocument<'grants'>;

export async function readToken({ store }: Deps, name: string): Promise<TokenDocument | undefined> {
  return await store.document(INSTALLATION, 'token', name);
}

/** Returns all grants; those of an installation that never had one are an empty document of version 0. */
export async function readGrants({ store }: Deps): Promise<GrantsDocument> {
  const stored = await store.document(INSTALLATION, 'grants', 'grants');
  if (stored) return stored;
  return { fleet: INSTALLATION, kind: 'grants', id: 'grants', version: 0, body: { grants: [] }, isPending: false };
}

/** A change of a token or of a grant, with what it was before and will be, as the API shows it. */
export interface AccessChange {
  kind: 'token' | 'grant';
  verb: 'create' | 'update' | 'rotate' | 'delete';
  name: string;
  before?: object | undefined;
  after?: object | undefined;
}

/** Writes documents with the audit event of the change. Returns false when another write came in between. A dry run writes nothing. */
export async function writeAccess(
  ctx: Context,
  documents: readonly StoredDocument[],
  { kind, verb, name, before, after }: AccessChange,
): Promise<boolean> {
  if (ctx.isDry) return true;
  const stamp = { at: timestamp(ctx.deps.clock.now()), ulid: ctx.deps.ids.ulid() };
  const told = { action: `${kind}.${verb}`, target: { kind, name }, ...changesBetween(before ?? {}, after ?? {}) };
  return await ctx.deps.store.putDocuments(documents, auditEvent(authorOf(ctx), stamp, told));
}

/**
 * Throws `last-administrator` when a change would leave nobody who can change grants. The token of the settings is somebody, so
 * that nothing is refused while there is one. `token` is a token as it would be.
 */
export async function requireAdministrator(
  { deps }: Context,
  grants: readonly Grant[],
  token?: StoredToken,
): Promise<void> {
  if (deps.settings.hasToken) return;
  const administering = grants.filter(({ role }) => role === 'admin');
  if (hasAdministrator(administering, await acceptedSubjects(deps, administering, token))) return;
  throw new AppError('last-administrator', say('LastAdministrator'));
}

/**
 * Returns a function that tells whether anybody is accepted as the subject of one of the grants: by a token that has not ended, or
 * by an identity provider of the settings. `token` is a token as it would be.
 */
export async function acceptedSubjects(
  deps: Deps,
  grants: readonly Grant[],
  token?: StoredToken,
): Promise<(subject: Subject) => boolean> {
  const now = timestamp(deps.clock.now());
  const names = new Set(grants.flatMap(({ subject }) => (subject.type === 'token' ? [subject.token] : [])));
  const read = [...names].map(async (name) => (name === token?.name ? token : (await readToken(deps, name))?.body));
  const tokens = (await Promise.all(read)).filter((found) => found !== undefined);
  const usable = new Set(tokens.filter((found) => isUsable(found, now)).map(({ name }) => name));
  return (subject) =>
    subject.type === 'token' ? usable.has(subject.token) : deps.identities.issuers.includes(subject.issuer);
}

export async function listInstallationAudit(
  { deps }: Context,
  page: PageRequest,
  query: AuditQuery,
): Promise<Page<AuditEvent>> {
  return await deps.store.audits(INSTALLATION, page, auditsFor(query));
}

/** Returns an audit event of the installation. Throws `not-found`. */
export async function getInstallationAuditEvent({ deps }: Context, id: string): Promise<AuditEvent> {
  const event = await deps.store.audit(INSTALLATION, id);
  if (event === undefined) throw missing('audit event', id);
  return event;
}
