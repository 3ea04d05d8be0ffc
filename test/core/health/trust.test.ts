import { describe, expect, it } from 'vitest';
import { type ProbedTarget, seemsBlind } from '../../../functions/core/health/trust.ts';

/** Targets of a fleet, each in a fault domain of its own; those with a bang have failed. */
function seen(fleet: string, domains: string): ProbedTarget[] {
  return domains.split(' ').map((name) => ({ fleet, faultDomain: name.replace('!', ''), failed: name.endsWith('!') }));
}

describe('a prober', () => {
  it('doubts itself when half of the targets of two fleets fail that have nothing in common', () => {
    expect(seemsBlind([...seen('x', 'a! b'), ...seen('y', 'c! d')])).toBe(true);
    expect(seemsBlind([...seen('x', 'a! b!'), ...seen('y', 'c d'), ...seen('z', 'e!')])).toBe(true);
  });

  it.each([
    ['one fleet fails altogether', [...seen('x', 'a! b!'), ...seen('y', 'c d')]],
    ['less than half of one fails', [...seen('x', 'a! b c'), ...seen('y', 'd! e')]],
    ['both have lost the same site', [...seen('x', 'a! b'), ...seen('y', 'a! c')]],
    ['nothing has been seen', []],
  ])('trusts itself when %s', (_, all) => {
    expect(seemsBlind(all)).toBe(false);
  });
});
