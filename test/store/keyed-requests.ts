import { describe, expect, it } from 'vitest';
import type { KeptAnswer, RequestClaim, Store } from '../../functions/deps.ts';
import { NOW_MS } from './fixtures.ts';

const ANSWER: KeptAnswer = { status: 201, headers: { Location: '/v1/fleets/shop' }, body: { name: 'shop' } };

const claim = (holder: string, changes: Partial<RequestClaim> = {}): RequestClaim => ({
  id: 'a-key',
  fingerprint: 'a-request',
  holder,
  leasedUntilMs: NOW_MS + 60_000,
  keptUntilMs: NOW_MS + 3_600_000,
  ...changes,
});

/** Requests with idempotency keys, which many invocations claim at once. */
export function keyedRequestSuite(store: () => Store): void {
  describe('keyed requests', () => {
    it('are claimed once, of many that try at the same time', async () => {
      const tries = ['a', 'b', 'c', 'd', 'e'].map((holder) => store().claimRequest(claim(holder), NOW_MS));
      const earlier = await Promise.all(tries);
      expect(earlier.filter((found) => found === undefined)).toHaveLength(1);
      expect(earlier.filter((found) => found !== undefined)).toEqual(Array(4).fill({ fingerprint: 'a-request' }));
    });

    it('keep their answer until their time is over', async () => {
      await store().claimRequest(claim('a'), NOW_MS);
      await store().keepAnswer(claim('a'), ANSWER);
      const found = { fingerprint: 'a-request', answer: ANSWER };
      for (const fingerprint of ['a-request', 'another']) {
        expect(await store().claimRequest(claim('b', { fingerprint }), NOW_MS + 3_599_999)).toEqual(found);
      }
      expect(await store().claimRequest(claim('b', { id: 'another' }), NOW_MS)).toBeUndefined();
      expect(await store().claimRequest(claim('b', { fingerprint: 'another' }), NOW_MS + 3_600_000)).toBeUndefined();
    });

    it('whose holder died are claimed anew after its lease, by the same request alone', async () => {
      await store().claimRequest(claim('a'), NOW_MS);
      expect(await store().claimRequest(claim('b'), NOW_MS + 59_999)).toEqual({ fingerprint: 'a-request' });
      const other = claim('b', { fingerprint: 'another' });
      expect(await store().claimRequest(other, NOW_MS + 60_000)).toEqual({ fingerprint: 'a-request' });
      expect(await store().claimRequest(claim('b'), NOW_MS + 60_000)).toBeUndefined();
    });

    it('are not changed by a holder that has lost them', async () => {
      await store().claimRequest(claim('a', { leasedUntilMs: NOW_MS }), NOW_MS);
      expect(await store().claimRequest(claim('b'), NOW_MS)).toBeUndefined();
      await store().keepAnswer(claim('a'), ANSWER);
      await store().freeRequest(claim('a'));
      expect(await store().claimRequest(claim('c'), NOW_MS)).toEqual({ fingerprint: 'a-request' });
      await store().freeRequest(claim('b'));
      expect(await store().claimRequest(claim('c'), NOW_MS)).toBeUndefined();
    });
  });
}
