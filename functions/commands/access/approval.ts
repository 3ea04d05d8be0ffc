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

/** Clears a grant that is made or changed. Throws what `requireApproval` throws. */
export async function clearGrant(
  ctx: Context,
  name: string,
  before: Grant | undefined,
  input: GrantInput,
): Promise<Clearance> {
  const policy = await policyOf(ctx.deps, [...(before?.fleets ?? []), ...input.fleets]);
  const where = input.fleets.includes(EVERY_FLEET) ? 'every fleet' : input.fleets.join(', ');
  return await requireApproval(ctx, policy, {
    fleet: INSTALLATION,
    actions: ['grant'],
    plan: { grant: name, before, after: input },
    summary: [say('GivesRole', { grant: name, role: input.role, where, to: nameOf(input.subject) }).text],
  });
}

/**
 * Clears a new secret of a token, which gives whoever gets it the roles of the token: grants outlive the token that they name,
 * even its record. People may have a secret for the token that they use. Throws what `requireApproval` throws.
 */
export async function clearSecret(ctx: Context, name: string, before: StoredToken | undefined): Promise<Clearance> {
  if (ctx.principal.kind === 'token' && ctx.principal.actor === name) return { ctx, documents: [] };
  const { grants } = (await readGrants(ctx.deps)).body;
  const held = grants.filter(
    ({ subject, role }) => subject.type === 'token' && subject.token === name && isOfPerson(role),
  );
  const policy = await policyOf(
    ctx.deps,
    held.flatMap(({ fleets }) => fleets),
  );
  return await requireApproval(ctx, policy, {
    fleet: INSTALLATION,
    actions: ['grant'],
    // The record that the token was used changes with each use, and is left out.
    plan: { token: name, uid: before?.uid, revokedAt: before?.revokedAt, secrets: before?.secrets, grants: held },
    summary: [say('MakesSecret', { token: name, roles: held.map(({ role }) => role).join(', ') }).text],
  });
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
