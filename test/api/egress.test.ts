import { isIPv4 } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALLOWED, FORBIDDEN, LITERALS, WITH_CREDENTIALS } from '../core/egress/forms.ts';
import { cluster, create, gateway, pointers, service } from './fixtures.ts';
import { type Harness, type Json, startHarness } from './harness.ts';

const PATH = '/v1/fleets/egress';
const PROBES_AT_A_TIME = 4;

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
  await create(harness, PATH, {});
  for (const name of ['one', 'two']) await create(harness, `${PATH}/clusters/${name}`, cluster);
  await create(harness, `${PATH}/gateways/edge`, gateway('edge'));
});
afterAll(() => harness.close());

const http = (host: string) => ({ type: 'http', url: `https://${host}/` });
const tcp = (host: string) => ({ type: 'tcp', host: host.replace(/^\[(.*)\]$/, '$1'), port: 80 });

/** A change of what is there already, which is checked and not written. */
async function change(path: string, body: object): Promise<{ status: number; body: Json }> {
  return await harness.call('PUT', `${path}?dryRun=true`, { body, headers: { 'If-Match': '*' } });
}

function inGroups<T>(items: readonly T[]): T[][] {
  const starts = Array.from(
    { length: Math.ceil(items.length / PROBES_AT_A_TIME) },
    (_, index) => index * PROBES_AT_A_TIME,
  );
  return starts.map((start) => items.slice(start, start + PROBES_AT_A_TIME));
}

describe('an address that must not be called is refused at the write', () => {
  const cases: [string, (host: string) => object, string, readonly string[]][] = [
    ['as the URL of a probe', http, 'url', [...FORBIDDEN, ...WITH_CREDENTIALS]],
    ['as the host of a probe', tcp, 'host', [...FORBIDDEN, ...WITH_CREDENTIALS]],
  ];
  it.each(cases)('%s, in every form', async (_, probe, member, hosts) => {
    for (const group of inGroups(hosts)) {
      const answer = await change(`${PATH}/clusters/one`, { ...cluster, probes: group.map(probe) });
      expect([group, answer.status, answer.body.code]).toEqual([group, 422, 'forbidden-address']);
      expect(pointers(answer.body), group.join(' ')).toEqual(group.map((_, index) => `#/probes/${index}/${member}`));
    }
  });

  it('as the address of an endpoint', async () => {
    const endpoints = [...new Set(LITERALS)].filter(isIPv4).map((address) => ({ address, port: 80 }));
    expect(endpoints.length).toBeGreaterThan(30);
    const backend = { cluster: 'one', backend: { type: 'endpoints', endpoints } };
    await create(harness, `${PATH}/services/shop`, service);
    const answer = await change(`${PATH}/services/shop`, { ...service, exports: [backend] });
    expect([answer.status, answer.body.code]).toEqual([422, 'forbidden-address']);
    const places = endpoints.map((_, index) => `#/exports/0/backend/endpoints/${index}/address`);
    expect(pointers(answer.body)).toEqual(places);
    const ingress = await change(`${PATH}/clusters/one`, {
      ...cluster,
      ingress: { endpoints: endpoints.slice(0, 20) },
    });
    expect(pointers(ingress.body)).toHaveLength(20);
  });

  it.each(['100.100.100.200', '[::a9fe:a9fe]', 'metadata.tencentyun.com', 'user:secret@shop.example.com'])(
    'as a control target, a way through a gateway, and a check of the data plane: %s',
    async (host) => {
      const voters = [
        { name: 'edge', type: 'edge' },
        { name: 'way', type: 'gateway-path', gateway: 'edge', url: `https://${host}/` },
      ];
      const fleet = await change(PATH, { controlTargets: [http(host)], voters });
      expect([fleet.status, fleet.body.code]).toEqual([422, 'forbidden-address']);
      expect(pointers(fleet.body)).toEqual(['#/controlTargets/0/url', '#/voters/1/url']);
      const check = await change(`${PATH}/gateways/edge`, {
        ...gateway('edge'),
        dataPlaneCheck: { url: `https://${host}/` },
      });
      expect(pointers(check.body)).toEqual(['#/dataPlaneCheck/url']);
    },
  );
});

it('an address that may be called is taken', async () => {
  for (const group of inGroups(ALLOWED)) {
    for (const probe of [http, tcp]) {
      const answer = await change(`${PATH}/clusters/one`, { ...cluster, probes: group.map((host) => probe(host)) });
      expect([group, answer.status, answer.body.errors]).toEqual([group, 200, undefined]);
    }
  }
});
