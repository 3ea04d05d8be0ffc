import { expect, test } from 'vitest';
import { haproxyVersion } from '../../infra/haproxy.ts';
import { failover } from './failover.ts';
import { PROVIDERS } from './kill.ts';

/**
 * There is nothing to compare with where HAProxy is missing; verify:full has already said so, and how to install it.
 */
test.skipIf(haproxyVersion() === undefined)(
  'the failover bench tells of both gateways and of HAProxy what they lost of the same kill',
  async () => {
    const { cases, haproxy, ...told } = await failover({ kills: 1, intervals: [2] });
    expect(haproxy).toEqual({ version: haproxyVersion(), check: 'inter 2s fall 3' });
    expect(told).toMatchObject({ failure: 'refuse', kills: 1, gatewayCheck: { type: 'tcp', intervalSeconds: 2 } });
    expect(cases).toEqual(
      PROVIDERS.map((provider) =>
        expect.objectContaining({ provider, intervalSeconds: 2, lostRatio: expect.any(Number) }),
      ),
    );
    for (const one of cases) {
      expect(Math.min(one.lost.median, one.lostByHaproxy.median, one.verifiedMs.median)).toBeGreaterThan(0);
      expect(one.lostRatio).toBeCloseTo(one.lost.median / one.lostByHaproxy.median, 1);
    }
  },
);
