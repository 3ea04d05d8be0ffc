import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `refuse` refuses connections and breaks off open ones; `hang` accepts connections and never answers; `brownout`
 * answers everything with 503.
 */
export type FailureMode = 'refuse' | 'hang' | 'brownout';

/** The number of requests that are remembered. */
const KEEP = 500;

export interface ReceivedRequest {
  method: string;
  host: string;
  /** The path with the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface DemoCluster {
  name: string;
  /** The address, which stays the same after a failure and a recovery. */
  address: { host: string; port: number };
  /** The number of requests received, without health checks (/healthz). */
  readonly requestCount: number;
  /** The latest requests that it received, oldest first. Requests that hang are not among them. */
  readonly received: readonly ReceivedRequest[];
  fail(mode: FailureMode): Promise<void>;
  /** Ends the failure, and breaks off requests that hang. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a stand-in for the ingress of a Kubernetes cluster: a real HTTP server that tells its name and can fail in the
 * ways clusters do. It answers `{cluster, method, host, path, headers, body}` with the header x-cluster; `path`
 * includes the query.
 *
 * A request can ask for another answer by headers: `x-demo-status` sets the status; `x-demo-failures` limits that
 * status to the given number of requests with one `x-demo-id`; `x-demo-delay-ms` delays the answer; `x-reply-NAME` sets
 * the header NAME of the answer.
 */
export async function startDemoCluster(options: { name: string; host?: string; port?: number }): Promise<DemoCluster> {
  const { name, host = '127.0.0.1' } = options;
  const server = createServer((request, response) => {
    // A client that goes away in the middle needs no answer.
    handle(request, response).catch(() => response.destroy());
  });
  const received: ReceivedRequest[] = [];
  let mode: FailureMode | 'fine' = 'fine';
  let requests = 0;
  let port = options.port ?? 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isHealthCheck = request.url === '/healthz';
    if (!isHealthCheck) requests += 1;
    const asked = await read(request);
    if (mode === 'hang') return;
    if (!isHealthCheck) received.push(asked);
    if (received.length > KEEP) received.shift();
    const status = mode === 'brownout' ? 503 : wishedStatus(asked, received);
    const delayMs = Number(asked.headers['x-demo-delay-ms'] ?? 0);
    if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
    const body = isHealthCheck ? { status: mode } : { cluster: name, ...asked };
    response.writeHead(status, {
      ...wishedHeaders(asked.headers),
      'content-type': 'application/json',
      'x-cluster': name,
    });
    response.end(`${JSON.stringify(body)}\n`);
  }

  async function listen(): Promise<void> {
    if (server.listening) return;
    server.listen(port, host);
    await once(server, 'listening');
    const address = server.address();
    if (typeof address === 'object' && address) port = address.port;
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async function fail(next: FailureMode): Promise<void> {
    mode = next;
    if (next === 'refuse') await stop();
    else await listen();
  }

  async function recover(): Promise<void> {
    if (mode === 'hang') {
      server.closeAllConnections();
      // A client in this process would send its next request over a connection of which it has not seen the end yet.
      await sleep(10);
    }
    mode = 'fine';
    await listen();
  }

  await listen();
  return {
    name,
    address: { host, port },
    get requestCount() {
      return requests;
    },
    received,
    fail,
    recover,
    close: stop,
  };
}

async function read(request: IncomingMessage): Promise<ReceivedRequest> {
  const { method = '', url: path = '', headers } = request;
  return { method, host: headers.host ?? '', path, headers, body: await text(request) };
}

function wishedStatus({ headers }: ReceivedRequest, received: readonly ReceivedRequest[]): number {
  const status = Number(headers['x-demo-status'] ?? 200);
  if (headers['x-demo-failures'] === undefined) return status;
  const attempts = received.filter((one) => one.headers['x-demo-id'] === headers['x-demo-id']).length;
  return attempts <= Number(headers['x-demo-failures']) ? status : 200;
}

function wishedHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const prefix = 'x-reply-';
  const wished = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(wished.map(([name, value]) => [name.slice(prefix.length), value]));
}
