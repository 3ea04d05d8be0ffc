import type { Json } from '../../functions/core/gateway/provider-object.ts';
import type { Memory } from '../../functions/providers/provider.ts';

/** A memory of providers that lasts as long as the test. */
export function createMemory(): Memory {
  const entries = new Map<string, Json>();
  return {
    recall: async () => new Map(entries),
    remember: async (added) => {
      for (const [name, value] of added) entries.set(name, value);
    },
  };
}
