import type { Heartbeat, Job, Store } from '../deps.ts';
import { ABSENT, type Item, update } from './items.ts';
import { allHeartbeats, heartbeatKey } from './keys.ts';
import { attributesOf, readableOf, versionOf } from './record-type.ts';
import { heartbeatRecord } from './records/coordination.ts';
import type { Table } from './table.ts';

type Heartbeats = Pick<Store, 'beat' | 'heartbeats'>;

/** Stores the times at which scheduled jobs last ended, in one item for each job. */
export function heartbeatStore(table: Table): Heartbeats {
  return {
    // The time never moves back, so it does not matter if the condition fails because a later one is stored already.
    beat: async (job, atMs) => {
      const change = 'SET #atMs = :atMs, #v = :v';
      const values = { atMs, v: versionOf(heartbeatRecord) };
      await table.transact([update(heartbeatKey(job), change, `${ABSENT} OR #atMs < :atMs`, values)]);
    },
    heartbeats: async () => {
      const items = await table.query(allHeartbeats());
      const read = (item: Item): Heartbeat => ({ job: item.sk as Job, ...attributesOf(item, heartbeatRecord) });
      return readableOf(items, read);
    },
  };
}
