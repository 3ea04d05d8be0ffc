import { describe, expect, it } from 'vitest';
import { lastIdAt, timeOf } from '../../../functions/core/audit/ids.ts';
import { RefusalCounts, refusalEvent } from '../../../functions/core/audit/refusals.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-28T20:00:00Z');

const refusal = (addressPrefix: string, actor = 'anonymous') => ({
  refused: { action: 'access.refuse', code: 'invalid-token', reason: 'This token is not accepted.' },
  author: { actor, requestId: 'req_1' },
  addressPrefix,
});

/** Counts as many as given, and returns what is to be written down, by its prefix and count. */
function written(counts: RefusalCounts, prefixes: Iterable<string>, nowMs = NOW): [string, number][] {
  return [...prefixes].flatMap((prefix) =>
    counts.note(refusal(prefix), nowMs).map(({ addressPrefix, count }): [string, number] => [addressPrefix, count]),
  );
}

const times = (count: number, prefix = '192.0.2.0/24') => Array<string>(count).fill(prefix);

describe('the counts of refused requests', () => {
  it('are written at the first, the tenth, the hundredth of a minute, and the rest when the minute is over', () => {
    const counts = new RefusalCounts();
    const during = written(counts, times(60_000)).map(([, count]) => count);
    expect(during).toEqual([1, 9, 90, 900, 9_000]);
    expect(counts.rest(NOW + MINUTE - 1)).toEqual([]);
    expect(counts.rest(NOW + MINUTE)).toMatchObject([{ count: 50_000 }]);
    expect(counts.rest(NOW + MINUTE)).toEqual([]);
  });

  it('of any number of networks cost a bounded number of writes, and none is left out', () => {
    const counts = new RefusalCounts();
    const networks = Array.from({ length: 60_000 }, (_, index) => `2001:db8:0:${index.toString(16)}::/64`);
    const all = [
      ...written(counts, networks),
      ...counts.rest(NOW + MINUTE).map(({ addressPrefix, count }) => [addressPrefix, count]),
    ];
    expect(all.length).toBeLessThan(60);
    expect(all.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(60_000);
    expect(all.at(-1)?.[0]).toBe('others');
  });

  it('have one row for what is alike in one minute, and another one for anything else', () => {
    const idOf = (given: ReturnType<typeof refusal>, nowMs = NOW) => refusalEvent({ ...given, count: 1 }, nowMs).id;
    const own = idOf(refusal('192.0.2.0/24'));
    expect(
      idOf({ ...refusal('192.0.2.0/24'), author: { actor: 'anonymous', requestId: 'req_2' } }, NOW + MINUTE - 1),
    ).toBe(own);
    expect(own).toMatch(/^aud_[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(timeOf(own)).toBe(NOW);
    expect(own < lastIdAt(NOW) && own > lastIdAt(NOW - 1)).toBe(true);
    for (const other of [refusal('198.51.100.0/24'), refusal('192.0.2.0/24', 'ada')]) expect(idOf(other)).not.toBe(own);
    expect(idOf(refusal('192.0.2.0/24'), NOW + MINUTE)).not.toBe(own);
  });
});
