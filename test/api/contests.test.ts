import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, createShop, gateway, pointers, route } from './fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

describe('routes that meet', () => {
  let harness: Harness;
  let path: string;

  beforeAll(async () => {
    harness = await startHarness();
    path = await createShop(harness, 'meeting');
  });
  afterAll(() => harness.close());

  const put = (name: string, body: unknown) =>
    harness.call('PUT', `${path}/routes/${name}`, { body, headers: { 'If-Match': undefined } });
  const withHeaders = (...names: string[]) => ({
    ...route,
    rules: [
      { matches: [{ path: { type: 'Exact', value: '/never' } }], backendRefs: [{ service: 'checkout', port: 80 }] },
      {
        matches: [{ headers: names.map((name) => ({ name, value: '1' })) }],
        backendRefs: [{ service: 'checkout', port: 80 }],
      },
    ],
  });

  it('are refused when they ask for the very same, and both are named', async () => {
    const answer = await put('twin', route);
    expect(answer).toMatchObject({ status: 422, body: { code: 'conflicting-declaration' } });
    expect(pointers(answer.body)).toEqual(['#/rules/0/matches/0']);
    expect(answer.body.errors[0].detail).toMatch(/checkout.*twin|twin.*checkout/);
  });

  it('are refused when a request may match both and neither is more specific', async () => {
    expect((await put('one', withHeaders('x-one'))).status).toBe(201);
    const answer = await put('other', { ...withHeaders('x-other'), rules: withHeaders('x-other').rules.slice(1) });
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].detail).toContain('equally specific');
  });

  it('may stand beside each other when one is more specific, or no request can match both', async () => {
    const beside = (match: unknown) => ({
      ...route,
      rules: [{ matches: [match], backendRefs: [{ service: 'checkout', port: 80 }] }],
    });
    expect(
      (
        await put(
          'more',
          beside({
            headers: [
              { name: 'x-one', value: '1' },
              { name: 'x-two', value: '1' },
            ],
          }),
        )
      ).status,
    ).toBe(201);
    expect((await put('less', beside({ headers: [{ name: 'X-One', value: '2' }] }))).status).toBe(201);
  });

  it('do not stand in their own way when they are edited', async () => {
    const answer = await harness.call('PUT', `${path}/routes/checkout`, {
      body: { ...route, labels: { a: 'b' } },
      headers: { 'If-Match': '*' },
    });
    expect(answer.status).toBe(200);
  });

  it('of two fleets must not claim one host name on one gateway', async () => {
    const other = await createShop(harness, 'neighbour', 'neighbour.example.com');
    const claim = await harness.call('PUT', `${other}/routes/claim`, { body: route });
    expect(claim).toMatchObject({ status: 422, body: { code: 'conflicting-declaration' } });
    expect(pointers(claim.body)).toEqual(['#/hostnames/0']);
    expect(claim.body.errors[0].detail).toContain('fleet meeting');
    const elsewhere = { ...gateway('edge').target, loadBalancerId: 'alb-elsewhere' };
    await create(harness, `${other}/gateways/elsewhere`, { target: elsewhere });
    const free = await harness.call('PUT', `${other}/routes/claim`, { body: { ...route, gateways: ['elsewhere'] } });
    expect(free.status).toBe(201);
  });
});
