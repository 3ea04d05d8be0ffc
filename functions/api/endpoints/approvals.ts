import * as z from 'zod';
import { Approval, ApprovalId, ApprovalPage, ApproveInput, RejectInput } from '../../../schemas/approval.ts';
import { Name, PageQuery } from '../../../schemas/common.ts';
import { decideApproval, getApproval, listApprovals } from '../../commands/approvals/decide.ts';
import type { Access } from '../../core/access/access.ts';
import type { ApprovalDecision } from '../../core/access/approvals.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import { inFleet } from '../http/access.ts';
import { defineEndpoint, NO_BODY, NO_QUERY, type Endpoint } from '../http/endpoint.ts';
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
): Endpoint[] {
  const { title, where } = api;
  return [
    listOperation(api),
    getOperation(api),
    decisionOperation(api, ApproveInput, (body) => ({ type: 'approve', ...body }), {
      operationId: `approve${title}Request`,
      path: `${api.path}/{approval}/approve`,
      summary: `Approve a request ${where}`,
      description:
        'The digest says which plan is approved. Nobody approves their own request. Once it is approved, the requester sends the ' +
        'same request again, which uses the approval up.',
      problems: [...BODY_PROBLEMS, 'not-found', 'own-request', 'stale-plan', 'already-ended', 'write-conflict'],
    }),
    decisionOperation(api, RejectInput, (body) => ({ type: 'reject', ...body }), {
      operationId: `reject${title}Request`,
      path: `${api.path}/{approval}/reject`,
      summary: `Reject a request ${where}`,
      description:
        'The same request is refused until the approval expires. What was approved can be rejected as long as it is not used, and ' +
        'requesters may reject their own requests.',
      problems: [...BODY_PROBLEMS, 'not-found', 'already-ended', 'write-conflict'],
    }),
  ];
}

function listOperation<C extends z.ZodObject, P extends z.ZodObject<{ approval: typeof ApprovalId }>>(
  api: ApprovalApi<C, P>,
): Endpoint {
  return defineEndpoint({
    operationId: `list${api.title}Approvals`,
    access: api.reads,
    method: 'get',
    path: api.path,
    tag: 'approvals',
    summary: `List the approvals ${api.where}`,
    description: 'Approvals that have expired are gone, whatever their state; the audit events tell of them.',
    idempotency: 'safe',
    params: api.collectionParams,
    query: PageQuery,
    body: NO_BODY,
    successes: [{ status: 200, description: 'One page, by id.', schema: ApprovalPage }],
    problems: ['invalid-page-token', 'not-found'],
    handle: async (ctx, { params, query }) =>
      pageReply(await listApprovals(ctx, api.placeOf(params), pageRequest(query))),
  });
}

function getOperation<C extends z.ZodObject, P extends z.ZodObject<{ approval: typeof ApprovalId }>>(
  api: ApprovalApi<C, P>,
): Endpoint {
  return defineEndpoint({
    operationId: `get${api.title}Approval`,
    access: api.reads,
    method: 'get',
    path: `${api.path}/{approval}`,
    tag: 'approvals',
    summary: `Get an approval ${api.where}`,
    idempotency: 'safe',
    params: api.params,
    query: NO_QUERY,
    body: NO_BODY,
    successes: [{ status: 200, description: 'The approval.', schema: Approval }],
    problems: ['not-found'],
    handle: async (ctx, { params }) => ({
      status: 200,
      body: await getApproval(ctx, api.placeOf(params), idOf(params)),
    }),
  });
}

type Told = Pick<Endpoint, 'operationId' | 'path' | 'summary' | 'problems'> & { description: string };

/** Creates an operation that decides on an approval. `decisionOf` makes the decision from the body. */
function decisionOperation<
  C extends z.ZodObject,
  P extends z.ZodObject<{ approval: typeof ApprovalId }>,
  B extends z.ZodType,
>(api: ApprovalApi<C, P>, body: B, decisionOf: (body: z.output<B>) => ApprovalDecision, told: Told): Endpoint {
  return defineEndpoint({
    ...told,
    access: api.decides,
    method: 'post',
    tag: 'approvals',
    idempotency: 'idempotent',
    write: true,
    params: api.params,
    query: NO_QUERY,
    body,
    successes: [{ status: 200, description: 'The approval; in a dry run, as it would be.', schema: Approval }],
    handle: async (ctx, { params, body: given }) => ({
      status: 200,
      body: await decideApproval(ctx, api.placeOf(params), idOf(params), decisionOf(given)),
    }),
  });
}

function idOf(params: Record<string, unknown>): string {
  return ApprovalId.parse(params['approval']);
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
export const approvalsOperations: readonly Endpoint[] = [...ofFleet, ...ofInstallation];
