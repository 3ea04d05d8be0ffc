import * as z from 'zod';
import { Approval, ApprovalId, ApprovalPage, ApproveInput, RejectInput } from '../../../schemas/approval.ts';
import { Name, PageQuery } from '../../../schemas/common.ts';
import { decideApproval, getApproval, listApprovals } from '../../commands/approvals/decide.ts';
import type { Access } from '../../core/access/access.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import { inFleet } from '../http/access.ts';
import { defineOperation, NO_BODY, NO_QUERY, type Operation } from '../http/operation.ts';
import { pageReply, pageRequest } from '../http/page.ts';
import { InFleet } from '../http/params.ts';
import { BODY_PROBLEMS } from './resources.ts';

/** A place that has approvals: a fleet, or the installation. */
interface ApprovalApi<C extends z.ZodObject, P extends z.ZodObject<{ approval: typeof ApprovalId }>> {
  /** The beginning of the operation ids, such as `Fleet` in `listFleetApprovals`. */
  title: string;
  /** The words for the place in summaries. */
  where: string;
  path: string;
  collectionParams: C;
  params: P;
  placeOf(params: z.output<C> | z.output<P>): string;
  reads: Access;
  decides: Access;
}

/** Returns the operations on the approvals of a place. */
function approvalOperations<C extends z.ZodObject, P extends z.ZodObject<{ approval: typeof ApprovalId }>>(
  api: ApprovalApi<C, P>,
): Operation[] {
  const { title, where, path, params, placeOf } = api;
  const item = { path: `${path}/{approval}`, tag: 'approvals', params, query: NO_QUERY } as const;
  const idOf = (given: z.output<P>) => ApprovalId.parse(given['approval']);
  const decision = {
    access: api.decides,
    method: 'post',
    idempotency: 'idempotent',
    write: true,
    successes: [{ status: 200, description: 'The approval; in a dry run, as it would be.', schema: Approval }],
  } as const;
  return [
    defineOperation({
      operationId: `list${title}Approvals`,
      access: api.reads,
      method: 'get',
      path,
      tag: 'approvals',
      summary: `List the approvals ${where}`,
      description: 'Approvals that have expired are gone, whatever their state; the audit events tell of them.',
      idempotency: 'safe',
      params: api.collectionParams,
      query: PageQuery,
      body: NO_BODY,
      successes: [{ status: 200, description: 'One page, by id.', schema: ApprovalPage }],
      problems: ['invalid-page-token', 'not-found'],
      handle: async (ctx, { params: given, query }) =>
        pageReply(await listApprovals(ctx, placeOf(given), pageRequest(query))),
    }),
    defineOperation({
      ...item,
      operationId: `get${title}Approval`,
      access: api.reads,
      method: 'get',
      summary: `Get an approval ${where}`,
      idempotency: 'safe',
      body: NO_BODY,
      successes: [{ status: 200, description: 'The approval.', schema: Approval }],
      problems: ['not-found'],
      handle: async (ctx, { params: given }) => ({
        status: 200,
        body: await getApproval(ctx, placeOf(given), idOf(given)),
      }),
    }),
    defineOperation({
      ...item,
      ...decision,
      operationId: `approve${title}Request`,
      path: `${item.path}/approve`,
      summary: `Approve a request ${where}`,
      description:
        'The digest says which plan is approved. Nobody approves their own request. Once it is approved, the requester sends the ' +
        'same request again, which uses the approval up.',
      body: ApproveInput,
      problems: [...BODY_PROBLEMS, 'not-found', 'own-request', 'stale-plan', 'already-ended', 'write-conflict'],
      handle: async (ctx, { params: given, body }) => ({
        status: 200,
        body: await decideApproval(ctx, placeOf(given), idOf(given), { type: 'approve', ...body }),
      }),
    }),
    defineOperation({
      ...item,
      ...decision,
      operationId: `reject${title}Request`,
      path: `${item.path}/reject`,
      summary: `Reject a request ${where}`,
      description:
        'The same request is refused until the approval expires. What was approved can be rejected as long as it is not used, and ' +
        'requesters may reject their own requests.',
      body: RejectInput,
      problems: [...BODY_PROBLEMS, 'not-found', 'already-ended', 'write-conflict'],
      handle: async (ctx, { params: given, body }) => ({
        status: 200,
        body: await decideApproval(ctx, placeOf(given), idOf(given), { type: 'reject', ...body }),
      }),
    }),
  ];
}

const ofFleet = approvalOperations({
  title: 'Fleet',
  where: 'of a fleet',
  path: '/v1/fleets/{fleet}/approvals',
  collectionParams: InFleet,
  params: z.strictObject({ fleet: Name, approval: ApprovalId }),
  placeOf: ({ fleet }) => fleet,
  reads: inFleet('read'),
  decides: inFleet('approve'),
});

const IN_EVERY_FLEET: Access = { permission: 'approve', place: 'installation' };

const ofInstallation = approvalOperations({
  title: 'Installation',
  where: 'of the installation, which are about grants and tokens',
  path: '/v1/approvals',
  collectionParams: z.strictObject({}),
  params: z.strictObject({ approval: ApprovalId }),
  placeOf: () => INSTALLATION,
  reads: IN_EVERY_FLEET,
  decides: IN_EVERY_FLEET,
});

/** The operations with which a second person decides on requests. */
export const approvalsOperations: readonly Operation[] = [...ofFleet, ...ofInstallation];
