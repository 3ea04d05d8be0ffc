import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/**
 * refuse: connections are refused, open ones break off; hang: connections are accepted and never answered;
 * brownout: everything is answered with 503.
 */
export type FailureMode = 'refuse' | 'hang' | 'brownout';

export interface DemoCluster {
  name: string;
  /** The same for life, also after a recovery. */
  address: { host: string; port: number };
  /** Requests received, health checks (/healthz) not counted. */
  readonly requestCount: number;
  fail(mode: FailureMode): Promise<void>;
  /** Also breaks off requests that hang. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Stands for the ingress of a Kubernetes cluster: a real HTTP server that says who it is and can fail in the ways clusters
 * do. Answers `{cluster, method, host, path, headers}` with the header x-cluster; `path` includes the query.
 */
export async function startDemoCluster(options: { name: string; host?: string; port?: number }): Promise<DemoCluster> {
  const { name, host = '127.0.0.1' } = options;
  const server = createServer(handle);
  let mode: FailureMode | 'fine' = 'fine';
  let requests = 0;
  let port = options.port ?? 0;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const isHealthCheck = request.url === '/healthz';
    if (!isHealthCheck) requests += 1;
    request.resume();
    if (mode === 'hang') return;
    const { method, url: path, headers } = request;
    const body = isHealthCheck ? { status: mode } : { cluster: name, method, host: headers.host, path, headers };
    response.writeHead(mode === 'brownout' ? 503 : 200, { 'content-type': 'application/json', 'x-cluster': name });
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
    if (mode === 'hang') server.closeAllConnections();
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
    fail,
    recover,
    close: stop,
  };
}
