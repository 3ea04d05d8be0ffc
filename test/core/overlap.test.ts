import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTies } from '../../functions/core/routing/overlap.ts';
import { comparePrecedence } from '../../functions/core/routing/precedence.ts';
import { RouteMatch } from '../../schemas/route.ts';

const rule = (key: string, match: unknown = {}, hostname: string | undefined = 'shop.example.com') => ({
  key,
  hostname,
  match: RouteMatch.parse(match),
});
const tied = (...rules: ReturnType<typeof rule>[]) => findTies(rules).map(([a, b]) => [a.key, b.key]);
const header = (name: string, value: string, type = 'Exact') => ({ headers: [{ type, name, value }] });

describe('rules tie', () => {
  it('when two routes ask for the very same', () => {
    expect(tied(rule('a/0/0/h'), rule('b/0/0/h'))).toEqual([['a/0/0/h', 'b/0/0/h']]);
  });

  it('when a request may have both of their headers', () => {
    expect(tied(rule('a/0/0/h', header('x', '1')), rule('b/0/0/h', header('y', '1')))).toHaveLength(1);
  });

  it('when a regular expression may match what the other asks for', () => {
    expect(
      tied(rule('a/0/0/h', header('x', '^1$', 'RegularExpression')), rule('b/0/0/h', header('x', '2'))),
    ).toHaveLength(1);
  });

  it('when prefixes differ by a trailing slash only', () => {
    const prefix = (value: string) => ({ path: { type: 'Prefix', value } });
    expect(tied(rule('a/0/0/h', prefix('/foo')), rule('b/0/0/h', prefix('/foo/')))).toHaveLength(1);
  });

  it.each<[string, unknown, unknown]>([
    ['other values of one header, however it is spelled', header('X-Pin', '1'), header('x-pin', '2')],
    ['other methods', { method: 'GET' }, { method: 'PUT' }],
    ['a more specific one', header('x', '1'), {}],
    ['other paths', { path: { type: 'Exact', value: '/a' } }, { path: { type: 'Exact', value: '/b' } }],
    ['another kind of path', { path: { type: 'Exact', value: '/a' } }, { path: { type: 'Prefix', value: '/a' } }],
  ])('not with %s', (_, a, b) => {
    expect(tied(rule('a/0/0/h', a), rule('b/0/0/h', b))).toEqual([]);
  });

  it('not with another host name, and not within one route, whose order decides', () => {
    expect(tied(rule('a/0/0/h'), rule('b/0/0/h', {}, 'pay.example.com'))).toEqual([]);
    expect(tied(rule('a/0/0/h'), rule('a/1/0/h'))).toEqual([]);
  });

  it('are found once each, and of those that are asked for all', () => {
    const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 2 });
    fc.assert(
      fc.property(keys, fc.func(fc.boolean()), (routes, isAsked) => {
        const rules = routes.map((name) => rule(`${name}/0/0/h`));
        const all = findTies(rules).map((pair) => pair.map(({ key }) => key));
        expect(all).toHaveLength((routes.length * (routes.length - 1)) / 2);
        const asked = findTies(rules, ({ key }) => isAsked(key)).map((pair) => pair.map(({ key }) => key));
        expect(asked.map(String).sort()).toEqual(
          all
            .filter((pair) => pair.some((key) => isAsked(key)))
            .map(String)
            .sort(),
        );
      }),
    );
  });

  it('exactly where only age and name would tell them apart', () => {
    const text = fc.constantFrom('1', '2');
    const match = fc.record({
      path: fc.record({ type: fc.constantFrom('Exact', 'Prefix'), value: fc.constantFrom('/a', '/b') }),
      headers: fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y'), value: text }), {
        selector: (item) => item.name,
      }),
    });
    fc.assert(
      fc.property(match, match, (a, b) => {
        const [one, other] = [rule('a/0/0/h', a), rule('b/0/0/h', b)];
        if (tied(one, other).length === 0) return;
        const older = (first: typeof one, second: typeof one) =>
          comparePrecedence({ ...first, createdAt: '2025' }, { ...second, createdAt: '2026' });
        expect(older(one, other)).toBeLessThan(0);
        expect(older(other, one)).toBeLessThan(0);
      }),
    );
  });
});
