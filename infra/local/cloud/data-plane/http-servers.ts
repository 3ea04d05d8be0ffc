import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { NotCarriedError } from './not-carried.ts';
import { reply } from './proxy.ts';

export interface HttpServersOptions {
  /** The address to listen on; 127.0.0.1 when absent. */
  host?: string;
  /** Ports to take, in this order; when all are taken, any free port. */
  ports?: readonly number[];
}

export type Handler = (incoming: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** The HTTP servers of a data plane, one for each key. */
export interface HttpServers {
  /** Opens a server, in place of one with the same key; resolves with host:port. */
  open(key: string, handle: Handler, options?: { keepAliveTimeoutMs?: number }): Promise<string>;
  /** Closes the server of a key and breaks off its open connections. */
  close(key: string): Promise<void>;
  closeAll(): Promise<void>;
  keys(): string[];
}

/**
 * Creates an empty set of servers. An error of a handler is answered: a `NotCarriedError` with 501, anything else with
 * 500.
 */
export function createHttpServers({ host = '127.0.0.1', ports = [] }: HttpServersOptions): HttpServers {
  const servers = new Map<string, Server>();

  async function open(key: string, handle: Handler, options: { keepAliveTimeoutMs?: number } = {}): Promise<string> {
    await close(key);
    const server = createServer((incoming, response) => void answer(handle, incoming, response));
    if (options.keepAliveTimeoutMs !== undefined) server.keepAliveTimeout = options.keepAliveTimeoutMs;
    const port = await listenOnFirstFree(server, host, ports);
    servers.set(key, server);
    return `${host}:${port}`;
  }

  async function close(key: string): Promise<void> {
    const server = servers.get(key);
    if (!server) return;
    servers.delete(key);
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async function closeAll(): Promise<void> {
    await Promise.all([...servers.keys()].map(close));
  }

  return { open, close, closeAll, keys: () => [...servers.keys()] };
}

async function answer(handle: Handler, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    if (incoming.headers.upgrade?.toLowerCase() === 'websocket') throw new NotCarriedError('WebSocket');
    await handle(incoming, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else reply(response, error instanceof NotCarriedError ? 501 : 500, String(error));
  }
}

async function listenOnFirstFree(server: Server, host: string, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    try {
      return await listen(server, host, port);
    } catch {
      // The port is taken, so the next one is tried.
    }
  }
  return listen(server, host, 0);
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address === 'string' || address === null) throw new Error('not a TCP server');
  return address.port;
}
