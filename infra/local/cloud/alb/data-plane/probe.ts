import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { HealthCheckConfig, Server, UnhealthyReason } from '../model.ts';

export type ProbeResult = { ok: true } | { ok: false; reason: UnhealthyReason; actualResponse?: string };

/**
 * One health check of a server (ALB OpenAPI 2020-06-16, HealthCheckConfig). Never rejects; when `signal` aborts, the
 * result means nothing.
 *
 * Assumed: the timeout spans connection and answer; a gRPC check is a TCP check; HealthCheckHttpVersion makes no
 * difference (always HTTP/1.1).
 */
export function probe(config: HealthCheckConfig, server: Server, signal: AbortSignal): Promise<ProbeResult> {
  const host = server.ServerIp || server.ServerId;
  const port = config.HealthCheckConnectPort || server.Port;
  const isHttp = config.HealthCheckProtocol === 'HTTP' || config.HealthCheckProtocol === 'HTTPS';
  const result = isHttp ? probeHttp(config, host, port, signal) : probeTcp(config, host, port, signal);
  return result.catch(() => ({ ok: false, reason: 'SEND_REQUEST_FAILED' }));
}

function probeTcp(config: HealthCheckConfig, host: string, port: number, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: config.HealthCheckTimeout * 1000, signal });
    function finish(result: ProbeResult) {
      socket.destroy();
      resolve(result);
    }
    socket.once('connect', () => finish({ ok: true }));
    socket.once('timeout', () => finish({ ok: false, reason: 'CONNECT_TIMEOUT' }));
    socket.on('error', () => finish({ ok: false, reason: 'CONNECT_FAILED' }));
  });
}

function probeHttp(config: HealthCheckConfig, host: string, port: number, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let connected = false;
    const request = (config.HealthCheckProtocol === 'HTTPS' ? https : http).request({
      host,
      port,
      method: config.HealthCheckMethod,
      path: config.HealthCheckPath || '/',
      headers: { host: config.HealthCheckHost || host },
      agent: false,
      rejectUnauthorized: false,
      signal,
    });
    function finish(result: ProbeResult) {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    }
    const timer = setTimeout(
      () => finish({ ok: false, reason: connected ? 'RECV_RESPONSE_TIMEOUT' : 'CONNECT_TIMEOUT' }),
      config.HealthCheckTimeout * 1000,
    );
    timer.unref();
    request.once('socket', (socket) => socket.once('connect', () => (connected = true)));
    request.once('response', (response) => finish(judge(response.statusCode ?? 0, config.HealthCheckCodes)));
    request.on('error', (error: NodeJS.ErrnoException) => finish({ ok: false, reason: reasonOf(error, connected) }));
    request.end();
  });
}

function judge(status: number, codes: readonly string[]): ProbeResult {
  const expected = codes.some((code) => code.toLowerCase() === `http_${Math.floor(status / 100)}xx`);
  return expected ? { ok: true } : { ok: false, reason: 'RESPONSE_MISMATCH', actualResponse: String(status) };
}

function reasonOf(error: NodeJS.ErrnoException, connected: boolean): UnhealthyReason {
  // HPE_: the answer is no HTTP.
  if (error.code?.startsWith('HPE_')) return 'RESPONSE_FORMAT_ERROR';
  return connected ? 'RECV_RESPONSE_FAILED' : 'CONNECT_FAILED';
}
