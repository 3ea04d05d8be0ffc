import { NO_BASELINE } from '../core/gateway/drift.ts';
import { NO_POINTS } from '../core/gateway/reading.ts';
import { LeaseLost, type Store } from '../deps.ts';
import { check, PRESENT, put, remove } from './items.ts';
import {
  allPiecesOf,
  baselineKey,
  type Pieced,
  pieceKey,
  piecesOf,
  poolKey,
  poolsOf,
  resourceKey,
  syncKey,
  syncsOf,
} from './keys.ts';
import { fence, writeFenced } from './leases.ts';
import { type PiecedRecord, readPieces, writePieces } from './pieces.ts';
import { itemOf, recordOf } from './record-type.ts';
import { baselineRecord, pointsRecord, poolRecord, readingRecord, syncRecord } from './records/gateways.ts';
import type { Table } from './table.ts';

type Gateways = Pick<
  Store,
  | 'sync'
  | 'putSync'
  | 'syncs'
  | 'pools'
  | 'putPools'
  | 'baseline'
  | 'putBaseline'
  | 'reading'
  | 'readings'
  | 'points'
  | 'putReading'
>;

/** Stores the records that the reconciler keeps of each gateway. */
export function gatewayStore(table: Table): Gateways {
  return {
    sync: async (fleet, gateway) => {
      const item = await table.get(syncKey(fleet, gateway));
      return item && recordOf(item, syncRecord);
    },
    // Nothing is written when the gateway has been deleted meanwhile, or its successor would count as verified.
    putSync: async (record, lease) => {
      const { fleet, gateway } = record;
      const outcome = await table.transact([
        check(gatewayKey(fleet, gateway), PRESENT),
        fence(lease),
        put(itemOf(syncRecord, syncKey(fleet, gateway), record)),
      ]);
      if (!outcome.ok) throw new LeaseLost(lease.name);
    },
    syncs: async (fleet) => {
      const items = await table.query(syncsOf(fleet));
      return items.map((item) => recordOf(item, syncRecord));
    },
    pools: async (fleet, gateway) => {
      const items = await table.query(poolsOf(fleet, gateway));
      return items.map((item) => recordOf(item, poolRecord));
    },
    // Each pool is one item, and only items that differ are written. Puts go first, because a stale pool does less harm
    // than a missing one.
    putPools: async (fleet, gateway, pools, lease) => {
      const before = new Map((await table.query(poolsOf(fleet, gateway))).map((item) => [item.sk, item]));
      const after = new Map(
        pools.map((pool) => [pool.key, itemOf(poolRecord, poolKey(fleet, gateway, pool.key), pool)]),
      );
      const changed = [...after.values()].filter((item) => item['body'] !== before.get(item.sk)?.['body']);
      const removed = [...before.values()].filter((item) => !after.has(item.sk));
      const writes = [...changed.map((item) => put(item)), ...removed.map(({ pk, sk }) => remove({ pk, sk }))];
      await writeFenced(table, writes, lease);
    },
    baseline: async (fleet, gateway) => {
      const [baseline] = await readPieces(table, piecesOf('BASELINE', fleet, gateway), baselineRecord);
      if (baseline) return baseline;
      const older = await table.get(baselineKey(fleet, gateway));
      return older ? recordOf(older, baselineRecord) : NO_BASELINE;
    },
    putBaseline: async (fleet, gateway, baseline, lease) =>
      await writePieces(table, baselineRecord, pieced('BASELINE', fleet, gateway), baseline, lease),
    reading: async (fleet, gateway) => (await readPieces(table, piecesOf('READING', fleet, gateway), readingRecord))[0],
    readings: async (fleet) => await readPieces(table, allPiecesOf('READING', fleet), readingRecord),
    points: async (fleet, gateway) =>
      (await readPieces(table, piecesOf('POINTS', fleet, gateway), pointsRecord))[0] ?? NO_POINTS,
    // The points go first, so that a reading never states a time at which the points were still others.
    putReading: async (reading, points, lease) => {
      const { fleet, gateway } = reading;
      if (points) await writePieces(table, pointsRecord, pieced('POINTS', fleet, gateway), points, lease);
      await writePieces(table, readingRecord, pieced('READING', fleet, gateway), reading, lease);
    },
  };
}

const gatewayKey = (fleet: string, name: string) => resourceKey({ kind: 'gateway', fleet, name });

function pieced(what: Pieced, fleet: string, gateway: string): PiecedRecord {
  return { pieceKey: (piece) => pieceKey(what, fleet, gateway, piece), owner: gatewayKey(fleet, gateway) };
}
