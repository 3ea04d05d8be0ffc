import type { Grant, GrantInput, Subject } from '../../../schemas/access.ts';
import type { ApprovalPolicy } from '../../../schemas/approval.ts';
import { say } from '../../../schemas/messages/index.ts';
import { EVERY_FLEET, INSTALLATION } from '../../core/access/principal.ts';
import { isOfPerson } from '../../core/access/roles.ts';
import type { StoredToken } from '../../core/access/token.ts';
import type { Deps } from '../../deps.ts';
import { type Clearance, requireApproval } from '../approvals/require.ts';
import type { Context } from '../context.ts';
import { readGrants } from './installation.ts';

/**
 * Clears a grant that is made or changed. `token` is the token that it is for. The approval holds for the secrets which that token
 * has now: whoever makes it another secret makes it somebody else's. Throws what `requireApproval` throws.
 */
export async function clearGrant(
  ctx: Context,
  name: string,
  before: Grant | undefined,
  { input, token }: { input: GrantInput; token: StoredToken | undefined },
): Promise<Clearance> {
  const policy = await policyOf(ctx.deps, [...(before?.fleets ?? []), ...input.fleets]);
  const where = input.fleets.includes(EVERY_FLEET) ? 'every fleet' : input.fleets.join(', ');
  return await requireApproval(ctx, policy, {
    fleet: INSTALLATION,
    actions: ['grant'],
    plan: { grant: name, before, after: input, token: token && accessOf(token) },
    summary: [say('GivesRole', { grant: name, role: input.role, where, to: nameOf(input.subject) }).text],
  });
}

/**
 * Clears what lets somebody use a token who could not use it before: a new secret, and a later expiry. Whoever can use it gets
 * the roles of the token, because grants outlive the token that they name, even its record. `after` is what the token is to be,
 * as far as the request says so. Throws what `requireApproval` throws.
 */
export async function clearUse(
  ctx: Context,
  name: string,
  before: StoredToken | undefined,
  after: { expiresAt: string | undefined; hasNewSecret: boolean },
): Promise<Clearance> {
  const { grants } = (await readGrants(ctx.deps)).body;
  const held = grants.filter(
    ({ subject, role }) => subject.type === 'token' && subject.token === name && isOfPerson(role),
  );
  const policy = await policyOf(
    ctx.deps,
    held.flatMap(({ fleets }) => fleets),
  );
  const told = { token: name, roles: held.map(({ role }) => role).join(', ') };
  const until = after.expiresAt;
  return await requireApproval(ctx, policy, {
    fleet: INSTALLATION,
    actions: ['grant'],
    plan: { token: name, before: before && accessOf(before), after, grants: held },
    summary: [(after.hasNewSecret ? say('MakesSecret', told) : say('LengthensToken', { ...told, until })).text],
  });
}

/** Returns what decides who can use a token. The record that it was used changes with each use, and is left out. */
function accessOf({ uid, revokedAt, expiresAt, secrets }: StoredToken) {
  return { uid, revokedAt, expiresAt, secrets };
}

/** Returns what the fleets ask for together: one that protects grants is enough, and the shortest validity counts. */
async function policyOf({ store }: Deps, concerned: readonly string[]): Promise<ApprovalPolicy | undefined> {
  if (concerned.length === 0) return undefined;
  const { items, unreadable } = await store.fleets();
  // A fleet that cannot be read may protect its grants.
  if (unreadable[0]) throw unreadable[0];
  const isConcerned = (fleet: string) => concerned.includes(EVERY_FLEET) || concerned.includes(fleet);
  const policies = items.flatMap(({ name, spec }) => {
    const { approvals } = spec;
    return approvals?.required.includes('grant') && isConcerned(name) ? [approvals] : [];
  });
  if (policies.length === 0) return undefined;
  return { required: ['grant'], validSeconds: Math.min(...policies.map(({ validSeconds }) => validSeconds)) };
}

function nameOf(subject: Subject): string {
  switch (subject.type) {
    case 'token':
      return `the token ${subject.token}`;
    case 'oidc-subject':
      return `the subject ${subject.subject} of ${subject.issuer}`;
    case 'oidc-group':
      return `the group ${subject.group} of ${subject.issuer}`;
  }
}
