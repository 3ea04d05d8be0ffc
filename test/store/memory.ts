import { describe, expect, it } from 'vitest';
import type { Json } from '../../functions/core/gateway/provider-object.ts';
import type { Store } from '../../functions/deps.ts';
import { FLEET, NOW_MS } from './fixtures.ts';

const HOUR_MS = 3_600_000;

/** Tests the memory of what providers have read of gateways. */
export function memorySuite(store: () => Store): void {
  describe('memory', () => {
    const recalled = async (nowMs = NOW_MS, gateway = 'edge') =>
      Object.fromEntries(await store().recall(FLEET, gateway, nowMs));
    const remember = (entries: Record<string, Json>, nowMs = NOW_MS, gateway = 'edge') =>
      store().remember(FLEET, gateway, new Map(Object.entries(entries)), nowMs, undefined);

    it('adds and replaces entries one by one, and is of one gateway alone', async () => {
      expect(await recalled()).toEqual({});
      await remember({ 'route gw-1 1': { told: 'a', detail: [1, null] }, 'route gw-1 2': 'x' });
      await remember({ 'route gw-1 2': null, b: 3 });
      await remember({ 'route gw-1 1': 'other' }, NOW_MS, 'edge-2');
      await remember({});
      expect(await recalled()).toEqual({
        'route gw-1 1': { told: 'a', detail: [1, null] },
        'route gw-1 2': null,
        b: 3,
      });
      expect(await recalled(NOW_MS, 'edge-2')).toEqual({ 'route gw-1 1': 'other' });
      expect(await recalled(NOW_MS, 'edg')).toEqual({});
    });

    it('holds an entry for an hour, which begins anew when it is remembered again', async () => {
      await remember({ a: 1, b: 1 });
      await remember({ b: 2 }, NOW_MS + 1);
      expect(await recalled(NOW_MS + HOUR_MS - 1)).toEqual({ a: 1, b: 2 });
      expect(await recalled(NOW_MS + HOUR_MS)).toEqual({ b: 2 });
      expect(await recalled(NOW_MS + HOUR_MS + 1)).toEqual({});
    });

    it('holds the routes of a large gateway', async () => {
      const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`r${index}`, 'x'.repeat(1_500)]));
      await remember(many);
      expect(await recalled()).toEqual(many);
    });
  });
}
