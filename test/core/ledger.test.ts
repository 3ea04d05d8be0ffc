import { describe, expect, test } from 'vitest';
import { brokenLink, sealed } from '../../functions/core/failover/ledger.ts';
import { hashOf } from '../../functions/core/model/chain.ts';
import type { Decision } from '../../schemas/decision.ts';

function decision(version: number): Omit<Decision, 'hash' | 'previousHash'> {
  return {
    id: `dec_${version}`,
    fleet: 'prod',
    version,
    decidedAt: '2026-08-01T00:00:00.000Z',
    automation: 'automatic',
    actor: 'automation',
    outcome: 'applied',
    changes: [],
    rules: [{ rule: 'quorum', passed: true, detail: '2 of 2 voters' }],
    flags: [],
    withdrawnBefore: [],
    withdrawnAfter: ['hangzhou-a'],
    inputsDigest: 'ab',
  };
}

function chain(length: number): Decision[] {
  const decisions: Decision[] = [];
  for (let version = 1; version <= length; version++)
    decisions.push(sealed(decision(version), decisions.at(-1)?.hash ?? ''));
  return decisions;
}

describe('the ledger of a fleet', () => {
  test('a chain that nobody touched holds, as a whole and in parts', () => {
    const decisions = chain(5);
    expect(brokenLink(decisions, undefined)).toBeUndefined();
    expect(brokenLink(decisions.slice(2), decisions[1])).toBeUndefined();
  });

  test('a decision that was altered is found, whatever was altered', () => {
    const [first, second, third] = chain(3) as [Decision, Decision, Decision];
    for (const altered of [
      { ...second, actor: 'somebody' },
      { ...second, rules: [] },
      { ...second, inputsDigest: 'cd' },
      { ...second, requestId: 'req_1' },
    ])
      expect(brokenLink([first, altered, third], undefined)).toEqual({ decision: 'dec_2', reason: 'altered' });
  });

  test('a decision that was altered and sealed anew breaks the link of the next', () => {
    const [first, second, third] = chain(3) as [Decision, Decision, Decision];
    const { hash: _, previousHash, ...rest } = second;
    const forged = sealed({ ...rest, actor: 'somebody' }, previousHash);
    expect(brokenLink([first, forged, third], undefined)).toEqual({ decision: 'dec_3', reason: 'unlinked' });
  });

  test('a decision that was removed, or put elsewhere, is missed', () => {
    const [first, second, third] = chain(3) as [Decision, Decision, Decision];
    expect(brokenLink([first, third], undefined)).toEqual({ decision: 'dec_3', reason: 'unlinked' });
    expect(brokenLink([second, third], undefined)).toEqual({ decision: 'dec_2', reason: 'unlinked' });
    const repeated = sealed(decision(1), first.hash);
    expect(brokenLink([first, repeated], undefined)).toEqual({ decision: 'dec_1', reason: 'misnumbered' });
  });

  test('the order of keys and absent members do not matter to the hash', () => {
    const [first] = chain(1) as [Decision];
    const { hash: _, ...rest } = first;
    const reordered = Object.fromEntries(Object.entries(rest).reverse()) as Omit<Decision, 'hash'>;
    expect(hashOf({ ...reordered, requestId: undefined })).toBe(first.hash);
  });
});
