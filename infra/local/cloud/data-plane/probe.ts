import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

/** One active health check of a server. */
export interface Probe {
  protocol: 'TCP' | 'HTTP' | 'HTTPS';
  host: string;
  port: number;
  /** The time limit for connection and answer together. */
  timeoutMs: number;
  /** The request of an HTTP check, and the statuses that it accepts. */
  http: { method: string; path: string; host: string; expects(status: number): boolean };
}

export type ProbeFailure =
  | 'CONNECT_TIMEOUT'
  | 'CONNECT_FAILED'
  | 'RECV_RESPONSE_FAILED'
  | 'RECV_RESPONSE_TIMEOUT'
  | 'SEND_REQUEST_FAILED'
  | 'RESPONSE_FORMAT_ERROR'
  | 'RESPONSE_MISMATCH';

export type ProbeResult = { ok: true } | { ok: false; reason: ProbeFailure; actualResponse?: string };

/** Runs a check; never rejects. When `signal` is aborted, the result means nothing. */
export function runProbe(probe: Probe, signal: AbortSignal): Promise<ProbeResult> {
  const result = probe.protocol === 'TCP' ? probeTcp(probe, signal) : probeHttp(probe, signal);
  return result.catch(() => ({ ok: false, reason: 'SEND_REQUEST_FAILED' }));
}

function probeTcp({ host, port, timeoutMs }: Probe, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: timeoutMs, signal });
    function finish(result: ProbeResult) {
      socket.destroy();
      resolve(result);
    }
    socket.once('connect', () => finish({ ok: true }));
    socket.once('timeout', () => finish({ ok: false, reason: 'CONNECT_TIMEOUT' }));
    socket.on('error', () => finish({ ok: false, reason: 'CONNECT_FAILED' }));
  });
}

function probeHttp({ protocol, host, port, timeoutMs, http: check }: Probe, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let connected = false;
    const request = (protocol === 'HTTPS' ? https : http).request({
      host,
      port,
      method: check.method,
      path: check.path,
      headers: { host: check.host },
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
      timeoutMs,
    );
    timer.unref();
    request.once('socket', (socket) => socket.once('connect', () => (connected = true)));
    request.once('response', ({ statusCode = 0 }) => {
      const mismatch = { ok: false, reason: 'RESPONSE_MISMATCH', actualResponse: String(statusCode) } as const;
      finish(check.expects(statusCode) ? { ok: true } : mismatch);
    });
    request.on('error', (error: NodeJS.ErrnoException) => finish({ ok: false, reason: reasonOf(error, connected) }));
    request.end();
  });
}

function reasonOf(error: NodeJS.ErrnoException, connected: boolean): ProbeFailure {
  // Codes that begin with HPE_ tell that the answer is not HTTP.
  if (error.code?.startsWith('HPE_')) return 'RESPONSE_FORMAT_ERROR';
  return connected ? 'RECV_RESPONSE_FAILED' : 'CONNECT_FAILED';
}
