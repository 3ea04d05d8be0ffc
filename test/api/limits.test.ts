import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createApp } from '../../functions/api/app.ts';
import { Limits } from '../../functions/api/http/limits.ts';
import { addressPrefix, createSenders } from '../../functions/api/http/senders.ts';
import { type Authenticate, heard } from '../../functions/commands/access/authenticate.ts';
import { EVERY_FLEET } from '../../functions/core/access/principal.ts';
import { tokenDigest } from '../../functions/core/model/token.ts';
import { createAgentKey, signerOf } from '../../infra/agent/key.ts';
import { openApi } from '../document.ts';
import { cluster, create } from './fixtures.ts';
import { type Harness, inProcess, type Json, startHarness, TOKEN, TOKENS } from './harness.ts';

const FLEET = '/v1/fleets/shop';

let harness: Harness;
let nowMs: number;

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, FLEET, {});
  await create(harness, `${FLEET}/clusters/a`, cluster);
});
beforeEach(() => {
  // The start of a minute, so that no test depends on when it runs.
  nowMs = Math.ceil(Date.now() / 60_000) * 60_000;
});
afterAll(async () => await harness.close());

interface Sent {
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Knows administrators by their tokens. */
const authenticate: Authenticate = async ({ token }) => {
  const [actor] = Object.entries(TOKENS).find(([, known]) => known === token) ?? [];
  return heard(
    actor === undefined ? undefined : { actor, kind: 'token', grants: [{ role: 'admin', fleets: [EVERY_FLEET] }] },
  );
};

/** A process of the API with limits of its own, whose time stands still. */
function startProcess(limits: unknown = {}) {
  const senders = createSenders(Limits.parse(limits), 'CF-Connecting-IP', [TOKEN]);
  const app = createApp({ openApi, authenticate, senders });
  const left: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => left.push(work),
    passThroughOnException: () => undefined,
    props: {},
  };
  const deps = { ...harness.deps, clock: { ...harness.deps.clock, now: () => nowMs } };
  const send = async (method: string, path: string, { token = TOKENS.ada, headers = {}, body }: Sent = {}) => {
    const init = {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const response = await app.request(path, init, deps, context);
    const answer: Json = { status: response.status, headers: response.headers, body: await response.json() };
    await Promise.all(left.splice(0));
    return answer;
  };
  return { send, deps };
}

inProcess.describe('limits of an actor', () => {
  it('are told with every answer, and 429 tells when to come again', async () => {
    const { send } = startProcess({ read: { perMinute: 2, atOnce: 5 } });
    const first = await send('GET', FLEET);
    expect(first.headers.get('RateLimit-Policy')).toBe('"read";q=2;w=60, "read-at-once";q=5;qu="concurrent-requests"');
    expect(first.headers.get('RateLimit')).toBe('"read";r=1;t=30');
    expect((await send('GET', `${FLEET}/clusters/nowhere`)).headers.get('RateLimit')).toBe('"read";r=0;t=60');
    const refused = await send('GET', FLEET);
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-requests']);
    expect(refused.headers.get('Retry-After')).toBe('30');
    expect(refused.headers.get('RateLimit')).toBe('"read";r=0;t=60');
    nowMs += 30_000;
    expect((await send('GET', FLEET)).status).toBe(200);
  });

  it('of one class leave the others alone: an evacuation goes through, and so does a probe round', async () => {
    const few = { perMinute: 3, atOnce: 3 };
    const { send } = startProcess({ read: few, write: few, plan: few });
    const writes = { body: cluster, headers: { 'If-Match': '*' } };
    for (let count = 0; count < 4; count++) {
      await send('GET', FLEET);
      await send('PUT', `${FLEET}/clusters/a`, writes);
      await send('PUT', `${FLEET}/clusters/a?dryRun=true`, writes);
    }
    for (const path of ['/clusters/a', '/clusters/a?dryRun=true']) {
      expect((await send('PUT', FLEET + path, writes)).status).toBe(429);
    }
    expect((await send('GET', FLEET)).status).toBe(429);
    const evacuation = await send('POST', `${FLEET}/evacuations`, { body: { cluster: 'a', reason: 'it burns' } });
    expect(evacuation.status, JSON.stringify(evacuation.body)).toBeLessThan(300);
    expect(evacuation.headers.get('RateLimit')).toMatch(/^"traffic";/);
    expect((await send('POST', '/v1/probe-rounds', { body: {} })).status).toBe(200);
  });

  it('are no limits of anybody else', async () => {
    const { send } = startProcess({ read: { perMinute: 1 } });
    await send('GET', FLEET);
    expect((await send('GET', FLEET)).status).toBe(429);
    expect((await send('GET', FLEET, { token: TOKENS.bob })).status).toBe(200);
  });

  it('are no limits of a voter of the same name in another fleet', async () => {
    const { send } = startProcess({ evidence: { perMinute: 1 } });
    const tokenHash = tokenDigest('a-token-of-both-fleets');
    const voters = [
      { name: 'edge', type: 'edge' },
      { name: 'prom', type: 'alert', tokenHash },
    ];
    for (const name of ['north', 'south']) await create(harness, `/v1/fleets/${name}`, { voters });
    const alert = (name: string) =>
      send('POST', `/v1/fleets/${name}/voters/prom/alerts`, {
        token: 'a-token-of-both-fleets',
        body: { version: '4', alerts: [] },
      });
    expect((await alert('north')).status).not.toBe(429);
    expect((await alert('north')).status).toBe(429);
    expect((await alert('south')).status).not.toBe(429);
  });

  it('bound what is served at the same time, and a request beyond them reads nothing', async () => {
    const { send, deps } = startProcess({ read: { atOnce: 3 } });
    const held = Promise.withResolvers<void>();
    let reads = 0;
    const { store } = deps;
    deps.store = {
      ...store,
      get: async (...args: Parameters<typeof store.get>) => {
        reads += 1;
        await held.promise;
        return await store.get(...args);
      },
    } as typeof store;
    const answers = Array.from({ length: 10 }, () => send('GET', FLEET));
    held.resolve();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(7);
    expect(reads).toBe(3);
    expect((await send('GET', FLEET)).status).toBe(200);
  });

  it('of those who send no token count by network', async () => {
    const { send } = startProcess({ read: { perMinute: 1 } });
    const from = (ip: string) => ({ headers: { 'CF-Connecting-IP': ip } });
    expect((await send('GET', '/readyz', from('192.0.2.1'))).status).toBe(503);
    expect((await send('GET', '/readyz', from('192.0.2.200'))).status).toBe(429);
    expect((await send('GET', '/readyz', from('198.51.100.1'))).status).toBe(503);
  });
});

inProcess.describe('wrong tokens', () => {
  const from = (ip: string, token = 'a-wrong-token') => ({ token, headers: { 'CF-Connecting-IP': ip } });

  it('are turned away after some, from the whole network, until the minute is over; right ones are served', async () => {
    const { send } = startProcess({ wrongTokens: { perNetwork: 3 } });
    for (let count = 0; count < 3; count++) {
      expect((await send('GET', FLEET, from('192.0.2.7', `wrong-${count}`))).status).toBe(401);
    }
    const away = await send('GET', FLEET, from('192.0.2.8'));
    expect([away.status, away.body.code, away.headers.get('Retry-After')]).toEqual([429, 'too-many-requests', '60']);
    expect((await send('GET', FLEET, from('192.0.2.7', TOKEN))).status).toBe(200);
    expect((await send('GET', FLEET, from('198.51.100.7'))).status).toBe(401);
    nowMs += 60_000;
    expect((await send('GET', FLEET, from('192.0.2.8'))).status).toBe(401);
  });

  it('by the thousand cost a handful of writes and no line of the log each; one row counts them, over two processes', async () => {
    const processes = [startProcess(), startProcess()];
    const flood = { ...from('203.0.113.5'), token: 'wrong' };
    harness.meter.reset();
    harness.events.length = 0;
    for (const { send } of processes) for (let count = 0; count < 1000; count++) await send('GET', FLEET, flood);
    const written = harness.meter.written();
    // The first, the tenth, the hundredth and the thousandth of each process, in two kinds: 401 and 429.
    expect(written['AUDIT']?.items).toBeLessThanOrEqual(2 * 2 * 4);
    expect(Object.keys(written).sort()).toEqual(['AUDIT']);
    expect(harness.events.filter(({ event }) => event === 'request')).toHaveLength(2 * 20);
    nowMs += 60_000;
    for (const { send } of processes) await send('GET', FLEET);
    const { items } = await harness.deps.store.audits('-', { limit: 50 });
    const rows = items.filter(({ refusal }) => refusal?.addressPrefix === '203.0.113.0/24');
    const counts = Map.groupBy(rows, ({ refusal }) => refusal?.code);
    const sum = (code: string) => counts.get(code)?.reduce((total, { refusal }) => total + (refusal?.count ?? 0), 0);
    expect([sum('invalid-token'), sum('too-many-requests')]).toEqual([2 * 20, 2 * 980]);
    expect(rows.filter(({ at }) => Date.parse(at) < nowMs)).toHaveLength(2);
  });

  it('to enrol with count as well, and what is presented in a body is not known to be right', async () => {
    const { send } = startProcess({ wrongTokens: { perNetwork: 3 } });
    const key = createAgentKey();
    const present = async (token: string, ip: string) => {
      const body = { token, publicKey: key.publicKey, credentialHash: '0'.repeat(64) };
      const headers = {
        'CF-Connecting-IP': ip,
        'Fairlead-Signature': signerOf(key.privateKey)(Buffer.from(JSON.stringify(body))),
      };
      return await send('POST', '/v1/enrolments', { body, headers });
    };
    for (let count = 0; count < 3; count++) {
      expect((await present(`fle_shop_lab_${'A'.repeat(42)}${count}`, '192.0.2.7')).status).toBe(401);
    }
    expect((await present(`fle_shop_lab_${'A'.repeat(43)}`, '192.0.2.7')).status).toBe(429);
    expect((await send('GET', FLEET, from('192.0.2.7'))).status).toBe(429);
    expect((await present(`fle_shop_lab_${'A'.repeat(43)}`, '198.51.100.7')).status).toBe(401);
  });

  it('for a voter read nothing once they are turned away', async () => {
    const { send, deps } = startProcess({ wrongTokens: { perNetwork: 2 } });
    const path = `${FLEET}/voters/prometheus/alerts`;
    const alert = (token: string) => ({ ...from('192.0.2.7', token), body: {} });
    for (let count = 0; count < 2; count++)
      expect((await send('POST', path, alert(`wrong-${count}`))).status).toBe(401);
    let reads = 0;
    const { store } = deps;
    deps.store = {
      ...store,
      get: async (...args: Parameters<typeof store.get>) => {
        reads += 1;
        return await store.get(...args);
      },
    } as typeof store;
    for (let count = 0; count < 50; count++)
      expect((await send('POST', path, alert(`more-${count}`))).status).toBe(429);
    expect(reads).toBe(0);
  });
});

it('a network is 24 bits of IPv4 or 64 of IPv6, whatever form the address has', () => {
  const cases = [
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    [undefined, 'unknown'],
    ['192.0.2.1, 10.0.0.1', 'unknown'],
    ['not an address', 'unknown'],
  ] as const;
  for (const [address, prefix] of cases) expect(addressPrefix(address)).toBe(prefix);
});
