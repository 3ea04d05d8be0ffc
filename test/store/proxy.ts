import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** One call of the DynamoDB API on its way to the database. */
export interface DynamoCall {
  /** The action, such as `PutItem`. */
  action: string;
  /** The parameters of the action, as JSON. */
  body: Record<string, unknown>;
  headers: IncomingHttpHeaders;
}

/** The fate of a call: it reaches the database, is answered in its place, or never gets an answer. */
export type Fate =
  | { type: 'forward' }
  /** The call reaches the database, and the connection is reset before its answer arrives. */
  | { type: 'lose-answer' }
  | { type: 'reset' }
  /** Half of the answer arrives before the connection is reset. */
  | { type: 'cut-answer' }
  | { type: 'hang' }
  /** The text is sent as HTML, as a proxy on the way would answer. */
  | { type: 'answer'; status: number; body: object | string; headers?: Record<string, string> };

export interface DynamoProxy {
  endpoint: string;
  close(): Promise<void>;
}

const JSON_HEADERS: Record<string, string> = { 'content-type': 'application/x-amz-json-1.0' };

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
      answer(outgoing, fate);
      return;
  }
  const { status, text } = await forward(target, incoming.headers, sent);
  if (fate.type === 'lose-answer') incoming.socket.resetAndDestroy();
  else if (fate.type === 'cut-answer') cut(outgoing, status, text);
  else respond(outgoing, status, text);
}

/** Reads the call of DynamoDB from an HTTP request. */
export function callOf(headers: IncomingHttpHeaders, sent: string): DynamoCall {
  const action = String(headers['x-amz-target']).split('.')[1] ?? '';
  return { action, body: JSON.parse(sent || '{}'), headers };
}

function answer(outgoing: ServerResponse, { status, body, headers }: Extract<Fate, { type: 'answer' }>): void {
  if (typeof body === 'string') respond(outgoing, status, body, { 'content-type': 'text/html', ...headers });
  else respond(outgoing, status, JSON.stringify(body), { ...JSON_HEADERS, ...headers });
}

function respond(outgoing: ServerResponse, status: number, text: string, headers = JSON_HEADERS): void {
  outgoing.writeHead(status, headers).end(text);
}

function cut(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { ...JSON_HEADERS, 'content-length': Buffer.byteLength(text) });
  // The first half is written before the reset, so that the client has it and the status when the connection ends.
  outgoing.write(text.slice(0, text.length / 2), () => setTimeout(() => outgoing.socket?.resetAndDestroy(), 20));
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
