import type { IssuedToken, Token, TokenInput, TokenQuery } from '../../../schemas/access.ts';
import type { ApprovalNeed } from '../../../schemas/approval.ts';
import { say } from '../../../schemas/messages/index.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import {
  isUsable,
  liveSecrets,
  rotated,
  type StoredSecret,
  type StoredToken,
  secretOf,
  tokenText,
} from '../../core/access/token.ts';
import type { Page, PageRequest } from '../../deps.ts';
import { AppError, faultAt } from '../app-error.ts';
import type { Clearance } from '../approvals/require.ts';
import { type Context, timestamp } from '../context.ts';
import { missing } from '../load.ts';
import { isLiveAs, type ListOf, selectionOf } from '../selection.ts';
import { untilWritten } from '../until-written.ts';
import { clearUse } from './approval.ts';
import { newSecret } from './crypto.ts';
import {
  type GrantsDocument,
  readGrants,
  readToken,
  requireAdministrator,
  type TokenDocument,
  writeAccess,
} from './installation.ts';

/** The names of actors that are no tokens. */
const RESERVED: readonly string[] = ['api', 'automation', 'anonymous'];

/** The time for which a revoked token is still shown. */
const SHOWN_SECONDS = 90 * 24 * 3600;

/** Lists the tokens, revoked ones included. */
export async function listTokens({ deps }: Context, page: PageRequest, query: TokenQuery): Promise<Page<Token>> {
  const now = timestamp(deps.clock.now());
  const list: ListOf<TokenDocument, TokenQuery> = {
    fields: { createdAt: ({ body }) => body.createdAt },
    filters: { live: isLiveAs(({ body }) => isUsable(body, now)) },
  };
  const { items, nextToken } = await deps.store.documents(INSTALLATION, 'token', page, selectionOf(list, query));
  return { items: items.map(({ body }) => shown(body, now)), nextToken };
}

/** Returns a token without its secrets. Throws `not-found`. */
export async function getToken({ deps }: Context, name: string): Promise<Token> {
  return shown((await loaded(deps, name)).body, timestamp(deps.clock.now()));
}

/** A token after a write, with its text when it has a new secret. */
export interface WrittenToken {
  token: Token;
  issued?: IssuedToken;
  /** The approval that the write takes, in a dry run. */
  need?: ApprovalNeed | undefined;
}

/**
 * Makes a token, or changes its description and its expiry. A token that was revoked is made again, as another one of the name.
 */
export async function putToken(ctx: Context, name: string, given: TokenInput): Promise<WrittenToken> {
  const { expiresAt } = given;
  // Times are compared as text, which takes one form for all of them.
  const input = { ...given, ...(expiresAt !== undefined && { expiresAt: timestamp(Date.parse(expiresAt)) }) };
  if (RESERVED.includes(name)) {
    throw faultAt('invalid-request', 'path/token', say('ReservedName', { names: RESERVED.join(', ') }));
  }
  return await untilWritten(async () => {
    const now = timestamp(ctx.deps.clock.now());
    const found = await readToken(ctx.deps, name);
    if (found === undefined || found.body.revokedAt !== undefined) return await createToken(ctx, name, input, found);
    const { body } = found;
    const { description: _, expiresAt: __, ...kept } = body;
    const token: StoredToken = { ...kept, ...input };
    if (body.description === token.description && body.expiresAt === token.expiresAt)
      return { token: shown(body, now) };
    const grants = await readGrants(ctx.deps);
    await requireAdministrator(ctx, grants.body.grants, token);
    const { expiresAt } = token;
    const cleared = isLater(expiresAt, body.expiresAt)
      ? await clearUse(ctx, name, body, { expiresAt, hasNewSecret: false })
      : { ctx, documents: [] };
    const documents = [next(found, token), ...reliedOn(ctx, grants), ...cleared.documents];
    const change = { kind: 'token', verb: 'update', name, before: shown(body, now), after: shown(token, now) } as const;
    const isWritten = await writeAccess(cleared.ctx, documents, change);
    return isWritten ? { token: shown(token, now), need: cleared.need } : undefined;
  });
}

