import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';
import { fakeClock } from './fake-clock.ts';
import { describeWire } from './wire.ts';

// pop-core finds our transport where it looks for httpx, which wrangler.toml arranges by an alias.
const require = createRequire(import.meta.url);
const shim = require.resolve('../../functions/cloud/httpx.cjs');
require(shim);
require.cache[require.resolve('httpx')] = require.cache[shim];
const { createCloud } = await import('../../functions/cloud/alicloud.ts');

describeWire('Alibaba Cloud over fetch', createCloud);

test('the bytes really go through fetch', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch').mockResolvedValue(Response.json({ RequestId: 'r-1' }));
  const keys = { accessKeyId: 'id', accessKeySecret: 'secret' };
  const log = { info: () => {}, error: () => {} };
  const cloud = createCloud({ credentials: { default: keys }, clock: fakeClock(), log });
  await cloud.call({
    product: 'alb',
    regionId: 'cn-hangzhou',
    credentials: 'default',
    action: 'ListRules',
    parameters: {},
  });
  expect(fetched).toHaveBeenCalledWith(
    'https://alb.cn-hangzhou.aliyuncs.com/',
    expect.objectContaining({ method: 'POST' }),
  );
  fetched.mockRestore();
});
