import { beforeEach, describe, expect, it } from 'vitest';
import type { OutboxRequest, OutcomeRecord, Store } from '../../functions/deps.ts';
import { audit, commitOk, creation, FLEET, gateway, held, NOW, outboxRow, route, secondsLater } from './fixtures.ts';

let serial = 0;

/** Each operation ends with the row that it came with, or with one that is asked for later; none before and none never. */
export function waitingSuite(store: () => Store): void {
  const request = (name: string, revision: number, seconds: number, operation: string, at = 'edge'): OutboxRequest => {
    const { since: _, operations: __, ...row } = outboxRow({ ...route(name), revision }, at, secondsLater(seconds));
    return { ...row, operation };
  };

  async function ask(...outbox: OutboxRequest[]): Promise<void> {
    const target = { kind: 'gateway' as const, name: 'edge' };
    const id = `opn_begun-${++serial}`;
    const about = { fleet: FLEET, action: 'test', target, actor: 'ada', requestId: 'r-1', createdAt: NOW };
    const event = audit({ kind: 'gateway', fleet: FLEET, name: 'edge' }, 1, 1);
    await store().begin({ id, ...about, gateways: ['edge'] }, event, outbox);
  }

  const read = () => store().outbox({ fleet: FLEET, gateway: 'edge' });
  const idsOf = async (rows: Awaited<ReturnType<typeof read>>) =>
    (await store().waitingOperations(rows)).map(({ operation }) => operation);

  const outcome = (operation: string, message = ''): OutcomeRecord => ({
    ...{ operation, fleet: FLEET, gateway: 'edge', state: 'Verified', reason: 'Programmed', message },
    ...{ steps: 0, attempts: 0, endedAt: NOW },
  });

  /** As a run does that has verified these rows. */
  async function end(rows: Awaited<ReturnType<typeof read>>): Promise<string[]> {
    const waiting = await store().waitingOperations(rows);
    const ids = [...new Set(waiting.map(({ operation }) => operation))];
    const lease = await held(store());
    const records = ids.map((id) => outcome(id));
    await store().conclude(records, waiting, lease);
    await store().acknowledge(rows, NOW, lease);
    return ids;
  }

  describe('operations that wait for a row', () => {
    beforeEach(() => commitOk(store(), creation(gateway('edge')), creation(route('shop'))));

    it('are all that asked for it since it was acknowledged, and end with it', async () => {
      await ask(request('shop', 1, 0, 'a'), request('shop', 1, 0, 'a', 'west'));
      await ask(request('shop', 2, 1, 'b'));
      expect(await end(await read())).toEqual(['a', 'b']);
      expect(await read()).toEqual([]);
      expect((await store().outcomes(FLEET, 'a', 'b')).map(({ operation }) => operation)).toEqual(['a', 'b']);
      await ask(request('shop', 3, 2, 'c'));
      expect(await idsOf(await read())).toEqual(['c']);
      expect(await idsOf(await store().outbox({ fleet: FLEET, gateway: 'west' }))).toEqual(['a']);
    });

    it('are told apart by the rows that are asked about, whatever lies between them', async () => {
      for (const name of ['a', 'a-b', 'a1', 'b']) await ask(request(name, 1, 0, `for-${name}`));
      const rows = await read();
      expect(await idsOf(rows.filter(({ name }) => name === 'a'))).toEqual(['for-a']);
      expect(await idsOf(rows.filter(({ name }) => name !== 'a1').toReversed())).toEqual(['for-a', 'for-a-b', 'for-b']);
      expect(await idsOf([])).toEqual([]);
    });

    it('do not end with a run that has read the row before they came, and the row stays for them', async () => {
      await ask(request('shop', 1, 0, 'a'));
      await ask(request('shop', 2, 10, 'b'));
      const rows = await read();
      await ask(request('shop', 3, 20, 'c'));
      await ask(request('shop', 4, 30, 'd'));
      expect(await end(rows)).toEqual(['a', 'b']);
      expect(await read()).toMatchObject([{ revision: 4, since: secondsLater(20) }]);
      expect(await end(await read())).toEqual(['c', 'd']);
      expect(await read()).toEqual([]);
    });

    it('do not end either when they come between the outcomes and the end of the row', async () => {
      await ask(request('shop', 1, 0, 'a'));
      const rows = await read();
      const waiting = await store().waitingOperations(rows);
      await ask(request('shop', 2, 1, 'b'));
      const lease = await held(store());
      await store().conclude([outcome('a')], waiting, lease);
      await store().acknowledge(rows, NOW, lease);
      expect(await end(await read())).toEqual(['b']);
    });

    it('that ask for the same at the same time are two, of which the later one keeps the row', async () => {
      const apply = (operation: string) => ({ ...request('edge', 1, 0, operation), kind: 'apply' as const });
      await ask(apply('a'));
      const rows = await read();
      const waiting = await store().waitingOperations(rows);
      await ask(apply('b'));
      const lease = await held(store());
      await store().conclude([outcome('a')], waiting, lease);
      await store().acknowledge(rows, NOW, lease);
      expect(await end(await read())).toEqual(['b']);
    });

    it('end with a row that has not moved though the clocks of their writers differ, or a new life counts from 1', async () => {
      await ask(request('shop', 5, 9, 'ahead'));
      await ask(request('shop', 6, 1, 'gone'));
      await ask(request('shop', 1, 2, 'again'));
      const rows = await read();
      await ask(request('shop', 2, 3, 'later'));
      // The row has moved on, so that only what is surely older ends.
      expect(await end(rows)).toEqual(['again']);
      expect((await end(await read())).sort()).toEqual(['ahead', 'gone', 'later']);
      expect(await read()).toEqual([]);
    });

    it('of a resource that is created again do not end with its former life', async () => {
      await ask(request('shop', 6, 0, 'deletion'));
      const rows = await read();
      await ask(request('shop', 1, 5, 'creation'));
      expect(await end(rows)).toEqual(['deletion']);
      expect(await end(await read())).toEqual(['creation']);
    });

    it('keep their first outcome when a run stops before it has crossed them off, and the next goes on from there', async () => {
      await ask(request('shop', 1, 0, 'a'));
      await store().conclude([outcome('a', 'first')], [], await held(store()));
      expect(await end(await read())).toEqual(['a']);
      expect(await store().outcomes(FLEET, 'a', 'a')).toMatchObject([{ message: 'first' }]);
      expect(await read()).toEqual([]);
    });

    it('have waited since the first of them came, however often the row is asked for again', async () => {
      for (const [index, seconds] of [0, 20, 40].entries())
        await ask(request('shop', index + 1, seconds, `o-${index}`));
      expect(await read()).toMatchObject([{ requestedAt: secondsLater(40), since: NOW }]);
      await end(await read());
      await ask(request('shop', 4, 60, 'anew'));
      expect(await read()).toMatchObject([{ since: secondsLater(60) }]);
    });
  });
}
