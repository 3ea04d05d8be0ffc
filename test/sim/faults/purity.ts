/** That decisions are pure, and that gateways are given what is decided. */

import { exchanged, type Fault } from '../plant.ts';
import { PRODUCT } from '../product.ts';

const MINUTE_MS = 60_000;

export const PURITY_FAULTS: readonly Fault[] = [
  exchanged('purity', 'a decision depends on how often it was asked for', () => {
    let count = 0;
    return {
      decide: (input) => {
        count++;
        return PRODUCT.decide(count % 2 === 0 ? input : { ...input, nowMs: input.nowMs - MINUTE_MS });
      },
    };
  }),
  exchanged('purity', 'a decision writes into the state that it was given', () => ({
    decide: (input) => {
      const result = PRODUCT.decide(input);
      if (result) input.traffic.allocation = result.traffic.allocation;
      return result;
    },
  })),
  exchanged('shares', 'gateways are given points by the number of members', () => ({
    sharesOf: (placement, inForce) => {
      const shares = PRODUCT.sharesOf(placement, inForce);
      const serving = shares.filter(({ percent }) => percent > 0).length;
      let rest = 100 % Math.max(1, serving);
      return shares.map(({ cluster, percent }) => {
        if (percent === 0) return { cluster, percent };
        return { cluster, percent: Math.floor(100 / serving) + (rest-- > 0 ? 1 : 0) };
      });
    },
  })),
];
