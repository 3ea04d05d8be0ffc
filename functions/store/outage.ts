import { type DynamoDBClient, DynamoDBServiceException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { type MessageCode, say } from '../../schemas/messages/index.ts';
import { type StoreTrouble, StoreUnavailable } from '../deps.ts';

/**
 * Errors of DynamoDB that are not the fault of the call (API reference, version 2012-08-10, "Common errors"; developer
 * guide, "Error handling with DynamoDB").
 */
const TROUBLES: Readonly<Record<string, StoreTrouble>> = {
  ProvisionedThroughputExceededException: 'throttled',
  RequestLimitExceeded: 'throttled',
  ThrottlingException: 'throttled',
  InternalFailure: 'failing',
  InternalServerError: 'failing',
  ServiceUnavailable: 'failing',
  ServiceUnavailableException: 'failing',
  ExpiredTokenException: 'credentials',
  IncompleteSignatureException: 'credentials',
  InvalidSignatureException: 'credentials',
  MissingAuthenticationTokenException: 'credentials',
  UnrecognizedClientException: 'credentials',
  AccessDeniedException: 'denied',
  ResourceNotFoundException: 'no-table',
  TransactionConflictException: 'contended',
  // An earlier attempt of the same transaction is still under way, and may yet succeed.
  TransactionInProgressException: 'failing',
};

/** The cancellation code of an operation whose condition did not hold. */
export const CONDITION_FAILED = 'ConditionalCheckFailed';

/** Reasons for the cancellation of a transaction, other than its conditions. */
const REASONS: Readonly<Record<string, StoreTrouble>> = {
  ProvisionedThroughputExceeded: 'throttled',
  ThrottlingError: 'throttled',
  TransactionConflict: 'contended',
};

const MESSAGES = {
  unreachable: 'StoreUnreachable',
  silent: 'StoreSilent',
  failing: 'StoreFailing',
  throttled: 'StoreThrottles',
  contended: 'StoreContended',
  credentials: 'StoreRefusesCredentials',
  denied: 'StoreDenies',
  'no-table': 'StoreLacksTable',
  clock: 'StoreRefusesClock',
} as const satisfies Record<StoreTrouble, MessageCode>;

/** Signals that a request was sent, or should have been, and that no answer arrived. */
class TransportError extends Error {
  constructor(cause: unknown) {
    super('There is no answer.', { cause });
    this.name = 'TransportError';
  }
}

/**
 * Marks errors between the client and DynamoDB. They look different on each platform: Node has codes, of which there
 * are many, and workerd has only a text ("Network connection lost.", without a code and with the name `Error`).
 */
export function markTransportErrors(client: DynamoDBClient): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        throw new TransportError(error);
      }
    },
    // This middleware is the innermost one: what it calls is the network.
    { step: 'deserialize', priority: 'low', name: 'markTransportErrors' },
  );
}

/**
 * Returns the outage behind the error of a call; undefined when the call itself is at fault, or when a condition did
 * not hold.
 */
export function outageOf(error: unknown): StoreUnavailable | undefined {
  if (error instanceof StoreUnavailable) return error;
  if (error instanceof TransportError) {
    return isTimeout(error.cause)
      ? outage('silent', 'Timeout', error.cause)
      : outage('unreachable', 'ConnectionFailed', error.cause);
  }
  if (error instanceof TransactionCanceledException) return cancellation(error);
  if (error instanceof DynamoDBServiceException) return exception(error);
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'CredentialsProviderError') return outage('credentials', error.name, error);
  // The answer is not from DynamoDB, or is incomplete: the SDK could not read it.
  return '$response' in error ? outage('failing', 'UnreadableAnswer', error) : undefined;
}

function exception(error: DynamoDBServiceException): StoreUnavailable | undefined {
  const { name, $fault, $metadata } = error;
  // The SDK has corrected its clock by the answer, so the next attempt is signed with the right time.
  if ('clockSkewCorrected' in $metadata) return outage('clock', name, error);
  const trouble = TROUBLES[name];
  if (trouble) return outage(trouble, name, error);
  // The SDK gives this name to an answer without one, which DynamoDB never sends.
  if (name === 'Unknown') return outage('failing', 'UnreadableAnswer', error);
  return $fault === 'server' ? outage('failing', 'ServerError', error) : undefined;
}

export function outage(trouble: StoreTrouble, code: string, cause?: unknown): StoreUnavailable {
  const requestId = cause instanceof DynamoDBServiceException ? cause.$metadata.requestId : undefined;
  const message = say(MESSAGES[trouble], { code }).text;
  return new StoreUnavailable({ trouble, code, message, requestId, cause });
}

/**
 * Tells whether the SDK reports a timeout. It calls a reset connection a TimeoutError as well, but that one has a code
 * of its own.
 */
function isTimeout(cause: unknown): boolean {
  if (!(cause instanceof Error) || cause.name !== 'TimeoutError') return false;
  return !('code' in cause) || cause.code === 'ETIMEDOUT';
}

function cancellation(error: TransactionCanceledException): StoreUnavailable | undefined {
  const codes = (error.CancellationReasons ?? []).map(({ Code = '' }) => Code);
  // A condition that does not hold will not hold at the next attempt either.
  if (codes.includes(CONDITION_FAILED)) return undefined;
  const [code, trouble] = Object.entries(REASONS).find(([candidate]) => codes.includes(candidate)) ?? [];
  return code && trouble ? outage(trouble, code, error) : undefined;
}
