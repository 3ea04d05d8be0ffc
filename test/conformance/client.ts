import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendTo } from '../local-cloud/data-plane/fixtures.ts';
import type { Exchange } from './case.ts';
import { type Answer, faultsOf } from './check.ts';
import type { Servers } from './fleet.ts';

const EVENTUALLY_MS = 15_000;
const MIRROR_MS = 15_000;

/** A mirror that gets requests in error shows them within this time. */
const SILENCE_MS = 100;

export interface Client {
  /** Sends the requests of the exchange; resolves with the differences from its expectation. */
  check(exchange: Exchange): Promise<string[]>;
  close(): void;
}

/** A client of the gateway at `address`, which also sees the requests that servers receive. */
export function createClient(address: { host: string; port: number }, servers: Servers): Client {
  const agent = new http.Agent({ keepAlive: true });

  async function send(exchange: Exchange, cookies: Map<string, string>): Promise<Answer> {
    const id = randomUUID();
    const { method = 'GET', path = '/', host = '', body, expect } = exchange;
    const {
      status,
      headers,
      body: text,
    } = await sendTo(address, {
      method,
      path,
      headers: { ...exchange.headers, ...cookieHeader(cookies), host, 'x-demo-id': id },
      agent,
      ...(body !== undefined && { body }),
    });
    if (exchange.keepsCookies) remember(headers['set-cookie'] ?? [], cookies);
    const received = () =>
      servers.all.flatMap((server) =>
        server.received
          .filter((request) => request.headers['x-demo-id'] === id)
          .map((request) => ({ server: server.name, request })),
      );
    await mirrorArrives(expect.mirrored, () => received().map(({ server }) => server));
    return { status, headers, body: text, server: serverOf(headers, text), received: received() };
  }

  async function once(exchange: Exchange): Promise<string[]> {
    const cookies = new Map<string, string>();
    const answers: Answer[] = [];
    for (let round = 0; round < (exchange.times ?? 1); round++) answers.push(await send(exchange, cookies));
    return faultsOf(exchange.expect, answers);
  }

  async function check(exchange: Exchange): Promise<string[]> {
    const deadline = Date.now() + (exchange.eventually ? EVENTUALLY_MS : 0);
    for (;;) {
      const faults = await once(exchange);
      if (faults.length === 0 || Date.now() >= deadline) return faults;
      await sleep(100);
    }
  }

  return { check, close: () => agent.destroy() };
}

/** The route may remove the header; the body still names the server. */
function serverOf(headers: http.IncomingHttpHeaders, text: string): string | undefined {
  if (headers['x-cluster'] !== undefined) return String(headers['x-cluster']);
  return /^\{"cluster":"([^"]+)"/.exec(text)?.[1];
}

/** Copies travel independently: the answer does not wait for them. */
async function mirrorArrives(expected: Exchange['expect']['mirrored'], servers: () => string[]): Promise<void> {
  if (expected === undefined) return;
  const deadline = Date.now() + MIRROR_MS;
  const copies = () => servers().filter((server) => server.startsWith(`${expected.service}-`)).length;
  while (copies() < expected.copies && Date.now() < deadline) await sleep(5);
  await sleep(SILENCE_MS);
}

function cookieHeader(cookies: ReadonlyMap<string, string>): Record<string, string> {
  if (cookies.size === 0) return {};
  return { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
}

function remember(setCookies: readonly string[], cookies: Map<string, string>): void {
  for (const setCookie of setCookies) {
    const [pair = ''] = setCookie.split(';');
    const [name = '', ...value] = pair.split('=');
    cookies.set(name, value.join('='));
  }
}
