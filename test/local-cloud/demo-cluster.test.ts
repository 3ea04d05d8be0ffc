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

const send = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
  sendTo(cluster.address, { path, method, agent, headers: { host: 'shop.example.com', ...headers } });

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

test('remembers what it got, with the body', async () => {
  await sendTo(cluster.address, { path: '/order', method: 'POST', agent, body: 'seven', headers: { 'x-env': 'test' } });
  await send('/healthz');
  expect(cluster.received).toMatchObject([
    { method: 'POST', path: '/order', body: 'seven', headers: { 'x-env': 'test' } },
  ]);
});

test('answers with the status and the headers that a request asks for', async () => {
  const answer = await send('/', 'GET', { 'x-demo-status': '418', 'x-reply-x-mood': 'fine' });
  expect(answer).toMatchObject({ status: 418, headers: { 'x-mood': 'fine', 'x-cluster': 'east' } });
});

test('fails as many requests of one id as they ask for', async () => {
  const failing = (id: string) =>
    send('/', 'GET', { 'x-demo-id': id, 'x-demo-status': '503', 'x-demo-failures': '2' }).then(({ status }) => status);
  expect([await failing('a'), await failing('a'), await failing('b'), await failing('a')]).toEqual([
    503, 503, 503, 200,
  ]);
});
