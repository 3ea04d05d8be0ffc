import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guard } from '../../functions/core/gateway/guard.ts';
import { plan } from '../../functions/core/gateway/plan.ts';
import type { ProviderObject } from '../../functions/core/gateway/provider-object.ts';

const group = (key: string, spec: ProviderObject['spec'] = {}, more: Partial<ProviderObject> = {}): ProviderObject => ({
  kind: 'ServerGroup',
  key,
  rank: 0,
  spec,
  ...more,
});
const rule = (key: string, spec: ProviderObject['spec'] = {}, more: Partial<ProviderObject> = {}): ProviderObject => ({
  ...group(key, spec, more),
  kind: 'Rule',
  rank: 1,
});
const guarded = ({ changes }: ReturnType<typeof plan>, rejected: ReadonlySet<string> = new Set()) =>
  changes.flatMap((change) => guard(change, rejected)?.code ?? []);
const verbs = (result: ReturnType<typeof plan>) =>
  result.changes.map((change) => `${change.verb} ${change.kind} ${change.key}`);

describe('plan', () => {
  it('creates what is referred to before what refers, and deletes in the opposite order, last', () => {
    const desired = [rule('new'), group('new'), rule('kept', { priority: 2 })];
    const current = [group('old'), rule('old'), rule('kept', { priority: 1 })];
    expect(verbs(plan(desired, current, 'sync'))).toEqual([
      'create ServerGroup new',
      'update Rule kept',
      'create Rule new',
      'delete Rule old',
      'delete ServerGroup old',
    ]);
  });

  it('says in what an object differs', () => {
    const [change] = plan(
      [rule('r', { priority: 2, name: 'x' })],
      [rule('r', { priority: 1, name: 'x' })],
      'sync',
    ).changes;
    expect(change?.reason).toBe('differs in priority');
  });

  it('does not delete for a gateway that is upsert-only', () => {
    expect(verbs(plan([group('a')], [group('b')], 'upsert-only'))).toEqual(['create ServerGroup a']);
  });

  it('neither creates nor deletes when desired is only a part', () => {
    expect(verbs(plan([group('a'), group('c', { w: 1 })], [group('b'), group('c')], 'sync', 'update'))).toEqual([
      'update ServerGroup c',
    ]);
  });

  it('is empty between equal sides, whatever the order of objects and of members, and has the same digest for the same changes', () => {
    const objects = fc.uniqueArray(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), w: fc.nat(3) }), {
      selector: (item) => item.key,
    });
    fc.assert(
      fc.property(objects, objects, (desired, current) => {
        const one = desired.map((item) => group(item.key, { w: item.w, n: 1 }));
        const same = desired.map((item) => group(item.key, { n: 1, w: item.w })).reverse();
        expect(plan(one, same, 'sync').changes).toEqual([]);
        const other = current.map((item) => group(item.key, { w: item.w, n: 1 }));
        expect(plan(one, other, 'sync').digest).toBe(plan(same, [...other].reverse(), 'sync').digest);
      }),
    );
  });
});

describe('guard', () => {
  const shares = (a: number, b: number) => [
    { cluster: 'a', percent: a },
    { cluster: 'b', percent: b },
  ];

  it('refuses to leave a pool without a cluster', () => {
    const before = group('pool/shop', { w: [60, 40] }, { shares: shares(60, 40), remoteId: 'sgp-1' });
    const emptied = plan([group('pool/shop', { w: [0, 0] }, { shares: shares(0, 0) })], [before], 'sync');
    expect(guarded(emptied)).toEqual(['empties-pool']);
    const rejected = plan(
      [group('pool/shop', { w: [0, 0] }, { shares: shares(0, 0), pool: 'shop' })],
      [before],
      'sync',
    );
    expect(guarded(rejected, new Set(['shop']))).toEqual([]);
    const moved = plan([group('pool/shop', { w: [0, 100] }, { shares: shares(0, 100) })], [before], 'sync');
    expect(guarded(moved)).toEqual([]);
  });

  it('refuses to touch what is not known to be ours', () => {
    expect(guarded(plan([], [rule('r')], 'sync'))).toEqual(['foreign-object']);
  });
});
