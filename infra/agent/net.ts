import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { checkHost, type EgressPolicy, ForbiddenTargetError } from '../../functions/core/egress/target.ts';
import type { Net, NetAnswer, NetRequest } from '../../functions/deps.ts';
import { connectTcp, TimeoutError } from '../../functions/platform.ts';
import { createLookup, type Resolve, resolveHere } from './lookup.ts';

/**
 * Creates the network of Node. Unlike that of a Worker, it checks the addresses that names resolve to, can send a Host
 * other than that of the URL, and sees certificates. A target that the policy forbids rejects with a
 * `ForbiddenTargetError`.
 */
export function createNet(policy: EgressPolicy, resolve: Resolve = resolveHere): Net {
  const lookup = createLookup(policy, resolve);
  return {
    fetch: async (url, init) => {
      const signal = AbortSignal.timeout(init.timeoutMs);
      try {
        checkLiteral(new URL(url).hostname, policy);
        return await answerOf(begin(url, init, { signal, lookup }), init);
      } catch (error) {
        throw signal.aborted ? new TimeoutError(init.timeoutMs) : error;
      }
    },
    connect: async (host, port, timeoutMs) => {
      checkLiteral(host, policy);
      await connectTcp({ host, port, lookup }, timeoutMs);
    },
  };
}

/** Checks a host by its text, because a socket does not look up an address that stands there as it is. */
function checkLiteral(host: string, policy: EgressPolicy): void {
  const reason = checkHost(host, policy);
  if (reason !== undefined) throw new ForbiddenTargetError(reason);
}

/**
 * Starts a request on a connection of its own, because a reused connection could outlive the server that it led to.
 * Redirects are not followed. The Host and the name that TLS asks for are those of the request, whatever address the
 * connection leads to.
 */
function begin(url: string, { method, headers }: NetRequest, way: Pick<RequestOptions, 'signal' | 'lookup'>) {
  const options = { method, headers, ...way, agent: false } as const;
  if (!url.startsWith('https:')) return requestHttp(url, options);
  const host = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1];
  const servername = (host ?? new URL(url).hostname).replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return requestHttps(url, { ...options, ...(isIP(servername) === 0 && { servername }) });
}

async function answerOf(request: ClientRequest, { bodyBytes }: NetRequest): Promise<NetAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject).end();
  });
  // Errors after the beginning of the answer do not matter.
  request.on('error', () => undefined);
  const { statusCode = 0, socket } = response;
  const expiry = socket instanceof TLSSocket ? Date.parse(socket.getPeerCertificate().valid_to) : Number.NaN;
  const body = bodyBytes === undefined ? undefined : await firstOf(response, bodyBytes);
  response.destroy();
  return { status: statusCode, body, ...(!Number.isNaN(expiry) && { certificateExpiresAtMs: expiry }) };
}

async function firstOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}
