import { describe, expect, it } from 'vitest';
import type { Traffic } from '../../functions/core/model.ts';
import type { Store } from '../../functions/deps.ts';
import {
  allItems,
  audit,
  cluster,
  commitOk,
  creation,
  decision,
  deletion,
  FLEET,
  fleet,
  health,
  NOW_MS,
  outboxRow,
  refTo,
  secondsLater,
} from './fixtures.ts';

/** Health, observations, decisions and the traffic state. */
export function evidenceSuite(store: () => Store): void {
  describe('health', () => {
    it('is read by fleet, as it was last written', async () => {
      const [a] = health('a', 1);
      expect(await store().putHealth(...health('b', 1))).toBe(true);
      expect(await store().putHealth(...health('a', 1))).toBe(true);
      expect(await store().health(FLEET)).toEqual([a, health('b', 1)[0]]);
      expect(await store().health('other')).toEqual([]);
    });

    it('takes each version once: of two probers that step from one record, one is refused with its observation', async () => {
      expect(await Promise.all([store().putHealth(...health('a', 1)), store().putHealth(...health('a', 1))])).toContain(
        false,
      );
      expect(await store().putHealth(...health('a', 2))).toBe(true);
      expect(await store().putHealth(...health('a', 2))).toBe(false);
      expect(await store().putHealth(...health('a', 4))).toBe(false);
      expect(await store().putHealth(...health('nowhere', 2))).toBe(false);
      expect((await store().observations(FLEET, 'a', { limit: 10 })).items).toHaveLength(2);
    });

    it('is forgotten with its cluster', async () => {
      const a = cluster('a');
      await commitOk(store(), creation(a));
      await store().putHealth(...health('a', 1, a.uid));
      await commitOk(store(), deletion(a));
      expect(await store().health(FLEET)).toEqual([]);
    });

    it('starts anew for another cluster of the same name, whatever a late prober left', async () => {
      expect(await store().putHealth(...health('a', 1, 'old'))).toBe(true);
      expect(await store().putHealth(...health('a', 1, 'young'))).toBe(true);
      expect(await store().health(FLEET)).toMatchObject([{ uid: 'young', version: 1 }]);
    });
  });

  describe('observations', () => {
    it('come newest first, page by page', async () => {
      for (let version = 1; version <= 12; version++) await store().putHealth(...health('a', version));
      const seen = await allItems((page) => store().observations(FLEET, 'a', page), 5);
      expect(seen.map(({ observedAt }) => observedAt)).toEqual(
        Array.from({ length: 12 }, (_, index) => secondsLater(12 - index)),
      );
      expect(await store().observations(FLEET, 'b', { limit: 5 })).toEqual({ items: [] });
    });
  });

  describe('traffic', () => {
    const withdrawal = { cluster: 'a', sinceMs: NOW_MS, reason: 'unhealthy', decision: 'd-1' };
    const traffic = (version: number): Traffic => ({ version, withdrawals: [withdrawal] });
    const event = () => audit(refTo(fleet()), 0, 0);
    const row = (version: number) => ({
      ...outboxRow(fleet(), 'edge'),
      kind: 'traffic' as const,
      revision: version,
    });

    it('has version 0 and no withdrawals before the first decision', async () => {
      expect(await store().traffic(FLEET)).toEqual({ version: 0, withdrawals: [] });
    });

    it('changes with its decision and its outbox rows, or not at all', async () => {
      const [first, late, second] = [decision(), decision(), decision()];
      expect(await store().decide(FLEET, traffic(1), first, event(), [row(1)])).toBe(true);
      expect(await store().decide(FLEET, { version: 1, withdrawals: [] }, late, event(), [row(9)])).toBe(false);
      expect(await store().traffic(FLEET)).toEqual(traffic(1));
      expect(await store().decision(FLEET, late.id)).toBeUndefined();
      expect(await store().outbox({})).toEqual([row(1)]);
      const recommended = { version: 2, withdrawals: [], recommended: [withdrawal] };
      expect(await store().decide(FLEET, recommended, second, event(), [row(2)])).toBe(true);
      expect(await store().traffic(FLEET)).toEqual(recommended);
      expect(await store().decision(FLEET, second.id)).toEqual(second);
      expect(await store().outbox({})).toEqual([row(2)]);
    });

    it('follows one of many decisions that are taken at once', async () => {
      for (const version of [1, 2]) {
        const tries = Array.from({ length: 5 }, () => store().decide(FLEET, traffic(version), decision(), event(), []));
        expect((await Promise.all(tries)).filter((done) => done)).toHaveLength(1);
      }
      expect((await store().decisions(FLEET, { limit: 10 })).items).toHaveLength(2);
    });

    it('lists decisions newest first, page by page', async () => {
      const ids = ['01A', '01B', '01C', '01D', '01E'];
      for (const [index, id] of ids.entries()) {
        await store().decide(FLEET, traffic(index + 1), decision(id), event(), []);
      }
      const seen = await allItems((page) => store().decisions(FLEET, page), 2);
      expect(seen.map(({ id }) => id)).toEqual(ids.toReversed());
    });

    it('of a deleted fleet is not that of its successor', async () => {
      const first = fleet();
      await commitOk(store(), creation(first));
      await store().decide(FLEET, traffic(1), decision(), event(), []);
      await commitOk(store(), deletion(first), creation(fleet()));
      expect(await store().traffic(FLEET)).toEqual({ version: 0, withdrawals: [] });
    });
  });
}
