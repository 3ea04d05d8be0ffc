import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** One call of the DynamoDB API on its way to the database. */
export interface DynamoCall {
  /** Such as `PutItem`. */
  action: string;
  /** The parameters of the action, as JSON. */
  body: Record<string, unknown>;
  headers: IncomingHttpHeaders;
}

/** What becomes of a call: it reaches the database, is answered in its place, or never gets an answer. */
export type Fate =
  | { type: 'forward' }
  /** The call reaches the database, and the connection is reset before its answer arrives. */
  | { type: 'lose-answer' }
  | { type: 'reset' }
  | { type: 'hang' }
  | { type: 'answer'; status: number; body: object };

export interface DynamoProxy {
  endpoint: string;
  close(): Promise<void>;
}

/** An HTTP proxy in front of a DynamoDB endpoint. `fateOf` is asked for each call in the order of arrival. */
export async function startDynamoProxy(target: string, fateOf: (call: DynamoCall) => Fate): Promise<DynamoProxy> {
  const server = createServer((incoming, outgoing) => {
    serve(target, fateOf, incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The proxy has no address.');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  target: string,
  fateOf: (call: DynamoCall) => Fate,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const sent = await textOf(incoming);
  const fate = fateOf(callOf(incoming.headers, sent));
  switch (fate.type) {
    case 'hang':
      return;
    case 'reset':
      incoming.socket.resetAndDestroy();
      return;
    case 'answer':
      respond(outgoing, fate.status, JSON.stringify(fate.body));
      return;
  }
  const { status, text } = await forward(target, incoming.headers, sent);
  if (fate.type === 'lose-answer') incoming.socket.resetAndDestroy();
  else respond(outgoing, status, text);
}

/** What an HTTP request asks of DynamoDB. */
export function callOf(headers: IncomingHttpHeaders, sent: string): DynamoCall {
  const action = String(headers['x-amz-target']).split('.')[1] ?? '';
  return { action, body: JSON.parse(sent || '{}'), headers };
}

function respond(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(text);
}

async function forward(target: string, headers: IncomingHttpHeaders, sent: string) {
  const outgoing = request(target, { method: 'POST', headers });
  outgoing.end(sent);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 502, text: await textOf(answer) };
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
