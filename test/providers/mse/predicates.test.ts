import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equal } from '../../../functions/core/model/digest.ts';
import type { Rule } from '../../../functions/core/model/ir.ts';
import type { Predicates } from '../../../functions/providers/mse/compile/canonical.ts';
import { type RouteOf, routesOf } from '../../../functions/providers/mse/compile/predicates.ts';
import { rule } from './harness.ts';

const matches = fc.record({
  path: fc.constantFrom(
    { type: 'Exact', value: '/a' },
    { type: 'Prefix', value: '/a' },
    { type: 'Prefix', value: '/' },
  ),
  method: fc.option(fc.constantFrom('GET', 'PUT'), { nil: undefined }),
  headers: fc.subarray([
    { name: 'x', value: '1' },
    { name: 'y', value: '1' },
  ]),
  queryParams: fc.subarray([{ name: 'q', value: '1' }]),
});

test('of routes that are under one path, those are left out that an earlier one covers, and no others', () => {
  fc.assert(
    fc.property(fc.array(matches, { maxLength: 12 }), (list) => {
      const rules: Rule[] = list.map((match, index) => ({ ...rule(match, {}), key: `r${index}/00/00/*` }));
      // Compiling one rule at a time leaves no route out.
      const every = rules.flatMap((item) => routesOf([item]));
      const kept: RouteOf[] = [];
      for (const route of every) {
        if (!kept.some((earlier) => isCovered(route, earlier))) kept.push(route);
      }
      expect(routesOf(rules)).toEqual(kept);
    }),
  );
});

function isCovered({ domain, predicates }: RouteOf, earlier: RouteOf): boolean {
  if (domain !== earlier.domain || !equal(predicates.PathPredicates, earlier.predicates.PathPredicates)) return false;
  const has = conditionsOf(predicates);
  return conditionsOf(earlier.predicates).every((condition) => has.some((other) => equal(condition, other)));
}

function conditionsOf({ HeaderPredicates, QueryPredicates, MethodPredicates }: Predicates): unknown[] {
  return [
    ...HeaderPredicates.map((item) => ['header', item]),
    ...QueryPredicates.map((item) => ['query', item]),
    ...MethodPredicates.map((item) => ['method', item]),
  ];
}
