import { describe, expect, it } from 'vitest';
import { auditsFor } from '../../functions/commands/audits.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import type { Ref, Resource } from '../../functions/core/model/resource.ts';
import { type Commit, InvalidPageToken, type Store } from '../../functions/deps.ts';
import type { AuditEvent, AuditQuery } from '../../schemas/audit.ts';
import {
  allItems,
  audit,
  commitOk,
  creation,
  decision,
  deletion,
  edit,
  FLEET,
  fleet,
  outboxRow,
  recording,
  refTo,
  route,
  secondsLater,
  service,
} from './fixtures.ts';

const shopRef = { kind: 'service', fleet: FLEET, name: 'shop' } as const;

/** Created at 10 s, edited at 20 s, deleted at 30 s, created again at 40 s. */
async function live(store: Store): Promise<{ first: Resource; edited: Resource; second: Resource }> {
  const at = (resource: Resource, seconds: number) => ({ ...resource, updatedAt: secondsLater(seconds) });
  const first = at(service('shop'), 10);
  const edits = edit(first);
  const edited = at(edits.resource, 20);
  const farewell = audit(shopRef, 2, 0, { at: secondsLater(30) });
  const second = at(service('shop'), 40);
  await commitOk(store, creation(first), { ...edits, resource: edited });
  await commitOk(store, deletion(edited, { audit: farewell }), creation(second), creation(route('shop')));
  return { first, edited, second };
}

