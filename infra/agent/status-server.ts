import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AgentStatus } from './status.ts';

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/**
 * Serves `/healthz` and `/metrics` of an agent at an address such as `127.0.0.1:9464` or `[::]:9464`. Nothing that it
 * answers is secret, and it takes no orders. Rejects when it cannot listen there.
 */
export async function startStatusServer(at: string, status: AgentStatus, now: () => number): Promise<Server> {
  const { host, port } = addressOf(at);
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/healthz') {
      const { isHealthy, ...told } = status.health(now());
      response.writeHead(isHealthy ? 200 : 503, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify({ status: isHealthy ? 'ok' : 'failing', ...told })}\n`);
    } else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': OPEN_METRICS }).end(status.metrics(now()));
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

function addressOf(text: string): { host: string; port: number } {
  const { host, v6, port } = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  const address = host ?? v6;
  if (address === undefined)
    throw new Error(`--listen takes an address and a port, such as 127.0.0.1:9464, not ${text}.`);
  return { host: address, port: Number(port) };
}
