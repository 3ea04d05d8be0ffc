import * as z from 'zod';
import { Approval } from './approval.ts';

/**
 * Every problem that the API can answer, by its code. `status` is the HTTP status; `retryable` is true when the same
 * request may succeed later.
 */
export const problems = {
  'malformed-json': { status: 400, title: 'The body is not JSON', retryable: false },
  'invalid-request': { status: 400, title: 'The request is not valid', retryable: false },
  'invalid-page-token': { status: 400, title: 'The page token is not valid', retryable: false },
  unauthorized: { status: 401, title: 'A bearer token is required', retryable: false },
  'invalid-token': { status: 401, title: 'The token is not accepted', retryable: false },
  forbidden: { status: 403, title: 'You may not do this', retryable: false },
  'invalid-signature': { status: 403, title: 'The signature is not that of the voter', retryable: false },
  'own-request': { status: 403, title: 'Somebody else has to approve it', retryable: false },
  'not-owner': { status: 403, title: 'It belongs to somebody else', retryable: false },
  'not-found': { status: 404, title: 'Not found', retryable: false },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here', retryable: false },
  'backend-without-cluster': { status: 409, title: 'A backend would be left without a cluster', retryable: false },
  'still-referenced': { status: 409, title: 'Other resources refer to this one', retryable: false },
  replayed: { status: 409, title: 'This batch has been taken already', retryable: false },
  'already-live': { status: 409, title: 'Another one is live already', retryable: false },
  'enrolment-used': { status: 409, title: 'The enrolment token was used by another agent', retryable: false },
  'already-ended': { status: 409, title: 'It has ended', retryable: false },
  'last-administrator': { status: 409, title: 'Nobody could change grants any more', retryable: false },
  'rule-violated': { status: 409, title: 'A safety rule forbids it', retryable: false },
  'approval-required': { status: 409, title: 'Somebody else has to approve it first', retryable: false },
  'approval-rejected': { status: 409, title: 'Somebody else has rejected it', retryable: false },
  'stale-plan': { status: 409, title: 'The plan is not true any more', retryable: false },
  'stale-recommendation': { status: 409, title: 'The recommendation is not true any more', retryable: false },
  'nothing-asked': { status: 409, title: 'Nothing is asked, or something else', retryable: false },
  'write-conflict': { status: 409, title: 'Another write came in between', retryable: true },
  'idempotency-key-in-progress': { status: 409, title: 'The first request is being carried out', retryable: true },
  'answer-not-kept': { status: 409, title: 'It was done, and the answer is not kept', retryable: false },
  'precondition-failed': { status: 412, title: 'The resource has changed', retryable: false },
  'body-too-large': { status: 413, title: 'The body is too large', retryable: false },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported', retryable: false },
  'unknown-reference': { status: 422, title: 'A referenced resource does not exist', retryable: false },
  'idempotency-key-reused': { status: 422, title: 'Another request had this key', retryable: false },
  'unknown-voter': { status: 422, title: 'There is no such voter', retryable: false },
  'wrong-fleet': { status: 422, title: 'This was signed for another fleet', retryable: false },
  'from-the-future': { status: 422, title: 'This was sent at a time that is still to come', retryable: false },
  'stale-observations': { status: 422, title: 'This was sent too long ago', retryable: false },
  'truncated-alerts': { status: 422, title: 'Alerts were left out', retryable: false },
  'unsupported-feature': { status: 422, title: 'A gateway cannot express this', retryable: false },
  'forbidden-address': { status: 422, title: 'An address that must not be probed or served', retryable: false },
  'credential-in-clear': { status: 422, title: 'A credential stands in the declaration', retryable: false },
  'conflicting-declaration': {
    status: 422,
    title: 'The declaration contradicts itself or another one',
    retryable: false,
  },
  'quota-exceeded': { status: 422, title: 'A quota of a gateway would be exceeded', retryable: false },
  'redirect-loop': { status: 422, title: 'A redirect would lead to where it came from', retryable: false },
  'would-empty-gateway': { status: 422, title: 'A gateway would be left without routes', retryable: false },
  'limit-exceeded': { status: 422, title: 'A limit would be exceeded', retryable: false },
  'too-many-requests': { status: 429, title: 'Too many requests', retryable: true },
  'precondition-required': { status: 428, title: 'If-Match is required', retryable: false },
  internal: { status: 500, title: 'Something went wrong on our side', retryable: true },
  'unreadable-record': { status: 500, title: 'A stored record cannot be read', retryable: false },
  'newer-record': { status: 503, title: 'A newer release has written a stored record', retryable: false },
  unavailable: { status: 503, title: 'A dependency is not available', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ProblemCode = keyof typeof problems;

export const ProblemCode = z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]);

const Reason = z.string().meta({
  description:
    'The code of the sentence in `detail`, which says more exactly than `code` what is wrong. It stays when the sentence is worded ' +
    'otherwise. Absent where `detail` is a sentence of a schema or of a cloud.',
  examples: ['NoSuch'],
});

/** One fault of a request, with its place. */
export const Issue = z
  .object({
    pointer: z.string().meta({
      description:
        'The place of the fault: a JSON Pointer into the body (#/rules/0), a parameter (path/fleet, query/pageSize), a header ' +
        '(header/If-Match), or another resource and the place in it (routes/checkout#/gateways/0).',
      examples: ['#/rules/0/matches/0/path/value'],
    }),
    code: z.string().meta({ examples: ['invalid_format'] }),
    reason: Reason.optional(),
    detail: z.string(),
  })
  .meta({ id: 'Issue' });
export type Issue = z.infer<typeof Issue>;

export const Problem = z
  .object({
    type: z.url().meta({ description: 'The URL of the documentation of this problem.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    code: ProblemCode,
    reason: Reason.optional(),
    requestId: z.string(),
    errors: z.array(Issue).meta({ description: 'Every fault that was found, not only the first.' }),
    approval: Approval.optional().meta({
      description: 'The approval that the request waits for, or that was rejected.',
    }),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem details.',
  });
export type Problem = z.infer<typeof Problem>;
