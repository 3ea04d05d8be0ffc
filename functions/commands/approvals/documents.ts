/** Approvals as they are stored, and what goes wrong without one. */

import type { Approval } from '../../../schemas/approval.ts';
import { say } from '../../../schemas/messages/index.ts';
import { isLive } from '../../core/access/approvals.ts';
import { auditEvent } from '../../core/model/audit.ts';
import { changesBetween } from '../../core/model/diff.ts';
import type { Deps, StoredDocument } from '../../deps.ts';
import { AppError } from '../app-error.ts';
import { authorOf, type Context, timestamp } from '../context.ts';

export type ApprovalDocument = StoredDocument<'approval'>;

/** A request that takes the approval of somebody else, with the approval that waits or was rejected. */
export class ApprovalRequired extends AppError {
  readonly approval: Approval;

  constructor(approval: Approval) {
    const { id, state, decidedBy = '', rejection = '', expiresAt } = approval;
    if (state === 'rejected') {
      super('approval-rejected', say('ApprovalRejected', { id, decidedBy, expiresAt, rejection }));
    } else {
      super('approval-required', say('ApprovalRequired', { id, expiresAt }));
    }
    this.approval = approval;
  }
}

/**
 * Returns an approval that has not expired, and the version of the record, which may be that of an expired one. `place` is the
 * fleet or the installation.
 */
export async function readApproval(
  { store, clock }: Deps,
  place: string,
  id: string,
): Promise<{ version: number; live: ApprovalDocument | undefined }> {
  const found = await store.document(place, 'approval', id);
  const isThere = found !== undefined && isLive(found.body, timestamp(clock.now()));
  return { version: found?.version ?? 0, live: isThere ? found : undefined };
}

export function documentOf(place: string, version: number, body: Approval): ApprovalDocument {
  const ttl = Math.ceil(Date.parse(body.expiresAt) / 1000);
  return { fleet: place, kind: 'approval', id: body.id, version, body, isPending: false, ttl };
}

/** Writes an approval with its audit event. Returns false when another write came first. */
export async function writeApproval(
  ctx: Context,
  verb: 'requested' | 'approved' | 'rejected',
  document: ApprovalDocument,
  before?: Approval,
): Promise<boolean> {
  const { id, fleet } = document.body;
  const stamp = { at: timestamp(ctx.deps.clock.now()), ulid: ctx.deps.ids.ulid() };
  const target = { kind: 'approval', name: id, ...(fleet !== undefined && { fleet }) } as const;
  const told = { action: `approval.${verb}`, target, ...changesBetween(before ?? {}, document.body) };
  return await ctx.deps.store.putDocument(document, auditEvent(authorOf(ctx), stamp, told));
}
