import { describe, expect, it } from 'vitest';
import { NO_POINTS, noReading } from '../../functions/core/gateway/reading.ts';
import type { Resource } from '../../functions/core/model/resource.ts';
import { InvalidPageToken, LeaseLost, type Page, type PageRequest, type Store } from '../../functions/deps.ts';
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
  outboxRow,
  refTo,
  route,
  service,
  sync,
  wideService,
} from './fixtures.ts';

const OK = { result: 'ok' };
const CONFLICT = { result: 'conflict' };

export function resourceSuite(store: () => Store): void {
  describe('commit', () => {
    it('makes a resource readable at once, as it was declared, beside others of its name', async () => {
      const shop = service('shop');
      const twin = route('shop');
      await commitOk(store(), creation(fleet()), creation(shop), creation(twin));
      expect(await store().get('service', FLEET, 'shop')).toEqual(shop);
      expect(await store().get('route', FLEET, 'shop')).toEqual(twin);
      expect(await store().get('service', 'other', 'shop')).toBeUndefined();
      expect(await store().get('fleet', FLEET, FLEET)).toMatchObject({ kind: 'fleet', name: FLEET });
    });

    it('refuses to create what exists, and leaves it as it is', async () => {
      const first = service('shop');
      await commitOk(store(), creation(first));
      expect(await store().commit(creation(service('shop')))).toEqual(CONFLICT);
      expect(await store().get('service', FLEET, 'shop')).toEqual(first);
    });

    it('admits one of many writers at the same revision', async () => {
      const shop = service('shop');
      await commitOk(store(), creation(shop));
      const edits = Array.from({ length: 5 }, () => edit(shop));
      const results = await Promise.all(edits.map((commit) => store().commit(commit)));
      expect(results.filter(({ result }) => result === 'ok')).toHaveLength(1);
      expect(results.filter(({ result }) => result === 'conflict')).toHaveLength(4);
      const winner = edits[results.findIndex(({ result }) => result === 'ok')]?.resource;
      expect(await store().get('service', FLEET, 'shop')).toEqual(winner);
    });

    it('refuses an update of what is gone, and of what was created again at the same revision', async () => {
      const old = service('shop');
      await commitOk(store(), creation(old), deletion(old));
      expect(await store().commit(edit(old))).toEqual(CONFLICT);
      const young = service('shop');
      await commitOk(store(), creation(young));
      expect(await store().commit(edit(old))).toEqual(CONFLICT);
      expect(await store().commit(deletion(old))).toEqual(CONFLICT);
      expect(await store().get('service', FLEET, 'shop')).toEqual(young);
    });

    it('does the same commit once when it is sent twice, as after a lost answer', async () => {
      const commit = creation(service('shop'), { references: [refTo(fleet())] });
      await commitOk(store(), creation(fleet()));
      await commitOk(store(), commit, commit);
      expect(await store().referenceCount(refTo(fleet()))).toBe(1);
    });

    it('writes nothing at all when one part cannot be written', async () => {
      const shop = service('shop');
      const missing = { kind: 'cluster' as const, fleet: FLEET, name: 'nowhere' };
      await commitOk(store(), creation(fleet()));
      const refused = creation(shop, { references: [refTo(fleet()), missing], outbox: [outboxRow(shop, 'edge')] });
      expect(await store().commit(refused)).toEqual({ result: 'missing-reference', missing: [missing] });
      expect(await store().get('service', FLEET, 'shop')).toBeUndefined();
      expect(await store().outbox({})).toEqual([]);
      expect(await store().referenceCount(refTo(fleet()))).toBe(0);
      // The audit event and the revision were not written either, or this one could not be.
      await commitOk(store(), { ...refused, references: [] });
    });

    it('refuses a second commit with the same audit event: no change goes without its own', async () => {
      const first = creation(service('shop'));
      await commitOk(store(), first);
      const second = await store()
        .commit({ ...creation(service('cart')), audit: first.audit })
        .catch(() => ({ result: 'refused' }));
      expect(second).not.toEqual(OK);
      expect(await store().get('service', FLEET, 'cart')).toBeUndefined();
    });

    it('names what a commit can hold when it asks for more', async () => {
      const references = Array.from({ length: 120 }, (_, index) => refTo(service(`s-${index}`)));
      await expect(store().commit(creation(route('shop'), { references }))).rejects.toThrow('at most 100 items');
    });

    it('names the item that is too large to be kept', async () => {
      const shop = service('shop');
      const big = { ...shop, spec: { ...shop.spec, displayName: 'x'.repeat(400_000) } };
      await expect(store().commit(creation(big))).rejects.toThrow('service#shop');
    });
  });

  describe('references', () => {
    it('count each commit that takes them, once however often it names them', async () => {
      const shop = service('shop');
      await commitOk(store(), creation(shop), creation(route('a'), { references: [refTo(shop), refTo(shop)] }));
      await commitOk(store(), creation(route('b'), { references: [refTo(shop)] }));
      expect(await store().referenceCount(refTo(shop))).toBe(2);
      expect(await store().referenceCount(refTo(service('nowhere')))).toBe(0);
    });

    it('survive updates of what they refer to, and do not move its revision', async () => {
      const shop = service('shop');
      await commitOk(store(), creation(shop), creation(route('a'), { references: [refTo(shop)] }));
      expect(await store().get('service', FLEET, 'shop')).toEqual(shop);
      const edited = edit(shop, { references: [refTo(shop)] });
      await commitOk(store(), edited);
      expect(await store().referenceCount(refTo(shop))).toBe(1);
      expect(await store().commit(deletion(edited.resource))).toEqual(CONFLICT);
      await commitOk(store(), deletion(edited.resource, { referenceCount: 1 }));
    });

    it('never end at something that was deleted meanwhile', async () => {
      for (let round = 0; round < 10; round++) {
        const shop = service(`shop-${round}`);
        await commitOk(store(), creation(shop));
        const referenceCount = await store().referenceCount(refTo(shop));
        const [deleted, referred] = await Promise.all([
          store().commit(deletion(shop, { referenceCount })),
          store().commit(creation(route(`r-${round}`), { references: [refTo(shop)] })),
        ]);
        const outcome = [deleted.result, referred.result];
        expect([
          ['ok', 'missing-reference'],
          ['conflict', 'ok'],
        ]).toContainEqual(outcome);
      }
    });

    it('let no update pass that has not seen a referrer, when it says which ones it has seen', async () => {
      const shop = service('shop');
      await commitOk(store(), creation(shop), creation(route('a'), { references: [refTo(shop)] }));
      expect(await store().commit(edit(shop, { referenceCount: 0 }))).toEqual(CONFLICT);
      await commitOk(store(), edit(shop, { referenceCount: 1 }));
    });

    it('of many writers at once are all counted', async () => {
      await commitOk(store(), creation(fleet()));
      const references = [refTo(fleet())];
      const names = Array.from({ length: 20 }, (_, index) => `s-${index}`);
      const results = await Promise.all(names.map((name) => store().commit(creation(service(name), { references }))));
      expect(results).toEqual(names.map(() => OK));
      expect(await store().referenceCount(refTo(fleet()))).toBe(names.length);
    });
  });

  describe('a deleted resource', () => {
    it('is gone from every list and can be created anew', async () => {
      const shop = service('shop');
      await commitOk(store(), creation(shop), deletion(shop));
      expect(await store().all('service', FLEET)).toEqual([]);
      const young = service('shop');
      await commitOk(store(), creation(young));
      expect(await store().all('service', FLEET)).toEqual([young]);
    });

    it('leaves nothing behind that a successor of its name would be taken for', async () => {
      const [shop, cart, edge, west] = [route('shop'), route('cart'), gateway('edge'), gateway('west')];
      const outbox = [shop, cart].flatMap((item) => [outboxRow(item, 'edge'), outboxRow(item, 'west')]);
      await commitOk(store(), creation(edge), creation(west), creation(cart), creation(shop, { outbox }));
      await store().acknowledge(outbox, NOW, await held(store()));
      const lease = await store().acquire('edge', 'me', 1000, 0);
      if (!lease) throw new Error('no lease');
      await store().putSync(sync('edge'), lease);
      await store().putReading({ ...noReading(FLEET, 'edge'), address: 'a' }, NO_POINTS, lease);

      await commitOk(store(), deletion(shop));
      expect(await programmedAt()).toEqual([
        ['cart', 'edge'],
        ['cart', 'west'],
      ]);
      await commitOk(store(), deletion(edge));
      expect(await programmedAt()).toEqual([['cart', 'west']]);
      expect(await store().sync(FLEET, 'edge')).toBeUndefined();
      expect(await store().reading(FLEET, 'edge')).toBeUndefined();
    });

    it('that is a gateway gets no more records from a run that is still at work', async () => {
      const edge = gateway('edge');
      const row = outboxRow(route('shop'), 'edge');
      await commitOk(store(), creation(edge), creation(route('shop'), { outbox: [row] }));
      const lease = await store().acquire('edge', 'me', 1000, 0);
      await commitOk(store(), deletion(edge));
      if (!lease) throw new Error('no lease');
      await expect(store().putSync(sync('edge'), lease)).rejects.toThrow(LeaseLost);
      await expect(store().putReading(noReading(FLEET, 'edge'), NO_POINTS, lease)).rejects.toThrow(LeaseLost);
      await store().acknowledge([row], NOW, await held(store()));
      expect(await programmedAt()).toEqual([]);
      expect(await store().outbox({})).toEqual([]);
    });

    async function programmedAt(): Promise<string[][]> {
      const rows = await store().programmed(FLEET, 'route', 'a', 'z');
      return rows.map((row) => [row.name, row.gateway]);
    }
  });

  describe('lists', () => {
    it('show every resource of a kind once and in order of names, whatever the size of the pages', async () => {
      const names = ['a', 'a-b', 'a1', 'ab', 'b', 'z9'];
      await commitOk(store(), ...names.toReversed().map((name) => creation(service(name))), creation(route('a')));
      for (const limit of [1, 2, 3, 6, 200]) {
        expect(await namesOf((page) => store().list('service', FLEET, page), limit)).toEqual(names);
      }
      expect((await store().all('service', FLEET)).map(({ name }) => name)).toEqual(names);
      expect((await store().list('service', FLEET, { limit: 6 })).nextToken).toBeUndefined();
    });

    it('show all fleets, and none of their contents', async () => {
      await commitOk(store(), creation(fleet('b')), creation(fleet('a')), creation(service('shop')));
      expect(await namesOf((page) => store().list('fleet', '', page), 1)).toEqual(['a', 'b']);
    });

    it('go on behind a page whose last resource was deleted', async () => {
      const [a, b, c] = [service('a'), service('b'), service('c')];
      await commitOk(store(), creation(a), creation(b), creation(c));
      const first = await store().list('service', FLEET, { limit: 2 });
      await commitOk(store(), deletion(b));
      const second = await store().list('service', FLEET, { limit: 2, token: first.nextToken });
      expect(second).toEqual({ items: [c] });
    });

    it('refuse a page token that is not theirs', async () => {
      await commitOk(store(), creation(service('a')), creation(service('b')));
      const { nextToken = '' } = await store().list('service', FLEET, { limit: 1 });
      const page = (token: string) => ({ limit: 1, token });
      await expect(store().list('route', FLEET, page(nextToken))).rejects.toThrow(InvalidPageToken);
      await expect(store().list('service', 'other', page(nextToken))).rejects.toThrow(InvalidPageToken);
      await expect(store().decisions(FLEET, page(nextToken))).rejects.toThrow(InvalidPageToken);
      for (const forged of ['', 'é', '%', nextToken.slice(3), btoa('[1,"",""]'), btoa('{}'), btoa('x')]) {
        await expect(store().list('service', FLEET, page(forged))).rejects.toThrow(InvalidPageToken);
      }
      expect((await store().list('service', FLEET, page(nextToken))).items).toHaveLength(1);
    });

    it('are complete beyond what DynamoDB answers in one page (1 MB)', async () => {
      const names = Array.from({ length: 8 }, (_, index) => `s-${index}`);
      await commitOk(store(), ...names.map((name) => creation(wideService(name))));
      expect((await store().all('service', FLEET)).map(({ name }) => name)).toEqual(names);
      expect(await namesOf((page) => store().list('service', FLEET, page), 7)).toEqual(names);
    });
  });
}

/** The names on all pages of at most `limit`. */
async function namesOf(list: (page: PageRequest) => Promise<Page<Resource>>, limit: number): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const page = await list({ limit, token });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    names.push(...page.items.map(({ name }) => name));
    token = page.nextToken;
  } while (token !== undefined);
  return names;
}
