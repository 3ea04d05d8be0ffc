import {
  BatchGetItemCommand,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { Hono } from 'hono';
import { createDynamoClient } from '../../functions/store/dynamo.ts';
import type { DynamoCall } from '../store/proxy.ts';

/** A call of the DynamoDB API that the Worker repeats. */
export type RecordedCall = Pick<DynamoCall, 'action' | 'body'>;

interface Env {
  DYNAMODB_ENDPOINT: string;
  /** JSON: the calls to repeat, by the name of the request that made them. */
  CALLS: string;
}

const COMMANDS = {
  BatchGetItem: BatchGetItemCommand,
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  TransactWriteItems: TransactWriteItemsCommand,
  UpdateItem: UpdateItemCommand,
} as const;

/** A Hono handler that makes recorded calls with the same SDK and does nothing else: the least that the API could cost. */
const app = new Hono<{ Bindings: Env }>();
app.get('/livez', (c) => c.json({ status: 'ok' }));
app.get('/repeat/:name', async (c) => {
  const calls = (JSON.parse(c.env.CALLS) as Record<string, RecordedCall[]>)[c.req.param('name')] ?? [];
  const client = createDynamoClient({
    region: 'us-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoint: c.env.DYNAMODB_ENDPOINT,
  });
  const answers: unknown[] = [];
  for (const { action, body } of calls) {
    // The action and its parameters were recorded together, which is more than their types can say.
    const Command = COMMANDS[action as keyof typeof COMMANDS] as typeof GetItemCommand;
    answers.push(await client.send(new Command(body as unknown as GetItemCommandInput)));
  }
  return c.json({ repeated: answers.length });
});

// biome-ignore lint/style/noDefaultExport: workerd expects a Worker in this form.
export default app;
