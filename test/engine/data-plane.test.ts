import { afterEach, describe, expect, it } from 'vitest';
import type { Deps, Net } from '../../functions/deps.ts';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { net } from '../../functions/platform.ts';
import type { Condition } from '../../schemas/common.ts';
import type { FleetStatus } from '../../schemas/status.ts';
import { matrix } from '../matrix.ts';
import { FLEET, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';

let harness: Harness;

afterEach(() => harness.close());

const HOST = 'through-edge.example.com';
const GATEWAY = `${FLEET}/gateways/edge`;

/** What the name that leads to the gateway resolves to: the gateway, nothing, or somebody who never answers. */
let leadsTo: 'gateway' | 'nothing' | 'silence' = 'gateway';
let sent = 0;

/** The network with a name server that knows the gateway; everything behind the name is real. */
const named: Net = {
  ...net,
  fetch: async (url, options) => {
    if (new URL(url).hostname !== HOST) return await net.fetch(url, options);
    sent++;
    if (leadsTo === 'nothing') throw new Error('getaddrinfo ENOTFOUND');
    if (leadsTo === 'silence') return await new Promise((_, reject) => setTimeout(() => reject(timeout()), 50));
    const { status } = await harness.edge.get(HOST, new URL(url).pathname);
    return { status };
  },
};

const timeout = () => Object.assign(new Error('too late'), { name: 'TimeoutError' });
const deps = (overrides: Partial<Deps> = {}) => harness.deps({ net: named, ...overrides });

async function start(provider: 'alb' | 'mse'): Promise<void> {
  [leadsTo, sent] = ['gateway', 0];
  harness = await startFleet({ provider, jobLatencyMs: 20 });
  const { body } = await harness.api('GET', `${FLEET}/routes/shop`);
  const { gateways, rules, distribution } = body;
  await harness.put(`${FLEET}/routes/shop`, { gateways, rules, distribution, hostnames: ['shop.example.com', HOST] });
  await harness.put(GATEWAY, { target: harness.edge.target, dataPlaneCheck: { url: `http://${HOST}/healthz` } });
  await rounds(8);
}

async function rounds(n: number, overrides: Partial<Deps> = {}): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(deps(overrides));
    harness.clock.advance(5000);
    await sweep(deps(overrides));
    await notifyIncidents(deps(overrides));
  }
}

const conditionsOf = async (): Promise<Condition[]> => (await harness.api('GET', GATEWAY)).body.conditions;
const condition = async (type: string) => (await conditionsOf()).find((item) => item.type === type);
const status = async (): Promise<FleetStatus> => (await harness.api('GET', `${FLEET}/status`)).body;
const told = async (): Promise<Json> =>
  (await harness.deps().store.document('prod', 'told', 'prod'))?.body.open['prod/gateway/edge/unanswered'];

describe.each(matrix(['alb', 'mse'] as const, 1))('a request through a gateway of %s', (provider) => {
  it('is sent once after each failover, when the gateway was read to follow it', async () => {
    await start(provider);
    const calm = await condition('Observed');
    expect(calm).toMatchObject({ status: 'True', reason: 'Observed' });
    const before = sent;
    await rounds(8);
    expect(sent, 'nothing has changed').toBe(before);

    await harness.edge.clusters.a.fail('refuse');
    await rounds(3);
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ b: 20 });
    const after = await condition('Observed');
    expect(after).toMatchObject({ status: 'True', message: expect.stringContaining('status 200') });
    expect(after?.observedAt && calm?.observedAt && after.observedAt > calm.observedAt).toBe(true);
    expect(after?.lastTransitionTime, 'it was answered before, too').toBe(calm?.lastTransitionTime);
    expect(sent).toBe(before + 1);
  });

  it('that is not answered is told beside what is verified, until one is answered', async () => {
    await start(provider);
    leadsTo = 'nothing';
    await harness.edge.clusters.a.fail('refuse');
    await rounds(4);
    expect(await condition('Following')).toMatchObject({ status: 'True' });
    expect(await condition('Observed')).toMatchObject({
      status: 'False',
      reason: 'NotObserved',
      message: expect.stringContaining('connection failed'),
    });
    const { summary, gateways } = await status();
    expect(summary).toContain('Gateway edge: A request through the gateway was not answered as expected');
    expect(gateways).toMatchObject([{ isFollowing: true, observed: { status: 'False' } }]);
    expect(await told()).toMatchObject({ type: 'gateway.unanswered', severity: 'critical' });

    leadsTo = 'gateway';
    await rounds(14);
    expect(await condition('Observed')).toMatchObject({ status: 'True' });
    expect(await told()).toBeUndefined();
  });
});

describe('a request through a gateway', () => {
  it('is not sent, and nothing is said of it, while the gateway does not follow', async () => {
    await start('alb');
    const before = sent;
    harness.cloud.faults.add({ kind: 'throttle', times: 100_000 });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(8);
    expect(sent).toBe(before);
    harness.cloud.faults.clear();
    harness.clock.advance(60_000);
    await rounds(3);
    expect(sent).toBe(before + 1);
    expect(await condition('Observed')).toMatchObject({ status: 'True' });
  });

  it('that was lost is sent by the next pass', async () => {
    await start('alb');
    const { store } = harness.deps();
    const losing = {
      ...store,
      putDocument: (document: Parameters<typeof store.putDocument>[0]) =>
        document.kind === 'data-plane' ? Promise.reject(new Error('the process is gone')) : store.putDocument(document),
    };
    await harness.edge.clusters.a.fail('refuse');
    await rounds(3, { store: losing });
    expect(await condition('Observed')).toMatchObject({ status: 'Unknown', reason: 'NotObservedYet' });
    await rounds(8);
    expect(await condition('Observed')).toMatchObject({ status: 'True' });
  });

  it('to which nobody answers keeps no gateway from following', async () => {
    await start('alb');
    leadsTo = 'silence';
    await harness.edge.clusters.a.fail('refuse');
    await rounds(3);
    expect(await harness.edge.split(20, 'shop.example.com')).toEqual({ b: 20 });
    expect(await condition('Observed')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('no answer in 3 s'),
    });
  });

  it('is forgotten when it is declared otherwise, and refused where no request may go', async () => {
    await start('alb');
    const { target } = harness.edge;
    await harness.put(GATEWAY, {
      target,
      dataPlaneCheck: { url: `http://${HOST}/v2`, expectedStatus: { from: 418, to: 418 } },
    });
    expect(await condition('Observed')).toMatchObject({ reason: 'NotObservedYet' });
    await rounds(8);
    expect(await condition('Observed')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('status 200'),
    });
    await harness.put(GATEWAY, { target });
    expect(await condition('Observed')).toBeUndefined();
    const { revision } = (await harness.api('GET', GATEWAY)).body;
    const metadata = { target, dataPlaneCheck: { url: 'http://169.254.169.254/' } };
    const refused = await harness.api('PUT', GATEWAY, metadata, { 'If-Match': `"${revision}"` });
    expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([422, '#/dataPlaneCheck/url']);
  });
});
