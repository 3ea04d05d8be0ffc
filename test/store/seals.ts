import { describe, expect, it } from 'vitest';
import { lastIdAt } from '../../functions/core/audit/ids.ts';
import { linked } from '../../functions/core/model/chain.ts';
import type { Store } from '../../functions/deps.ts';
import type { AuditEvent } from '../../schemas/audit.ts';
import type { AuditSeal } from '../../schemas/audit-seal.ts';
import { allItems, audit, commitOk, creation, FLEET, fleet, refTo } from './fixtures.ts';

const AT = '2026-11-28T20:00:00.000Z';
const END = lastIdAt(Date.parse(AT));

function seal(version: number, previousHash: string, through = END): AuditSeal {
  const contents = { version, at: AT, after: '', through, events: [{ id: 'aud_1', digest: 'd' }], late: [] };
  return linked(contents, previousHash);
}

/** The seals on audit logs, and the counts of refused requests. */
export function sealSuite(store: () => Store): void {
  describe('seals on audit logs', () => {
    const refusal = (id: string, count: number): AuditEvent => ({
      ...audit(refTo(fleet()), 0, 0, { id, action: 'access.refuse' }),
      refusal: { code: 'forbidden', addressPrefix: '192.0.2.0/24', count },
    });

    it('begin with the fleet, and stay in order: the next one is taken once, and no other', async () => {
      await commitOk(store(), creation(fleet()));
      expect(await store().sealHead(FLEET)).toEqual({ closed: '', through: '', version: 0, hash: '' });
      const first = seal(1, '');
      expect(await Promise.all([store().putSeal(FLEET, first), store().putSeal(FLEET, first)])).toContain(false);
      expect(await store().putSeal(FLEET, seal(3, first.hash))).toBe(false);
      const second = seal(2, first.hash);
      expect(await store().putSeal(FLEET, second)).toBe(true);
      expect(await store().sealHead(FLEET)).toMatchObject({ version: 2, hash: second.hash, through: END });
      expect(await allItems((page) => store().seals(FLEET, page), 1)).toEqual([second, first]);
      expect(await store().sealsAfter(FLEET, 0, 10)).toEqual([first, second]);
      expect(await store().sealsAfter(FLEET, 1, 10)).toEqual([second]);
      expect((await store().sealHeads()).items).toMatchObject([{ log: FLEET, head: { version: 2 } }]);
    });

    it('of one log are none of another', async () => {
      await store().closeAudit('-', END);
      expect(await store().putSeal('-', seal(1, ''))).toBe(true);
      await commitOk(store(), creation(fleet()));
      expect((await store().seals(FLEET, { limit: 10 })).items).toEqual([]);
      expect((await store().sealHeads()).items.map(({ log }) => log).sort()).toEqual(['-', FLEET]);
    });

    it('close a time for good: counts of refusals are taken behind it alone', async () => {
      const [early, late] = [lastIdAt(Date.parse(AT) - 60_000), lastIdAt(Date.parse(AT) + 60_000)];
      expect(await store().countRefusal('-', refusal(early, 1))).toBe(true);
      expect(await store().countRefusal('-', refusal(early, 9))).toBe(true);
      await store().closeAudit('-', END);
      await store().closeAudit('-', early);
      expect(await store().sealHead('-')).toMatchObject({ closed: END });
      expect(await store().countRefusal('-', refusal(early, 90))).toBe(false);
      expect(await store().countRefusal('-', refusal(late, 3))).toBe(true);
      expect((await store().audit('-', early))?.refusal?.count).toBe(10);
      expect((await store().audit('-', late))?.refusal?.count).toBe(3);
    });

    it('name events by digests, which change with what an event says', async () => {
      const [first, second] = [refusal(lastIdAt(1_000_000), 1), refusal(lastIdAt(2_000_000), 1)];
      for (const event of [first, second]) await store().countRefusal('-', event);
      const before = await store().auditMarks('-', '', END);
      expect(before.map(({ id }) => id)).toEqual([first.id, second.id]);
      expect((await store().auditMarks('-', first.id, END)).map(({ id }) => id)).toEqual([second.id]);
      expect(await store().auditMarks('-', '', first.id)).toEqual(before.slice(0, 1));
      await store().countRefusal('-', first);
      const after = await store().auditMarks('-', '', END);
      expect([after[0]?.digest === before[0]?.digest, after[1]?.digest === before[1]?.digest]).toEqual([false, true]);
    });
  });
}