async function createToken(
  ctx: Context,
  name: string,
  input: TokenInput,
  revoked: TokenDocument | undefined,
): Promise<WrittenToken | undefined> {
  const createdAt = timestamp(ctx.deps.clock.now());
  const { text, secret } = issue(name, createdAt);
  const body: StoredToken = { name, uid: `tok_${ctx.deps.ids.ulid()}`, ...input, createdAt, secrets: [secret] };
  const version = (revoked?.version ?? 0) + 1;
  const document: TokenDocument = { fleet: INSTALLATION, kind: 'token', id: name, version, body, isPending: false };
  const token = shown(body, createdAt);
  const cleared = await clearUse(ctx, name, revoked?.body, { expiresAt: input.expiresAt, hasNewSecret: true });
  const documents = [document, ...cleared.documents];
  const change = { kind: 'token', verb: 'create', name, after: token } as const;
  if (!(await writeAccess(cleared.ctx, documents, change))) return undefined;
  return ctx.isDry ? { token, need: cleared.need } : { token, issued: { ...token, token: text } };
}

/** Gives a token a new secret; the present one is accepted for a time. Throws `not-found`, also for a token that is revoked. */
export async function rotateToken(
  ctx: Context,
  name: string,
  { overlapSeconds }: { overlapSeconds: number },
): Promise<WrittenToken> {
  return await untilWritten(async () => {
    const nowMs = ctx.deps.clock.now();
    const now = timestamp(nowMs);
    const found = await loaded(ctx.deps, name);
    if (!isUsable(found.body, now)) throw new AppError('already-ended', say('TokenEnded', { name }));
    const { text, secret } = issue(name, now);
    const body = rotated(found.body, secret, timestamp(nowMs + overlapSeconds * 1000));
    const token = shown(body, now);
    const change = { kind: 'token', verb: 'rotate', name, before: shown(found.body, now), after: token } as const;
    const cleared = await clearRotation(ctx, name, found.body);
    const documents = [next(found, body), ...cleared.documents];
    if (!(await writeAccess(cleared.ctx, documents, change))) return undefined;
    return ctx.isDry ? { token, need: cleared.need } : { token, issued: { ...token, token: text } };
  });
}

/** Clears another secret of a token. People may have one for the token that they use, because it may do nothing more. */
async function clearRotation(ctx: Context, name: string, body: StoredToken): Promise<Clearance> {
  if (ctx.principal.kind === 'token' && ctx.principal.actor === name) return { ctx, documents: [] };
  return await clearUse(ctx, name, body, { expiresAt: body.expiresAt, hasNewSecret: true });
}

/** Revokes a token. One that is revoked already stays unchanged. Throws `not-found`, and `last-administrator`. */
export async function revokeToken(ctx: Context, name: string): Promise<Token> {
  return await untilWritten(async () => {
    const nowMs = ctx.deps.clock.now();
    const now = timestamp(nowMs);
    const found = await loaded(ctx.deps, name);
    if (found.body.revokedAt !== undefined) return shown(found.body, now);
    const body: StoredToken = { ...found.body, revokedAt: now, secrets: [] };
    const grants = await readGrants(ctx.deps);
    await requireAdministrator(ctx, grants.body.grants, body);
    const token = shown(body, now);
    const ttl = Math.floor(nowMs / 1000) + SHOWN_SECONDS;
    const documents = [{ ...next(found, body), ttl }, ...reliedOn(ctx, grants)];
    const change = { kind: 'token', verb: 'delete', name, before: shown(found.body, now), after: token } as const;
    return (await writeAccess(ctx, documents, change)) ? token : undefined;
  });
}

function next(document: TokenDocument, body: StoredToken): TokenDocument {
  return { ...document, version: document.version + 1, body };
}

/**
 * Returns the grants as a write to be made with that of a token, so that two administrators cannot end each other's tokens at the same
 * time. The token of the settings is always somebody, and spares the write.
 */
function reliedOn({ deps }: Context, grants: GrantsDocument): GrantsDocument[] {
  return deps.settings.hasToken ? [] : [{ ...grants, version: grants.version + 1 }];
}

async function loaded(deps: Context['deps'], name: string): Promise<TokenDocument> {
  const found = await readToken(deps, name);
  if (found === undefined) throw missing('token', name);
  return found;
}

function issue(name: string, createdAt: string): { text: string; secret: StoredSecret } {
  const text = tokenText(name, newSecret());
  return { text, secret: secretOf(text, createdAt) };
}

/** Tells whether an expiry is later than another one. A token without an expiry never expires. */
function isLater(expiresAt: string | undefined, before: string | undefined): boolean {
  return before !== undefined && (expiresAt === undefined || expiresAt > before);
}

/** Returns a token as the API shows it: without the digests, and without the secrets that are not accepted any more. */
function shown(token: StoredToken, now: string): Token {
  return { ...token, secrets: liveSecrets(token, now).map(({ hash: _, ...secret }) => secret) };
}
