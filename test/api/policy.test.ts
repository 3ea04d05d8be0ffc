import { describe, expect, it } from 'vitest';
import { EXAMPLE_PLACE, iamPolicy, tableArn } from '../../infra/policies.ts';
import { cluster, create, fleet, gateway, route, service } from './fixtures.ts';
import { startHarness } from './harness.ts';

/** The policy of the first release: it allowed batches to write two kinds of partitions, while the code wrote more. */
const FIRST_RELEASE = {
  Version: '2012-10-17',
  Statement: [
    {
      ...iamPolicy().Statement[0],
      Action: iamPolicy().Statement[0]?.Action.filter((it) => !it.includes('BatchWrite')),
    },
    {
      Effect: 'Allow',
      Action: 'dynamodb:BatchWriteItem',
      Resource: tableArn(EXAMPLE_PLACE),
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['POOLS#*', 'PROGRAMMED#*'] } },
    },
  ],
};

describe('a permission that is missing', () => {
  it('makes the write of a route fail, with an answer that says nothing of the account', async () => {
    const harness = await startHarness({ policy: FIRST_RELEASE });
    const path = '/v1/fleets/shop';
    await create(harness, path, fleet);
    for (const name of ['one', 'two']) await create(harness, `${path}/clusters/${name}`, cluster);
    await create(harness, `${path}/gateways/edge`, gateway('edge')).catch(() => undefined);
    await create(harness, `${path}/services/checkout`, service);
    harness.takeDenials();
    const { status, body } = await harness.call('PUT', `${path}/routes/checkout`, { body: route });
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(body.detail).toContain('AccessDeniedException');
    expect(JSON.stringify(body)).not.toContain('arn:aws');
    expect(harness.takeDenials().map(({ action }) => action)).toContain('dynamodb:BatchWriteItem');
    expect((await harness.call('GET', `${path}/routes/checkout`)).status).toBe(404);
    await harness.close();
  });

  it('is said when the harness is closed, so that no suite passes without it', async () => {
    const harness = await startHarness({ policy: FIRST_RELEASE });
    await create(harness, '/v1/fleets/shop', fleet);
    await harness.call('PUT', '/v1/fleets/shop/gateways/edge', { body: gateway('edge') });
    await expect(harness.close()).rejects.toThrow('dynamodb:BatchWriteItem');
  });
});
