import { connect, type TcpNetConnectOpts } from 'node:net';
import { monotonicFactory } from 'ulid';
import type { Clock, Ids, Log, Net } from './deps.ts';
import { errorFields } from './error-fields.ts';
import { redactorOf } from './redact.ts';

/** The clock, the ids, the network and the log of the platform. They are the same on Workers and on Node. */

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

// The ids are monotonic, because the clock of a Worker stands still while it computes.
const nextUlid = monotonicFactory();
export const ids: Ids = { ulid: () => nextUlid() };

export class TimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer in ${timeoutMs} ms`);
    this.name = 'TimeoutError';
  }
}

export const net: Net = {
  fetch: async (url, { method, headers, timeoutMs, bodyBytes }) => {
    const signal = AbortSignal.timeout(timeoutMs);
    // A redirect is an answer: following it could lead anywhere. A cached answer is no evidence.
    const response = await fetch(url, { method, headers, signal, redirect: 'manual', cache: 'no-store' });
    if (bodyBytes !== undefined) return { status: response.status, body: await firstOf(response.body, bodyBytes) };
    await response.body?.cancel();
    return { status: response.status };
  },
  connect: (host, port, timeoutMs) => connectTcp({ host, port }, timeoutMs),
};

/** Resolves once a TCP connection is accepted; it is closed at once. */
export async function connectTcp(options: TcpNetConnectOpts, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(options);
    const finish = (error?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    const timer = setTimeout(() => finish(new TimeoutError(timeoutMs)), timeoutMs);
    socket.once('connect', () => finish());
    socket.once('error', finish);
  });
}

/** Returns the first `maxBytes` of a body as text, without waiting for the rest. */
export async function firstOf(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk.subarray(0, maxBytes - bytes), { stream: true });
    bytes += chunk.byteLength;
    if (bytes >= maxBytes) break;
  }
  return text;
}

type Fields = Parameters<Log['info']>[1];

/** The longest text of one field, in characters: a line of a log platform holds at most a few hundred kilobytes. */
const MAX_FIELD = 8_000;

/**
 * Creates the log, which writes each event as one line of JSON with its time, its level and its fields. `secrets` are the
 * secret values of the settings. No line shows one of them, wherever the text comes from.
 */
export function createLog(secrets: readonly string[] = []): Log {
  const redact = redactorOf(secrets);
  const write = (level: string, event: string, fields: Fields, cause: object) => {
    const time = new Date(clock.now()).toISOString();
    const line = JSON.stringify({ time, level, event, ...fields, ...cause }, (_, value: unknown) =>
      typeof value === 'string' ? redact.secrets(value).slice(0, MAX_FIELD) : value,
    );
    // biome-ignore lint/suspicious/noConsole: the platform collects logs from the console; this is the one place that writes there.
    console.log(line);
  };
  return {
    info: (event, fields) => write('info', event, fields, {}),
    // Any value can be thrown, even undefined, so that only the number of arguments tells whether there is a cause.
    error: (event, fields, ...causes) =>
      write('error', event, fields, causes.length === 0 ? {} : { error: errorFields(causes[0], redact) }),
  };
}
