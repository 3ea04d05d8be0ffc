import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ServerGroup } from '../../../infra/local/cloud/alb/model.ts';
import { type DemoCluster, startDemoCluster } from '../../../infra/local/demo-cluster.ts';
import { group, server, startPlane } from './fixtures.ts';

let clusters: DemoCluster[];
let plane: Awaited<ReturnType<typeof startPlane>>;

beforeAll(async () => {
  clusters = await Promise.all(['east', 'west', 'north'].map((name) => startDemoCluster({ name })));
});
afterAll(() => Promise.all(clusters.map((cluster) => cluster.close())));
afterEach(() => plane.close());

async function startSticky(StickySessionConfig: ServerGroup['StickySessionConfig']) {
  const servers = clusters.map((cluster) => server(cluster.address));
  plane = await startPlane({ groups: [group('sgp-default', servers, { StickySessionConfig })] });
  return servers;
}

const INSERT = { StickySessionEnabled: true, StickySessionType: 'Insert', CookieTimeout: 77 };

async function visit(headers: Record<string, string> = {}) {
  const answer = await plane.send('http://shop.example.com/', { headers });
  const setCookie = answer.headers['set-cookie'] ?? [];
  return { cluster: String(answer.headers['x-cluster']), setCookie, cookie: setCookie[0]?.split(';')[0] ?? '' };
}

test('Insert: a client stays with its server by the cookie that the gateway sets; others take turns', async () => {
  await startSticky(INSERT);
  const first = await visit();
  expect(first.setCookie).toEqual([expect.stringMatching(/^SERVERID=[0-9a-f]+; Path=\/; Max-Age=77; HttpOnly$/)]);
  expect(await plane.tally(9, 'http://shop.example.com/', { cookie: `a=b; ${first.cookie}` })).toEqual({
    [first.cluster]: 9,
  });
  expect(Object.keys(await plane.tally(9)).sort()).toEqual(['east', 'north', 'west']);
});

test('Insert: a client that has the cookie is not given another', async () => {
  await startSticky(INSERT);
  const { cookie } = await visit();
  expect((await visit({ cookie })).setCookie).toEqual([]);
});

test('Insert: a client whose server is out of service moves on, and stays there', async () => {
  const servers = await startSticky(INSERT);
  const first = await visit();
  for (const [index, one] of servers.entries()) if (clusters[index]?.name === first.cluster) one.Weight = 0;
  const second = await visit({ cookie: first.cookie });
  expect(second.cluster).not.toBe(first.cluster);
  expect(second.cookie).not.toBe(first.cookie);
  expect(await plane.tally(5, 'http://shop.example.com/', { cookie: second.cookie })).toEqual({ [second.cluster]: 5 });
});

test('Insert: the cookie of the backend stays beside that of the gateway', async () => {
  await startSticky(INSERT);
  expect((await visit({ 'x-reply-set-cookie': 'app=1; Path=/' })).setCookie).toEqual([
    'app=1; Path=/',
    expect.stringContaining('SERVERID='),
  ]);
});

test('Server: the cookie of the backend gets a value that binds the client; without it nothing does', async () => {
  await startSticky({ StickySessionEnabled: true, StickySessionType: 'Server', Cookie: 'app' });
  const first = await visit({ 'x-reply-set-cookie': 'app=1; Path=/' });
  expect(first.setCookie).toEqual([expect.stringMatching(/^app=[0-9a-f]+; Path=\/$/)]);
  expect(await plane.tally(6, 'http://shop.example.com/', { cookie: first.cookie })).toEqual({ [first.cluster]: 6 });
  expect((await visit()).setCookie).toEqual([]);
});

test('switched off, no cookie binds', async () => {
  await startSticky(INSERT);
  const { cookie } = await visit();
  for (const one of plane.state.serverGroups.values()) one.StickySessionConfig = { StickySessionEnabled: false };
  expect(Object.keys(await plane.tally(9, 'http://shop.example.com/', { cookie }))).toHaveLength(3);
  expect((await visit()).setCookie).toEqual([]);
});
