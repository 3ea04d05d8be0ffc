import type { Approval, ApprovalNeed, ApprovalPolicy } from '../../../schemas/approval.ts';
import { say } from '../../../schemas/messages/index.ts';
import { approvalId, type Planned, planDigest, protectedBy } from '../../core/access/approvals.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import type { StoredDocument } from '../../deps.ts';
import { AppError } from '../app-error.ts';
import { type Context, timestamp } from '../context.ts';
import { type ApprovalDocument, ApprovalRequired, documentOf, readApproval, writeApproval } from './documents.ts';

/** A request that may be carried out, with everything that it goes on with. */
export interface Clearance {
  /** The context, whose audit events name the approval. */
  ctx: Context;
  /** The used approval, which has to be written in the transaction of the request, so that it is used once. */
  documents: StoredDocument[];
  /** The approval as a dry run tells of it; absent when the request takes none. */
  need?: ApprovalNeed | undefined;
}

/** The number of attempts while others write the same approval. */
const ATTEMPTS = 3;

/**
 * Clears a request that takes no approval under the policy, or that has one. Throws `approval-required` with an approval that
 * waits for somebody else, which is recorded unless it was before, and `approval-rejected`. A dry run is always cleared.
 */
export async function requireApproval(
  ctx: Context,
  policy: ApprovalPolicy | undefined,
  asked: Planned,
): Promise<Clearance> {
  const actions = protectedBy(policy, asked.actions);
  if (policy === undefined || actions.length === 0 || ctx.principal.kind === 'automation')
    return { ctx, documents: [] };
  const planned = { ...asked, actions };
  const digest = planDigest(planned);
  const id = approvalId(digest, ctx.principal.actor);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { version, live } = await readApproval(ctx.deps, asked.fleet, id);
    const known = live?.body.digest === digest && live.body.state !== 'used' ? live : undefined;
    if (ctx.isDry) return { ctx, documents: [], need: needOf(planned, digest, known?.body) };
    if (known?.body.state === 'approved') return cleared(ctx, known);
    if (known) throw new ApprovalRequired(known.body);
    const approval = requested(ctx, policy, planned, { id, digest });
    if (await writeApproval(ctx, 'requested', documentOf(asked.fleet, version + 1, approval))) {
      throw new ApprovalRequired(approval);
    }
  }
  throw new AppError('write-conflict', say('OutwrittenApproval'));
}

function needOf({ actions }: Planned, digest: string, approval: Approval | undefined): ApprovalNeed {
  const need = { actions: [...actions], digest };
  if (approval === undefined || approval.state === 'used') return { ...need, state: 'missing' };
  return { ...need, state: approval.state, approval: approval.id };
}

function cleared(ctx: Context, { fleet, version, body }: ApprovalDocument): Clearance {
  const used = { ...body, state: 'used' as const, usedAt: timestamp(ctx.deps.clock.now()) };
  const approval = { id: body.id, approvedBy: body.decidedBy ?? '' };
  return { ctx: { ...ctx, approval }, documents: [documentOf(fleet, version + 1, used)] };
}

function requested(
  { deps, principal, reason }: Context,
  { validSeconds }: ApprovalPolicy,
  { fleet, actions, summary }: Planned,
  { id, digest }: { id: string; digest: string },
): Approval {
  const nowMs = deps.clock.now();
  return {
    id,
    ...(fleet !== INSTALLATION && { fleet }),
    state: 'pending',
    actions: [...actions],
    digest,
    summary: [...summary],
    requestedBy: principal.actor,
    requestedAt: timestamp(nowMs),
    ...(reason !== undefined && { reason }),
    expiresAt: timestamp(nowMs + validSeconds * 1000),
  };
}
