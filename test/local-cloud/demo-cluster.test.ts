import http from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DemoCluster, startDemoCluster } from '../../infra/local/demo-cluster.ts';
import { sendTo, until } from './data-plane/fixtures.ts';

let cluster: DemoCluster;
let agent: http.Agent;

beforeEach(async () => {
  cluster = await startDemoCluster({ name: 'east' });
  agent = new http.Agent({ keepAlive: true });
});
afterEach(async () => {
  agent.destroy();
  await cluster.close();
});

const send = (path: string, method = 'GET') =>
  sendTo(cluster.address, { path, method, agent, headers: { host: 'shop.example.com' } });

test('says who it is and what it was asked', async () => {
  const answer = await send('/a?b=c', 'PUT');
  expect(answer.status).toBe(200);
  expect(answer.headers['x-cluster']).toBe('east');
  expect(JSON.parse(answer.body)).toMatchObject({
    cluster: 'east',
    method: 'PUT',
    host: 'shop.example.com',
    path: '/a?b=c',
  });
});

test('counts requests, not health checks', async () => {
  await send('/');
  expect((await send('/healthz')).status).toBe(200);
  expect(cluster.requestCount).toBe(1);
});

test('a brownout answers everything with 503', async () => {
  await cluster.fail('brownout');
  expect((await send('/')).status).toBe(503);
  expect((await send('/healthz')).status).toBe(503);
  await cluster.recover();
  expect((await send('/healthz')).status).toBe(200);
});

test('a cluster that refuses breaks off open connections, and comes back at the same address', async () => {
  await send('/');
  const [open] = Object.values(agent.freeSockets).flat();
  await cluster.fail('refuse');
  await until(() => open?.destroyed === true);
  await expect(send('/')).rejects.toThrow('ECONNREFUSED');
  await cluster.recover();
  expect((await send('/')).status).toBe(200);
});

test('a cluster that hangs takes requests, also on open connections, and breaks them off when it recovers', async () => {
  await send('/');
  await cluster.fail('hang');
  const broken = expect(send('/')).rejects.toThrow('socket hang up');
  await until(() => cluster.requestCount === 2);
  await cluster.recover();
  await broken;
  expect((await send('/')).status).toBe(200);
});

test('one failure can follow another', async () => {
  await cluster.fail('refuse');
  await cluster.fail('brownout');
  expect((await send('/')).status).toBe(503);
  await cluster.fail('refuse');
  await cluster.close();
});
