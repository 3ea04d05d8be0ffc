import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../functions/store/dynamo.ts';
import { localSettings } from '../../infra/local/dynamo.ts';

/** The embedded DynamoDB wants a request to be signed and checks no signature. */
const UNCHECKED = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-west-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  'x-amz-date': '20260101T000000Z',
};

/** The time is long because a busy machine is no store in trouble. */
const ATTEMPT_TIMEOUT_MS = 30_000;

/**
 * The client of the product without what only AWS looks at, namely signatures, the user agent and traces. They make up a third of the
 * time of a call; test/store, test/local and test/workerd send them.
 */
export function createTestClient(endpoint: string): DynamoDBClient {
  const client = createDynamoClient({ ...localSettings, endpoint, attemptTimeoutMs: ATTEMPT_TIMEOUT_MS });
  const { middlewareStack } = client;
  for (const name of [
    'httpSigningMiddleware',
    'loggerMiddleware',
    'getUserAgentMiddleware',
    'recursionDetectionMiddleware',
  ]) {
    if (!middlewareStack.remove(name)) throw new Error(`The SDK has no ${name} any more.`);
  }
  middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: Record<string, string> }).headers, UNCHECKED);
      return next(args);
    },
    { step: 'finalizeRequest', name: 'unchecked' },
  );
  return client;
}
