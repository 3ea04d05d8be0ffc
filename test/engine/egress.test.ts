import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rangeOf } from '../../functions/core/egress/ranges.ts';
import { type EgressPolicy, ForbiddenTargetError } from '../../functions/core/egress/target.ts';
import type { Net } from '../../functions/deps.ts';
import { observe, send } from '../../functions/engine/observe.ts';
import { createSecrets } from '../../functions/secrets.ts';
import { createLookup, type Resolve, resolveHere } from '../../infra/agent/lookup.ts';
import { createNet } from '../../infra/agent/net.ts';
import { Probe } from '../../schemas/probe.ts';
import { FORBIDDEN, LITERALS, WITH_CREDENTIALS } from '../core/egress/forms.ts';

const NOTHING: EgressPolicy = { allowed: [] };
const TIMEOUT_MS = 20_000;

/** A listener of this machine, and the first bytes of each connection that has reached it. */
interface Listener {
  server: Server;
  seen: string[];
}

const REDIRECT = 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

let secret: Listener;
let cluster: Listener;
let port: number;

async function listen(address: string, at: number): Promise<Listener> {
  const seen: string[] = [];
  const server = createServer((socket: Socket) => {
    const index = seen.push('') - 1;
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      seen[index] = bytes.toString('latin1');
      socket.end(REDIRECT);
    });
  });
  server.listen(at, address);
  await once(server, 'listening');
  return { server, seen };
}

beforeAll(async () => {
  secret = await listen('127.0.0.1', 0);
  const address = secret.server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  cluster = await listen('127.0.0.2', port);
});
afterAll(() => {
  secret.server.close();
  cluster.server.close();
});
beforeEach(() => {
  secret.seen.length = 0;
  cluster.seen.length = 0;
});

const http = (host: string, scheme = 'http') => Probe.parse({ type: 'http', url: `${scheme}://${host}:${port}/` });
const tcp = (host: string) => Probe.parse({ type: 'tcp', host, port });
const portsOf = (net: Net, egress = NOTHING) => ({
  net,
  clock: { now: () => 0 },
  secrets: createSecrets({}),
  settings: { egress },
});
const outcomeOf = async (net: Net, probe: Probe, egress = NOTHING) =>
  (await send(portsOf(net, egress), probe, TIMEOUT_MS)).outcome;

/** Resolves every name to these addresses, one list for each time that it is asked; the last one stays. */
function resolver(...answers: readonly (readonly string[])[]): { resolve: Resolve; asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = async (name) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(name);
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolve, asked };
}

describe('a probe from the edge', () => {
  it('is checked again before it is sent, whatever was declared', async () => {
    const called: string[] = [];
    const net: Net = {
      fetch: async (url) => {
        called.push(url);
        return { status: 200 };
      },
      connect: async (host) => {
        called.push(host);
      },
    };
    for (const host of [...FORBIDDEN, ...WITH_CREDENTIALS]) {
      expect([host, await outcomeOf(net, http(host))]).toEqual([host, 'unsent']);
      expect([host, await outcomeOf(net, tcp(host))]).toEqual([host, 'unsent']);
    }
    expect(called).toEqual([]);
  });
});

describe('a probe of an agent', () => {
  const addresses = LITERALS.map((host) => new URL(`http://${host}/`).hostname.replace(/^\[(.*)\]$/, '$1'));

  it.each([...new Set(addresses)])('of a name that resolves to %s reaches nobody', async (address) => {
    for (const answer of [[address], ['127.0.0.2', address]]) {
      const { resolve, asked } = resolver(answer);
      const policy = { allowed: [rangeOf('127.0.0.2/32')] };
      const net = createNet(policy, resolve);
      expect(await outcomeOf(net, http('shop.example.com'), policy)).toBe(address === '127.0.0.2' ? 'ok' : 'unsent');
      expect(await outcomeOf(net, http('shop.example.com', 'https'), policy)).toBe(
        address === '127.0.0.2' ? 'fail' : 'unsent',
      );
      expect(await outcomeOf(net, tcp('shop.example.com'), policy)).toBe(address === '127.0.0.2' ? 'ok' : 'unsent');
      expect(asked).toHaveLength(3);
    }
    expect(secret.seen).toEqual([]);
  });

  it('of a forbidden literal reaches nobody, even where nothing has looked at it before', async () => {
    const net = createNet(NOTHING);
    for (const host of FORBIDDEN) {
      const request = net.fetch(`http://${host}:${port}/`, { method: 'GET', headers: {}, timeoutMs: TIMEOUT_MS });
      await expect(request, host).rejects.toThrow(ForbiddenTargetError);
      await expect(net.connect(host, port, TIMEOUT_MS), host).rejects.toThrow(ForbiddenTargetError);
    }
    expect(secret.seen).toEqual([]);
  });

  it('says why it was not sent, and not what the name resolves to', async () => {
    const net = createNet(NOTHING, resolver(['127.0.0.1']).resolve);
    const prober = { voter: 'lab', timeoutMs: TIMEOUT_MS };
    const { observation } = await observe(portsOf(net), [http('shop.example.com')], prober);
    expect(observation).toMatchObject({
      outcome: 'inconclusive',
      detail: 'http: not sent: shop.example.com resolves to a loopback address',
    });
  });

  it('connects to the address that was checked, though the name resolves to another one a moment later', async () => {
    const policy = { allowed: [rangeOf('127.0.0.2/32')] };
    const { resolve, asked } = resolver(['127.0.0.2'], ['127.0.0.1']);
    const net = createNet(policy, resolve);
    expect(await outcomeOf(net, http('shop.example.com'), policy)).toBe('ok');
    expect(asked).toEqual(['shop.example.com']);
    expect(cluster.seen).toEqual([expect.stringContaining(`Host: shop.example.com:${port}\r\n`)]);
    expect(await outcomeOf(net, http('shop.example.com'), policy)).toBe('unsent');
    expect(secret.seen).toEqual([]);
  });

  it('follows no redirect', async () => {
    const policy = { allowed: [rangeOf('127.0.0.0/8')] };
    const net = createNet(policy, resolver(['127.0.0.2']).resolve);
    const { detail } = await send(portsOf(net, policy), http('shop.example.com'), TIMEOUT_MS);
    expect(detail).toBe('http: status 302');
    expect(cluster.seen).toHaveLength(1);
    expect(secret.seen).toEqual([]);
  });

  it('asks for the name in TLS, whatever address it connects to', async () => {
    const policy = { allowed: [rangeOf('127.0.0.2/32')] };
    const net = createNet(policy, resolver(['127.0.0.2']).resolve);
    expect(await outcomeOf(net, http('shop.example.com', 'https'), policy)).toBe('fail');
    expect(cluster.seen).toEqual([expect.stringContaining('shop.example.com')]);
  });

  it('of a name without an address fails, as that of one that cannot be resolved', async () => {
    expect(await outcomeOf(createNet(NOTHING, resolver([]).resolve), http('shop.example.com'))).toBe('fail');
    const broken: Resolve = () => Promise.reject(new Error('ENOTFOUND'));
    expect(await outcomeOf(createNet(NOTHING, broken), tcp('shop.example.com'))).toBe('fail');
  });

  it('is checked with what the resolver of the machine answers', async () => {
    const lookup = createLookup(NOTHING, resolveHere);
    const error = await new Promise((resolve) => lookup('localhost', {}, resolve));
    expect(error).toBeInstanceOf(ForbiddenTargetError);
  });
});
