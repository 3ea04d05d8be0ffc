import { afterEach, beforeEach, expect, it } from 'vitest';
import { reconcileGateway } from '../../functions/engine/reconcile/reconcile.ts';
import { startFleet } from './fleet.ts';
import type { Harness } from './harness.ts';

const HOUR_MS = 3_600_000;

let harness: Harness;
beforeEach(async () => {
  harness = await startFleet({ provider: 'mse' });
});
afterEach(() => harness.close());

it('the routes of a gateway are read once an hour, and otherwise only when they change', async () => {
  const details = () => harness.cloud.counts().byAction['GetGatewayRouteDetail'] ?? 0;
  const reconcile = async () => {
    expect(await reconcileGateway(harness.deps(), 'prod', 'edge')).toMatchObject({ state: 'Verified', changes: [] });
    return details();
  };
  // The run that declared the fleet has read them already.
  harness.clock.advance(HOUR_MS + 1);
  const atFirst = await reconcile();
  expect(atFirst).toBeGreaterThan(0);
  expect(await reconcile()).toBe(atFirst);
  harness.clock.advance(HOUR_MS + 1);
  expect(await reconcile()).toBeGreaterThan(atFirst);
});
