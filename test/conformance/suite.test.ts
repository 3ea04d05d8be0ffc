import { beforeAll, describe, expect, test } from 'vitest';
import { type Group, to } from './case.ts';
import { type Outcome, runConformance } from './suite.ts';

const serves = [{ rules: [{ backendRefs: to('old') }] }];

/** Cases that are each wrong in one way. */
const wrong: Group = {
  name: 'wrong',
  cases: [
    { name: 'right', routes: serves, requests: [{ expect: { from: 'old' } }] },
    { name: 'another server', routes: serves, requests: [{ expect: { from: 'shop' } }] },
    { name: 'refused and not said so', routes: [noRetry()], requests: [] },
    { name: 'said to be refused', routes: serves, requests: [], refusedOn: { alb: 'retry' } },
    { name: 'refused for another reason', routes: [noRetry()], requests: [], refusedOn: { alb: 'fallback' } },
    {
      name: 'another server while a cluster is withdrawn',
      routes: [{ rules: [{ backendRefs: to('shop') }] }],
      requests: [{ expect: { from: 'shop' } }],
      withdrawn: { clusters: ['a'], requests: [{ times: 4, expect: { from: 'shop-a' } }] },
    },
  ],
};

function noRetry() {
  return { rules: [{ backendRefs: to('old'), retry: { attempts: 1 } }] };
}

describe('a case that is wrong fails', () => {
  let outcomes: Outcome[];

  beforeAll(async () => {
    outcomes = await runConformance([wrong], ['alb']);
  });

  const faultsOf = (name: string) => outcomes.find((one) => one.case === name)?.faults.join('\n');

  test('and takes no other case with it', () => {
    expect(outcomes.filter(({ result }) => result !== 'fail').map((one) => one.case)).toEqual(['right']);
  });

  test.each([
    ['another server', 'GET /: answered by old-a, expected shop'],
    ['refused and not said so', 'route 0 is refused with 422'],
    ['said to be refused', 'it is accepted, and should be refused: retry'],
    ['refused for another reason', 'route 0 is refused with 422'],
    ['another server while a cluster is withdrawn', 'while a is withdrawn: GET /: answered by shop-b, expected shop-a'],
  ])('%s', (name, fault) => {
    expect(faultsOf(name)).toContain(fault);
  });
});
