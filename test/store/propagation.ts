import { beforeEach, describe, expect, it } from 'vitest';
import { LeaseLost, type Store } from '../../functions/deps.ts';
import {
  commitOk,
  creation,
  deletion,
  edit,
  FLEET,
  fleet,
  gateway,
  held,
  NOW,
  NOW_MS,
  outboxRow,
  pool,
  route,
  secondsLater,
  sync,
} from './fixtures.ts';

/** From what was declared to what gateways follow: outbox, programmed rows, sync records, pools, leases. */
export function propagationSuite(store: () => Store): void {
  const declareGateways = () => commitOk(store(), creation(gateway('edge')), creation(gateway('edge-2')));

  describe('outbox', () => {
    beforeEach(declareGateways);

    it('holds one row per gateway and resource, the latest, and is read by gateway, by fleet or whole', async () => {
      const shop = route('shop');
      const edited = edit(shop, { outbox: [outboxRow({ ...shop, revision: 2 }, 'edge', secondsLater(1))] });
      const other = fleet('prod-2');
      await commitOk(
        store(),
        creation(shop, { outbox: [outboxRow(shop, 'edge'), outboxRow(shop, 'edge-2')] }),
        edited,
        creation(other, { outbox: [outboxRow(other, 'edge')] }),
      );
      const latest = { ...outboxRow(edited.resource, 'edge', secondsLater(1)), since: NOW };
      expect(await store().outbox({ fleet: FLEET, gateway: 'edge' })).toEqual([latest]);
      expect(await store().outbox({ fleet: FLEET })).toEqual([latest, outboxRow(shop, 'edge-2')]);
      expect(await store().outbox({})).toHaveLength(3);
      expect(await store().outbox({ fleet: 'nowhere' })).toEqual([]);
    });

    it('turns acknowledged rows into programmed ones, found by the names of a page', async () => {
      const routes = ['a', 'a-b', 'b', 'b-c', 'b1', 'c'].map(route);
      const rows = routes.flatMap((item) => [outboxRow(item, 'edge'), outboxRow(item, 'edge-2')]);
      for (const item of routes) {
        await commitOk(store(), creation(item, { outbox: rows.filter(({ name }) => name === item.name) }));
      }
      await store().acknowledge(rows, secondsLater(5), await held(store()));
      expect(await store().outbox({})).toEqual([]);
      const found = await store().programmed(FLEET, 'route', 'a-b', 'b');
      expect(found.map((row) => [row.name, row.gateway])).toEqual([
        ['a-b', 'edge'],
        ['a-b', 'edge-2'],
        ['b', 'edge'],
        ['b', 'edge-2'],
      ]);
      expect(found[0]).toEqual({
        fleet: FLEET,
        gateway: 'edge',
        kind: 'route',
        name: 'a-b',
        revision: 1,
        verifiedAt: secondsLater(5),
      });
      expect(await store().programmed(FLEET, 'service', 'a', 'c')).toEqual([]);
    });

    it('keeps a row that has moved on since it was read, and acknowledges the others', async () => {
      const [moved, still] = [route('moved'), route('still')];
      const rows = [outboxRow(moved, 'edge'), outboxRow(still, 'edge')];
      await commitOk(
        store(),
        creation(moved, { outbox: rows.slice(0, 1) }),
        creation(still, { outbox: rows.slice(1) }),
      );
      const later = outboxRow({ ...moved, revision: 2 }, 'edge', secondsLater(1));
      await commitOk(store(), edit(moved, { outbox: [later] }));
      await store().acknowledge(rows, NOW, await held(store()));
      expect(await store().outbox({})).toEqual([{ ...later, since: NOW }]);
      expect((await store().programmed(FLEET, 'route', 'a', 'z')).map(({ name }) => name)).toEqual(['still']);
    });

    it('does not take a resource that was created again for the one that was acknowledged', async () => {
      const old = route('shop');
      const young = route('shop');
      await commitOk(store(), creation(old, { outbox: [outboxRow(old, 'edge')] }), deletion(old));
      await commitOk(store(), creation(young, { outbox: [outboxRow(young, 'edge', secondsLater(1))] }));
      await store().acknowledge([outboxRow(old, 'edge')], NOW, await held(store()));
      expect(await store().outbox({})).toEqual([{ ...outboxRow(young, 'edge', secondsLater(1)), since: NOW }]);
      expect(await store().programmed(FLEET, 'route', 'shop', 'shop')).toEqual([]);
    });

    it('forgets a deleted resource once its last row is acknowledged', async () => {
      const shop = route('shop');
      const row = outboxRow(shop, 'edge');
      await commitOk(store(), creation(shop, { outbox: [row] }));
      await store().acknowledge([row], NOW, await held(store()));
      const farewell = outboxRow({ ...shop, revision: 2 }, 'edge', secondsLater(1));
      await commitOk(store(), deletion(shop, { outbox: [farewell] }));
      await store().acknowledge([farewell], secondsLater(2), await held(store()));
      expect(await store().outbox({})).toEqual([]);
      expect(await store().programmed(FLEET, 'route', 'shop', 'shop')).toEqual([]);
    });

    it('acknowledges more rows than one transaction holds, among them traffic and repeated ones', async () => {
      const routes = Array.from({ length: 60 }, (_, index) => route(`r-${index}`));
      const rows = routes.map((item) => outboxRow(item, 'edge'));
      await Promise.all(routes.map((item) => commitOk(store(), creation(item, { outbox: [outboxRow(item, 'edge')] }))));
      const traffic = { ...outboxRow(fleet(), 'edge'), kind: 'traffic' as const };
      await commitOk(store(), creation(fleet(), { outbox: [traffic] }));
      await store().acknowledge([...rows, ...rows, traffic], NOW, await held(store()));
      expect(await store().outbox({})).toEqual([]);
      expect(await store().programmed(FLEET, 'route', 'a', 'z')).toHaveLength(60);
    });
  });

  describe('leases', () => {
    it('have one holder at a time, among many who try', async () => {
      for (const nowMs of [NOW_MS, NOW_MS + 60_000]) {
        const tries = Array.from({ length: 5 }, (_, index) => store().acquire('edge', `h-${index}`, 30_000, nowMs));
        expect((await Promise.all(tries)).filter((lease) => lease !== undefined)).toHaveLength(1);
      }
    });

    it('are free again when released or expired, under an epoch that grows each time', async () => {
      const first = await store().acquire('edge', 'a', 1000, NOW_MS);
      expect(first).toEqual({ name: 'edge', holder: 'a', epoch: 1, expiresAtMs: NOW_MS + 1000 });
      expect(await store().acquire('edge', 'b', 1000, NOW_MS + 999)).toBeUndefined();
      const second = await store().acquire('edge', 'b', 1000, NOW_MS + 1000);
      expect(second?.epoch).toBe(2);
      if (second) await store().release(second);
      expect((await store().acquire('edge', 'c', 1000, NOW_MS))?.epoch).toBe(3);
      expect((await store().acquire('other', 'c', 1000, NOW_MS))?.epoch).toBe(1);
    });

    it('last as long as they are renewed, and cannot be renewed once lost', async () => {
      const lease = await mustAcquire('a', NOW_MS);
      const renewed = await store().renew(lease, 1000, NOW_MS + 900);
      expect(renewed).toEqual({ ...lease, expiresAtMs: NOW_MS + 1900 });
      expect(await store().acquire('edge', 'b', 1000, NOW_MS + 1500)).toBeUndefined();
      const taken = await mustAcquire('b', NOW_MS + 1900);
      expect(await store().renew(lease, 1000, NOW_MS + 1900)).toBeUndefined();
      // Nor can the loser take the lease from its new holder by releasing it.
      await store().release(lease);
      expect(await store().renew(taken, 1000, NOW_MS + 1900)).toBeDefined();
      await store().release(taken);
      expect(await store().renew(taken, 1000, NOW_MS + 1900)).toBeUndefined();
    });

    it('are either renewed or taken when both are tried at once', async () => {
      for (let round = 0; round < 10; round++) {
        const nowMs = NOW_MS + round * 60_000;
        const lease = await mustAcquire(`a-${round}`, nowMs);
        const [renewed, taken] = await Promise.all([
          store().renew(lease, 30_000, nowMs + 1000),
          store().acquire('edge', `b-${round}`, 30_000, nowMs + 1000),
        ]);
        expect([renewed, taken].filter((won) => won !== undefined)).toHaveLength(1);
      }
    });

    async function mustAcquire(holder: string, nowMs: number) {
      const lease = await store().acquire('edge', holder, 1000, nowMs);
      if (!lease) throw new Error(`${holder} did not get the lease`);
      return lease;
    }
  });

  describe('sync records', () => {
    beforeEach(declareGateways);

    it('are written by the holder of the lease alone', async () => {
      const old = await store().acquire('edge', 'a', 1000, NOW_MS);
      if (!old) throw new Error('no lease');
      await store().putSync(sync('edge', 'by a'), old);
      const current = await store().acquire('edge', 'b', 1000, NOW_MS + 1000);
      if (!current) throw new Error('no lease');
      await expect(store().putSync(sync('edge', 'late'), old)).rejects.toThrow(LeaseLost);
      expect(await store().sync(FLEET, 'edge')).toEqual(sync('edge', 'by a'));
      await store().putSync(sync('edge', 'by b'), current);
      await store().release(current);
      await expect(store().putSync(sync('edge', 'late'), current)).rejects.toThrow(LeaseLost);
      expect(await store().syncs(FLEET)).toEqual([sync('edge', 'by b')]);
      expect(await store().sync(FLEET, 'nowhere')).toBeUndefined();
    });
  });

  describe('pools', () => {
    it('of a gateway are replaced as a whole, and of that gateway alone', async () => {
      const keys = Array.from({ length: 60 }, (_, index) => `p-${String(index).padStart(2, '0')}`);
      await store().putPools(
        FLEET,
        'edge',
        keys.map((key) => pool(key)),
        await held(store()),
      );
      await store().putPools(FLEET, 'edge-2', [pool('p-00')], await held(store()));
      expect((await store().pools(FLEET, 'edge')).map(({ key }) => key)).toEqual(keys);
      const next = [pool('p-00'), pool('p-01', 50), pool('q')];
      await store().putPools(FLEET, 'edge', next, await held(store()));
      expect(await store().pools(FLEET, 'edge')).toEqual(next);
      await store().putPools(FLEET, 'edge', [], await held(store()));
      expect(await store().pools(FLEET, 'edge')).toEqual([]);
      expect(await store().pools(FLEET, 'edge-2')).toEqual([pool('p-00')]);
    });
  });
}
