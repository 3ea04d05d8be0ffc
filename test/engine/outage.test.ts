import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import type { Fault } from '../../infra/local/cloud/faults.ts';
import { matrix } from '../matrix.ts';
import { FLEET, ROUTES, startFleet } from './fleet.ts';
import type { Harness, Json } from './harness.ts';
import { inventory } from './inventory.ts';

/** The fault lasts for as long as the test needs it. */
const ALWAYS = 100_000;

describe.each(matrix(['mse', 'alb'] as const, 1))('behind %s, a cloud that is in trouble', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider, callTimeoutMs: 1000 });
  });
  afterEach(() => harness.close());

  const outages: [string, Fault, string][] = [
    ['answers 503', { kind: 'error', code: 'ServiceUnavailable' }, 'CloudUnavailable'],
    ['answers HTML', { kind: 'html' }, 'CloudUnavailable'],
    ['breaks off connections', { kind: 'drop' }, 'CloudUnavailable'],
    ['throttles', { kind: 'throttle' }, 'CloudThrottled'],
    ['answers nothing', { kind: 'latency', latencyMs: 60_000 }, 'CloudUnavailable'],
    ['denies', { kind: 'error', code: 'Forbidden.RAM' }, 'CloudDenied'],
  ];

  it.each(matrix(outages, 3))(
    '%s: the route says so, the old configuration serves, and the sweep brings the new one',
    async (_, fault, reason) => {
      harness.cloud.faults.add({ ...fault, times: ALWAYS });
      await harness.put(`${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames: ['extra.example.com'] });
      const { body: route } = await harness.api('GET', `${FLEET}/routes/extra`);
      const programmed = route.conditions.find(({ type }: Json) => type === 'Programmed');
      expect(programmed.status).not.toBe('True');
      expect(programmed.message).toMatch(fault.kind === 'latency' ? /./ : new RegExp(`${reason}|cannot be read`));
      expect(JSON.stringify(route)).not.toMatch(/test-secret|Signature|AccessKeyId|127\.0\.0\.1/);
      const { body: gateway } = await harness.api('GET', `${FLEET}/gateways/edge`);
      expect(gateway.sync).toMatchObject({ state: 'Failed', reason, attempts: 1 });
      expect(Date.parse(gateway.sync.nextAttemptAt)).toBeGreaterThan(harness.clock.now());
      expect(await harness.edge.get('shop.example.com')).toMatchObject({ status: 200 });

      harness.cloud.faults.clear();
      harness.forgetCalls();
      await sweep(harness.deps());
      expect(harness.writes(), 'the next attempt is not due').toEqual([]);
      harness.clock.advance(10_000);
      await sweep(harness.deps());
      expect(await harness.edge.get('extra.example.com')).toMatchObject({ status: 200 });
      const { body: after } = await harness.api('GET', `${FLEET}/routes/extra`);
      expect(after.conditions).toContainEqual(expect.objectContaining({ type: 'Programmed', status: 'True' }));
    },
  );
});

describe.each(matrix(['mse', 'alb'] as const, 1))('behind %s, a cloud that is disturbed for a moment', (provider) => {
  let harness: Harness;

  beforeEach(async () => {
    harness = await startFleet({ provider });
  });
  afterEach(() => harness.close());

  const disturbances: Record<typeof provider, [string, Fault[]][]> = {
    alb: [
      ['is throttled twice', [{ kind: 'throttle', times: 2 }]],
      ['loses the answers to creates', lost('CreateServerGroup', 'CreateRules')],
      ['loses the answer to adding servers', lost('AddServersToServerGroup')],
      ['is busy', [{ kind: 'error', code: 'IncorrectStatus.Listener', action: 'CreateRules', times: 2 }]],
    ],
    mse: [
      ['is throttled twice', [{ kind: 'throttle', times: 2 }]],
      ['loses the answers to creates', lost('ImportServices', 'AddGatewayDomain', 'AddGatewayRoute')],
      ['loses the answer to a publish', lost('ApplyGatewayRoute')],
      [
        'fails inside an answer of 200',
        [{ kind: 'body-error', code: 'InternalError', action: 'AddGatewayRoute', times: 2 }],
      ],
    ],
  };

  it.each(disturbances[provider])('%s: the same run ends verified, with nothing twice', async (_, faults) => {
    const hostnames = ['extra.example.com'];
    const extra = { ...ROUTES.shop, hostnames, distribution: { strategy: 'replicas' } };
    await harness.put(`${FLEET}/routes/extra`, extra);
    const expected = inventory(harness.cloud);
    await harness.api('DELETE', `${FLEET}/routes/extra`, undefined, { 'if-match': '*' });
    for (const fault of faults) harness.cloud.faults.add(fault);
    await harness.put(`${FLEET}/routes/extra`, extra);
    expect((await harness.api('GET', `${FLEET}/gateways/edge`)).body.sync.state).toBe('Verified');
    expect(inventory(harness.cloud)).toEqual(expected);
    expect(await harness.edge.get('extra.example.com')).toMatchObject({ status: 200 });
  });
});

function lost(...actions: string[]): Fault[] {
  return actions.map((action) => ({ kind: 'lost-response', action }));
}

describe('a batch', () => {
  it('that is applied by half ends complete after the next run', async () => {
    const harness = await startFleet();
    harness.cloud.faults.add({ kind: 'partial-batch', action: 'CreateRules' });
    const hostnames = ['x1.example.com', 'x2.example.com', 'x3.example.com', 'x4.example.com'];
    await harness.put(`${FLEET}/routes/extra`, { ...ROUTES.shop, hostnames });
    harness.clock.advance(10_000);
    await sweep(harness.deps());
    for (const hostname of hostnames) expect(await harness.edge.get(hostname)).toMatchObject({ status: 200 });
    expect((await harness.api('GET', `${FLEET}/gateways/edge`)).body.sync.state).toBe('Verified');
    await harness.close();
  });
});
