import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Approval } from '../../../schemas/approval.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import { type Problem, type ProblemCode, problems } from '../../../schemas/problem.ts';
import { AppError } from '../../commands/app-error.ts';
import { ApprovalRequired } from '../../commands/approvals/documents.ts';
import { IdentityUnavailable, InvalidPageToken, StoreLimitError, StoreUnavailable } from '../../deps.ts';
import { NewerRecordError, UnreadableRecord } from '../../unreadable.ts';
import type { AppEnv } from './env.ts';
import { TooManyRequests } from './limits.ts';

/** The URL at which docs/problems.md is published. */
const DOCUMENTATION = 'https://fairlead.dev/problems/';

/** The largest number of issues in an answer. A hostile body can have a fault in every byte. */
const MAX_ISSUES = 1000;

const RETRY_AFTER_SECONDS = '1';

/** Answers an error with problem details (RFC 9457). An unexpected error is answered with nothing but the request id. */
export function answerProblem(c: Context<AppEnv>, error: unknown): Response {
  const known = toAppError(error);
  const { code, reason, detail, errors } = known;
  const approval = known instanceof ApprovalRequired ? known.approval : undefined;
  const { status, title, retryable } = problems[code];
  const challenge = CHALLENGES[code];
  const problem: Problem = {
    type: DOCUMENTATION + code,
    title,
    status,
    detail,
    instance: c.req.path,
    code,
    ...(reason !== undefined && { reason }),
    requestId: c.get('requestId'),
    errors: errors.slice(0, MAX_ISSUES),
    ...(approval && { approval }),
  };
  return c.body(JSON.stringify(problem), statusOf(code), {
    'Content-Type': 'application/problem+json',
    ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
    ...(approval && { Location: pathOf(approval) }),
    ...(retryable && { 'Retry-After': RETRY_AFTER_SECONDS }),
    ...(error instanceof TooManyRequests && error.headers),
  });
}

/** The challenges of answers that are about the token (RFC 6750, section 3). */
const CHALLENGES: { [C in ProblemCode]?: string } = {
  unauthorized: 'Bearer realm="fairlead"',
  'invalid-token': 'Bearer realm="fairlead", error="invalid_token"',
  forbidden: 'Bearer realm="fairlead", error="insufficient_scope"',
};

function pathOf({ id, fleet }: Approval): string {
  return fleet === undefined ? `/v1/approvals/${id}` : `/v1/fleets/${fleet}/approvals/${id}`;
}

function statusOf(code: ProblemCode): ContentfulStatusCode {
  return problems[code].status;
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof InvalidPageToken) {
    const fault = issueAt('query/pageToken', 'invalid-page-token', say('NotThisToken'));
    return new AppError('invalid-page-token', say('NextPageToken'), [fault]);
  }
  // The messages of these errors name the stored item, and never its content.
  if (error instanceof NewerRecordError)
    return new AppError('newer-record', say('StoreFault', { fault: error.message }));
  if (error instanceof UnreadableRecord)
    return new AppError('unreadable-record', say('StoreFault', { fault: error.message }));
  if (error instanceof StoreLimitError)
    return new AppError('limit-exceeded', say('StoreFault', { fault: error.message }));
  if (error instanceof IdentityUnavailable)
    return new AppError('unavailable', say('IdentityFault', { fault: error.message }));
  if (error instanceof StoreUnavailable) {
    return new AppError('unavailable', say('StoreAway', { fault: error.message }));
  }
  return new AppError('internal', say('Internal'));
}
