import type { StoreTrouble } from '../../functions/deps.ts';
import type { Fate } from './proxy.ts';

/** A way in which DynamoDB does not do its work, and what that is to be called. */
export interface OutageCase {
  name: string;
  fate: Fate;
  trouble: StoreTrouble;
  code: string;
}

/** Stands in the texts of DynamoDB below, as account ids and names of users do in real ones; no client may see it. */
export const PRIVATE = 'arn:aws:iam::123456789012:user/fairlead';

function exception(status: number, type: string): Fate {
  const body = { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `${PRIVATE} is in trouble` };
  return { type: 'answer', status, body };
}

function refusal(trouble: StoreTrouble, code: string, status = 400): OutageCase {
  return { name: `answers ${code}`, fate: exception(status, code), trouble, code };
}

/**
 * Times within which an outage is found. They are short only where finding it takes time, so that a busy machine is not
 * taken for a store that hangs.
 */
export function timesFor({ trouble }: OutageCase): { attemptTimeoutMs: number; patienceMs: number } {
  return {
    attemptTimeoutMs: trouble === 'silent' ? 200 : 60_000,
    patienceMs: trouble === 'silent' || trouble === 'throttled' ? 1_500 : 60_000,
  };
}

/** Outages that pass by themselves, so that trying again is worthwhile. */
export const PASSING: readonly OutageCase[] = [
  { name: 'resets the connection', fate: { type: 'reset' }, trouble: 'unreachable', code: 'ConnectionFailed' },
  { name: 'loses its answer', fate: { type: 'lose-answer' }, trouble: 'unreachable', code: 'ConnectionFailed' },
  { name: 'ends within its answer', fate: { type: 'cut-answer' }, trouble: 'failing', code: 'UnreadableAnswer' },
  { name: 'hangs', fate: { type: 'hang' }, trouble: 'silent', code: 'Timeout' },
  {
    name: 'is hidden by a proxy that answers HTML',
    fate: { type: 'answer', status: 503, body: `<html>${PRIVATE}</html>` },
    trouble: 'failing',
    code: 'UnreadableAnswer',
  },
  {
    name: 'is hidden by a proxy that answers nothing',
    fate: { type: 'answer', status: 403, body: '' },
    trouble: 'failing',
    code: 'UnreadableAnswer',
  },
  refusal('failing', 'InternalServerError', 500),
  refusal('failing', 'ServiceUnavailable', 503),
  refusal('throttled', 'ProvisionedThroughputExceededException'),
  refusal('throttled', 'ThrottlingException'),
  refusal('throttled', 'RequestLimitExceeded'),
];

/** Outages that last until somebody does something about them. */
export const LASTING: readonly OutageCase[] = [
  refusal('credentials', 'ExpiredTokenException'),
  refusal('credentials', 'UnrecognizedClientException'),
  refusal('credentials', 'InvalidSignatureException'),
  refusal('credentials', 'MissingAuthenticationTokenException'),
  refusal('denied', 'AccessDeniedException'),
  refusal('no-table', 'ResourceNotFoundException'),
];
