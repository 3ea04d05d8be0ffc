import type { Approval, ApprovalQuery } from '../../../schemas/approval.ts';
import { say } from '../../../schemas/messages/index.ts';
import { type ApprovalDecision, decided, isLive, type Refusal } from '../../core/access/approvals.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import type { Page, PageRequest } from '../../deps.ts';
import { AppError } from '../app-error.ts';
import { type Context, timestamp } from '../context.ts';
import { requireFleet } from '../load.ts';
import { type ListOf, selectionOf } from '../selection.ts';
import { type ApprovalDocument, documentOf, readApproval, writeApproval } from './documents.ts';

/** Lists the approvals of a fleet, or of the installation, that have not expired. Throws `not-found` for the fleet. */
export async function listApprovals(
  ctx: Context,
  place: string,
  page: PageRequest,
  query: ApprovalQuery,
): Promise<Page<Approval>> {
  await requirePlace(ctx, place);
  const now = timestamp(ctx.deps.clock.now());
  const list = { ...approvalList, part: { name: 'live', has: ({ body }: ApprovalDocument) => isLive(body, now) } };
  const { items, nextToken } = await ctx.deps.store.documents(place, 'approval', page, selectionOf(list, query));
  return { items: items.map(({ body }) => body), nextToken };
}

const approvalList: ListOf<ApprovalDocument, ApprovalQuery> = {
  fields: { requestedAt: ({ body }) => body.requestedAt, expiresAt: ({ body }) => body.expiresAt },
  filters: {
    state: ({ body }, asked) => body.state === asked,
    action: ({ body }, asked) => body.actions.includes(asked),
    requestedBy: ({ body }, asked) => body.requestedBy === asked,
  },
};

/** Returns an approval. Throws `not-found`, also for one that has expired. */
export async function getApproval(ctx: Context, place: string, id: string): Promise<Approval> {
  await requirePlace(ctx, place);
  return (await loaded(ctx, place, id)).body;
}

/** The number of attempts while others decide, or the request is sent. */
const ATTEMPTS = 3;

/**
 * Approves or rejects a request. Deciding the same again changes nothing. Throws `not-found`, `own-request` for the approval of
 * one's own request, `stale-plan` for another digest, and `already-ended`.
 */
export async function decideApproval(
  ctx: Context,
  place: string,
  id: string,
  decision: ApprovalDecision,
): Promise<Approval> {
  await requirePlace(ctx, place);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { body, version } = await loaded(ctx, place, id);
    const result = decided(body, ctx.principal, decision, timestamp(ctx.deps.clock.now()));
    if (typeof result === 'string') throw refused(result, body);
    if (result === body || ctx.isDry) return result;
    const verb = decision.type === 'approve' ? 'approved' : 'rejected';
    if (await writeApproval(ctx, verb, documentOf(place, version + 1, result), body)) return result;
  }
  throw new AppError('write-conflict', say('OutdecidedApproval', { id }));
}

async function requirePlace(ctx: Context, place: string): Promise<void> {
  if (place !== INSTALLATION) await requireFleet(ctx, place);
}

async function loaded(ctx: Context, place: string, id: string): Promise<ApprovalDocument> {
  const { live } = await readApproval(ctx.deps, place, id);
  if (live === undefined) throw new AppError('not-found', say('NoApproval', { id }));
  return live;
}

function refused(refusal: Refusal, { id, digest, state, requestedBy }: Approval): AppError {
  switch (refusal) {
    case 'own':
      return new AppError('own-request', say('OwnRequest', { id, requestedBy }));
    case 'other-plan':
      return new AppError('stale-plan', say('OtherPlan', { id, digest }));
    case 'over':
      return new AppError('already-ended', say('ApprovalOver', { id, state }));
  }
}
