import { afterEach, beforeEach, describe } from 'vitest';
import type { Store } from '../../functions/deps.ts';
import { budgetSuite } from './budgets.ts';
import { evidenceSuite } from './evidence.ts';
import type { Open, Opened } from './fixtures.ts';
import { historySuite } from './history.ts';
import { keyedRequestSuite } from './keyed-requests.ts';
import { lookupSuite } from './lookup.ts';
import { manifestWriteSuite } from './manifest-writes.ts';
import { memorySuite } from './memory.ts';
import { propagationSuite } from './propagation.ts';
import { resourceSuite } from './resources.ts';
import { sealSuite } from './seals.ts';
import { waitingSuite } from './waiting.ts';

/** Tests what every implementation of the Store port guarantees. `open` resolves with an empty store. */
export function storeConformance(name: string, open: Open): void {
  describe(`store: ${name}`, () => {
    let opened: Opened;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const store = (): Store => opened.store;
    resourceSuite(store);
    lookupSuite(store);
    historySuite(store);
    propagationSuite(store);
    waitingSuite(store);
    evidenceSuite(store);
    manifestWriteSuite(store);
    memorySuite(store);
    budgetSuite(store);
    sealSuite(store);
    keyedRequestSuite(store);
  });
}
