import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Net, NetAnswer, NetRequest } from '../../functions/deps.ts';
import { net as platformNet, TimeoutError } from '../../functions/platform.ts';

/**
 * The network of Node. Unlike that of a Worker, it can send a Host other than that of the URL, and it sees
 * certificates.
 */
export const net: Net = {
  fetch: async (url, init) => {
    const signal = AbortSignal.timeout(init.timeoutMs);
    try {
      return await answerOf(begin(url, init, signal), init);
    } catch (error) {
      throw signal.aborted ? new TimeoutError(init.timeoutMs) : error;
    }
  },
  connect: platformNet.connect,
};

/**
 * Starts a request on a connection of its own, because a reused connection could outlive the server that it led to.
 * Redirects are not followed.
 */
function begin(url: string, { method, headers }: NetRequest, signal: AbortSignal): ClientRequest {
  const options = { method, headers, signal, agent: false } as const;
  if (!url.startsWith('https:')) return requestHttp(url, options);
  const host = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1];
  const servername = (host ?? new URL(url).hostname).replace(/:\d+$/, '');
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