export function historySuite(store: () => Store): void {
  describe('revisions', () => {
    it('are all kept, newest first, over deletion and creation, page by page', async () => {
      const { first, edited, second } = await live(store());
      const expected = [
        { ...second, deleted: false },
        { ...edited, revision: 3, updatedAt: secondsLater(30), deleted: true },
        { ...edited, deleted: false },
        { ...first, deleted: false },
      ];
      for (const limit of [1, 3, 4]) {
        expect(await allItems((page) => store().revisions(shopRef, page), limit)).toEqual(expected);
      }
      expect(await store().revisions({ ...shopRef, name: 'nowhere' }, { limit: 5 })).toEqual({ items: [] });
      const { nextToken } = await store().revisions(shopRef, { limit: 1 });
      const elsewhere = { kind: 'route', fleet: FLEET, name: 'shop' } as const;
      await expect(store().revisions(elsewhere, { limit: 1, token: nextToken })).rejects.toThrow(InvalidPageToken);
    });

    it('are found by number: of the latest resource of the name, or of the one with the uid', async () => {
      const { first, second } = await live(store());
      expect(await store().revision(shopRef, 1)).toEqual({ ...second, deleted: false });
      expect(await store().revision(shopRef, 1, first.uid)).toEqual({ ...first, deleted: false });
      expect(await store().revision(shopRef, 3, first.uid)).toMatchObject({ deleted: true });
      for (const [revision, uid] of [[2], [1, 'nobody'], [4, first.uid]] as const) {
        expect(await store().revision(shopRef, revision, uid)).toBeUndefined();
      }
      expect(await store().revision({ ...shopRef, name: 'nowhere' }, 1)).toBeUndefined();
    });

    it('are found by time: what was declared then, and whether it was there', async () => {
      const { first, edited, second } = await live(store());
      const seen = async (seconds: number) => {
        const found = await store().revisionAt(shopRef, secondsLater(seconds));
        return found && [found.uid, found.revision, found.deleted];
      };
      expect(await seen(9.999)).toBeUndefined();
      expect(await seen(10)).toEqual([first.uid, 1, false]);
      expect(await seen(29)).toEqual([edited.uid, 2, false]);
      expect(await seen(30)).toEqual([edited.uid, 3, true]);
      expect(await seen(99)).toEqual([second.uid, 1, false]);
    });

    it('are found by time however many there are since', async () => {
      let commit = creation({ ...service('shop'), updatedAt: secondsLater(0) });
      await commitOk(store(), commit);
      for (let second = 1; second <= 25; second++) {
        const next = edit(commit.resource);
        commit = { ...next, resource: { ...next.resource, updatedAt: secondsLater(second) } };
        await commitOk(store(), commit);
      }
      expect(await store().revisionAt(shopRef, secondsLater(3.5))).toMatchObject({ revision: 4 });
      expect(await store().revisionAt(shopRef, secondsLater(-1))).toBeUndefined();
    });
  });

  describe('audit events', () => {
    const record = (second: number, rest: Parameters<typeof audit>[3] & { target?: Ref } = {}) => {
      const resource = service(`s-${second}`);
      const event = audit(refTo(resource), 0, 1, { at: secondsLater(second), ...rest });
      return commitOk(store(), creation(resource, { audit: event })).then(() => event);
    };
    const idsOf = async (filter: AuditQuery, limit = 50) =>
      (await allItems((page) => store().audits(FLEET, page, auditsFor(filter)), limit)).map(({ id }) => id);

    it('come newest first, as they were written, and by their id', async () => {
      const events = [await record(1, { reason: '换机房' }), await record(2), await record(3)];
      expect((await store().audits(FLEET, { limit: 3 })).items).toEqual(events.toReversed());
      expect((await store().audits(FLEET, { limit: 3 })).nextToken).toBeUndefined();
      expect(await idsOf({}, 1)).toEqual(events.map(({ id }) => id).toReversed());
      const [first] = events;
      expect(await store().audit(FLEET, first?.id ?? '')).toEqual(first);
      expect(await store().audit('other', first?.id ?? '')).toBeUndefined();
      expect((await store().audits('other', { limit: 3 })).items).toEqual([]);
    });

    it('are filtered by everything that is asked for at once', async () => {
      const byBob = await record(1, { actor: 'bob', action: 'service.create', requestId: 'r-9' });
      const byAda = await record(2, { action: 'service.create' });
      const other = await record(3, { target: { kind: 'route', fleet: FLEET, name: 'shop' }, actor: 'bob' });
      const cases: [AuditQuery, { id: string }[]][] = [
        [{ actor: 'bob' }, [other, byBob]],
        [{ actor: 'bob', action: 'service.create' }, [byBob]],
        [{ action: 'service.create' }, [byAda, byBob]],
        [{ requestId: 'r-9' }, [byBob]],
        [{ kind: 'route' }, [other]],
        [{ kind: 'service', name: 's-2' }, [byAda]],
        [{ kind: 'cluster', name: 's-2' }, []],
        [{ since: secondsLater(2) }, [other, byAda]],
        [{ until: secondsLater(2) }, [byAda, byBob]],
        [{ since: secondsLater(2), until: secondsLater(2) }, [byAda]],
        [{ since: secondsLater(2.001), until: secondsLater(2.999) }, []],
        [{ until: '0001-01-01T00:00:00Z' }, []],
        [{ since: '0001-01-01T00:00:00Z', until: '9999-12-31T23:59:59Z' }, [other, byAda, byBob]],
      ];
      for (const [filter, events] of cases) {
        expect([filter, await idsOf(filter, 1)]).toEqual([filter, events.map(({ id }) => id)]);
      }
    });

    it('that match rarely are all found, by pages that each look at a bounded number', async () => {
      const rare = await record(0, { actor: 'bob' });
      let before = creation(service('busy'));
      await commitOk(store(), before);
      for (let count = 0; count < 600; count++) {
        before = edit(before.resource);
        await commitOk(store(), before);
      }
      const first = await store().audits(FLEET, { limit: 10 }, auditsFor({ actor: 'bob' }));
      expect(first.items).toEqual([]);
      expect(first.nextToken).toBeDefined();
      expect(await idsOf({ actor: 'bob' })).toEqual([rare.id]);
    });

    it('are paged by tokens of the very same filter', async () => {
      await record(1);
      await record(2);
      const { nextToken: token } = await store().audits(FLEET, { limit: 1 }, auditsFor({ actor: 'ada' }));
      expect((await store().audits(FLEET, { limit: 1, token }, auditsFor({ actor: 'ada' }))).items).toHaveLength(1);
      for (const filter of [{}, { actor: 'bob' }, { actor: 'ada', kind: 'route' as const }]) {
        await expect(store().audits(FLEET, { limit: 1, token }, auditsFor(filter))).rejects.toThrow(InvalidPageToken);
      }
    });
  });

  describe('without its audit event', () => {
    /** Refused by the event alone: its id is taken. */
    async function expectNothing(commit: Commit, taken: AuditEvent): Promise<void> {
      const { fleet: home, kind, name } = commit.resource;
      const state = async () => [
        await store().get(kind, home, name),
        await store().revisions(refTo(commit.resource), { limit: 200 }),
        await store().outbox({}),
        await store().audits(FLEET, { limit: 200 }),
      ];
      const before = await state();
      expect(await store().commit({ ...commit, audit: taken })).toEqual({ result: 'conflict' });
      expect(await state()).toEqual(before);
    }

    it('nothing is created, replaced or deleted', async () => {
      const [shop, cart] = [service('shop'), service('cart')];
      const taken = audit(shopRef, 0, 1);
      expect(await store().decide(recording(1, [], { audit: taken }))).toBe(true);
      await commitOk(store(), creation(shop));
      await expectNothing(creation(cart, { outbox: [outboxRow(cart, 'edge')] }), taken);
      await expectNothing(edit(shop, { outbox: [outboxRow(shop, 'edge')] }), taken);
      await expectNothing(deletion(shop), taken);
    });

    it('no decision moves traffic', async () => {
      const taken = audit(shopRef, 0, 1);
      await commitOk(store(), creation(fleet(), { audit: taken }));
      const row = { ...outboxRow(fleet(), 'edge'), kind: 'traffic' as const };
      expect(
        await store().decide(recording(1, ['a'], { decision: decision('d-1'), audit: taken, outbox: [row] })),
      ).toBe(false);
      expect(await store().traffic(FLEET)).toEqual(NO_TRAFFIC);
      expect(await store().decision(FLEET, 'd-1')).toBeUndefined();
      expect(await store().outbox({})).toEqual([]);
    });
  });
}
