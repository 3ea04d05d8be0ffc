import type { Grant, GrantInput, GrantQuery } from '../../../schemas/access.ts';
import type { ApprovalNeed } from '../../../schemas/approval.ts';
import { say } from '../../../schemas/messages/index.ts';
import { equal } from '../../core/model/digest.ts';
import { compareText } from '../../core/model/text.ts';
import { type Page, type PageRequest, pageOfAll } from '../../deps.ts';
import { AppError, throwFaults } from '../app-error.ts';
import type { Clearance } from '../approvals/require.ts';
import { type Context, timestamp } from '../context.ts';
import { noSuch, unknownReference } from '../issues.ts';
import { missing } from '../load.ts';
import { type ListOf, selectionOf } from '../selection.ts';
import { untilWritten } from '../until-written.ts';
import { clearGrant } from './approval.ts';
import {
  type GrantsDocument,
  readGrants,
  readToken,
  requireAdministrator,
  type TokenDocument,
  writeAccess,
} from './installation.ts';

/** The most grants of an installation: they are read together, with every request of somebody who was not heard for a while. */
const MAX_GRANTS = 500;

const grantList: ListOf<Grant, GrantQuery> = {
  fields: { createdAt: ({ createdAt }) => createdAt },
  filters: {
    role: ({ role }, asked) => role === asked,
    fleet: ({ fleets }, asked) => fleets.includes(asked) || fleets.includes('*'),
    token: ({ subject }, asked) => subject.type === 'token' && subject.token === asked,
  },
};

/** Lists the grants. */
export async function listGrants({ deps }: Context, page: PageRequest, query: GrantQuery): Promise<Page<Grant>> {
  return await pageOfAll('grants', (await readGrants(deps)).body.grants, page, selectionOf(grantList, query));
}

/** Returns a grant. Throws `not-found`. */
export async function getGrant({ deps }: Context, name: string): Promise<Grant> {
  const found = grantIn(await readGrants(deps), name);
  if (found === undefined) throw missing('grant', name);
  return found;
}

/** A grant after a write; in a dry run as it would be, with the approval that the write takes. */
export interface WrittenGrant {
  grant: Grant;
  isCreated: boolean;
  need?: ApprovalNeed | undefined;
}

/**
 * Makes a grant, or replaces it. An unchanged grant is not written. Throws `unknown-reference`, `limit-exceeded`,
 * `last-administrator`, and what `clearGrant` throws.
 */
export async function putGrant(ctx: Context, name: string, input: GrantInput): Promise<WrittenGrant> {
  return await untilWritten(async () => {
    const token = await requireSubject(ctx, input);
    const now = timestamp(ctx.deps.clock.now());
    const document = await readGrants(ctx.deps);
    const before = grantIn(document, name);
    const grant: Grant = { name, createdAt: before?.createdAt ?? now, updatedAt: now, ...input };
    if (before && equal({ ...grant, updatedAt: before.updatedAt }, before)) {
      return { grant: before, isCreated: false };
    }
    const grants = [...others(document, name), grant].sort((a, b) => compareText(a.name, b.name));
    if (grants.length > MAX_GRANTS) {
      throw new AppError('limit-exceeded', say('TooManyGrants', { most: MAX_GRANTS }));
    }
    const verb = before ? 'update' : 'create';
    await requireAdministrator(ctx, grants);
    const cleared = await clearGrant(ctx, name, before, { input, token: token?.body });
    // The token is written as well, so that it has the same secrets when the grant is there.
    const documents = [...cleared.documents, ...(token ? [{ ...token, version: token.version + 1 }] : [])];
    const isWritten = await writeGrants({ ctx: cleared.ctx, documents }, document, grants, {
      verb,
      name,
      before,
      after: grant,
    });
    return isWritten ? { grant, isCreated: before === undefined, need: cleared.need } : undefined;
  });
}

/** Takes a grant away. Throws `not-found` and `last-administrator`. */
export async function deleteGrant(ctx: Context, name: string): Promise<Grant> {
  return await untilWritten(async () => {
    const document = await readGrants(ctx.deps);
    const before = grantIn(document, name);
    if (before === undefined) throw missing('grant', name);
    const left = others(document, name);
    await requireAdministrator(ctx, left);
    const change = { verb: 'delete', name, before } as const;
    const isWritten = await writeGrants({ ctx, documents: [] }, document, left, change);
    return isWritten ? before : undefined;
  });
}

async function writeGrants(
  { ctx, documents }: Clearance,
  document: GrantsDocument,
  grants: Grant[],
  change: Omit<Parameters<typeof writeAccess>[2], 'kind'>,
): Promise<boolean> {
  const next = { ...document, version: document.version + 1, body: { grants } };
  return await writeAccess(ctx, [next, ...documents], { kind: 'grant', ...change });
}

/**
 * Returns the token that a grant is for; undefined for subjects of identity providers. Throws `unknown-reference` for a token that does
 * not exist, and for an identity provider that the settings do not have.
 */
async function requireSubject(
  { deps }: Context,
  { subject, credentials = [] }: GrantInput,
): Promise<TokenDocument | undefined> {
  const unknownSets = credentials.flatMap((set, index) =>
    deps.settings.credentials.includes(set)
      ? []
      : [unknownReference(`#/credentials/${index}`, say('NoCredentials', { name: set }))],
  );
  if (subject.type !== 'token') {
    const isKnown = deps.identities.issuers.includes(subject.issuer);
    const unknown = unknownReference('#/subject/issuer', say('NoIssuer', { issuer: subject.issuer }));
    throwFaults(isKnown ? unknownSets : [unknown, ...unknownSets]);
    return undefined;
  }
  const token = await readToken(deps, subject.token);
  const isThere = token !== undefined && token.body.revokedAt === undefined;
  const unknown = noSuch('#/subject/token', 'token', subject.token);
  throwFaults(isThere ? unknownSets : [unknown, ...unknownSets]);
  return token;
}

function grantIn({ body }: GrantsDocument, name: string): Grant | undefined {
  return body.grants.find((grant) => grant.name === name);
}

function others({ body }: GrantsDocument, name: string): Grant[] {
  return body.grants.filter((grant) => grant.name !== name);
}
