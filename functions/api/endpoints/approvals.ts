import * as z from 'zod';
import {
  Approval,
  ApprovalId,
  ApprovalPage,
  ApprovalQuery,
  ApproveInput,
  RejectInput,
} from '../../../schemas/approval.ts';
import { Name } from '../../../schemas/common.ts';
import { decideApproval, getApproval, listApprovals } from '../../commands/approvals/decide.ts';
import { type Access, inFleet } from '../../core/access/access.ts';
import type { ApprovalDecision } from '../../core/access/approvals.ts';
import { INSTALLATION } from '../../core/access/principal.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { InFleet } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { writeEndpoint } from '../http/writes.ts';

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

/** Returns the endpoints of the approvals of a place. */
function endpointsOf<C extends z.ZodObject, P extends z.ZodObject<{ approval: typeof ApprovalId }>>(
  api: ApprovalApi<C, P>,
): Endpoint[] {
  const { title, where } = api;
  return [
    ...readEndpoints({
      names: [`${title}Approval`, `${title}Approvals`],
      tag: 'approvals',
      path: api.path,
      access: api.reads,
      member: 'approval',
      list: {
        params: api.collectionParams,
        summary: `List the approvals ${where}`,
        description: 'Approvals that have expired are gone, whatever their state; the audit events tell of them.',
        order: 'by id',
        query: ApprovalQuery,
        page: ApprovalPage,
        read: (ctx, params, page, asked) => listApprovals(ctx, api.placeOf(params), page, asked),
      },
      get: {
        params: api.params,
        summary: `Get an approval ${where}`,
        found: 'The approval.',
        schema: Approval,
        read: (ctx, params) => getApproval(ctx, api.placeOf(params), idOf(params)),
      },
    }),
    decisionEndpoint(api, ApproveInput, (body) => ({ type: 'approve', ...body }), {
      operationId: `approve${title}Request`,
      path: `${api.path}/{approval}/approve`,
      summary: `Approve a request ${where}`,
      description:
        'The digest says which plan is approved. Nobody approves their own request. Once it is approved, the requester sends the ' +
        'same request again, which uses the approval up.',
      problems: ['not-found', 'own-request', 'stale-plan', 'already-ended', 'write-conflict'],
    }),
    decisionEndpoint(api, RejectInput, (body) => ({ type: 'reject', ...body }), {
      operationId: `reject${title}Request`,
      path: `${api.path}/{approval}/reject`,
      summary: `Reject a request ${where}`,
      description:
        'The same request is refused until the approval expires. What was approved can be rejected as long as it is not used, and ' +
        'requesters may reject their own requests.',
      problems: ['not-found', 'already-ended', 'write-conflict'],
    }),
  ];
}

type Told = Pick<Endpoint, 'operationId' | 'path' | 'summary' | 'problems'> & { description: string };

/** Creates an endpoint that decides on an approval. `decisionOf` makes the decision from the body. */
function decisionEndpoint<
  C extends z.ZodObject,
  P extends z.ZodObject<{ approval: typeof ApprovalId }>,
  B extends z.ZodType,
>(api: ApprovalApi<C, P>, body: B, decisionOf: (body: z.output<B>) => ApprovalDecision, told: Told): Endpoint {
  return writeEndpoint({
    ...told,
    access: api.decides,
    method: 'post',
    tag: 'approvals',
    params: api.params,
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

const ofFleet = endpointsOf({
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

const ofInstallation = endpointsOf({
  title: 'Installation',
  where: 'of the installation, which are about grants and tokens',
  path: '/v1/approvals',
  collectionParams: z.strictObject({}),
  params: z.strictObject({ approval: ApprovalId }),
  placeOf: () => INSTALLATION,
  reads: IN_EVERY_FLEET,
  decides: IN_EVERY_FLEET,
});

/** The endpoints with which a second person decides on requests. */
export const approvalEndpoints: readonly Endpoint[] = [...ofFleet, ...ofInstallation];
