/**
 * The traffic state of a fleet. It is one item, with parts beside it where thousands of backends have points of their
 * own.
 */

import type { SealedAllocation, SealedBackend } from '../core/allocation/sealed.ts';
import { NO_TRAFFIC, type Traffic } from '../core/failover/traffic.ts';
import type { Recording } from '../deps.ts';
import type { Item } from './items.ts';
import { allocationKey, allocationOf, allocationsBefore, trafficKey } from './keys.ts';
import { outage } from './outage.ts';
import { split } from './pieces.ts';
import { itemOf, recordOf } from './record-type.ts';
import { trafficRecord } from './records/traffic.ts';
import type { Table } from './table.ts';

/**
 * The most characters of backends that are kept in the item itself. With the states of a thousand clusters the item
 * stays below 400 KB.
 */
const OWN_CHARACTERS = 60_000;

/** The most reads of a state, because another decision may come between the reads of the item and of its parts. */
const MAX_READS = 5;

type Backends = Record<'allocation' | 'recommended', SealedBackend[]>;

/** Returns the present traffic state of a fleet. A fleet without a decision has `NO_TRAFFIC`. */
export async function readTraffic(table: Table, fleet: string): Promise<Traffic> {
  for (let read = 1; read <= MAX_READS; read++) {
    const item = await table.get(trafficKey(fleet));
    if (item === undefined) return NO_TRAFFIC;
    const traffic = recordOf(item, trafficRecord);
    if (item['parts'] === undefined) return traffic;
    const parts = await table.query(allocationOf(fleet, traffic.version, String(item['partsOf'])));
    if (parts.length === item['parts']) return withBackends(traffic, parts);
  }
  throw outage('contended', 'TransactionConflict');
}

function withBackends(traffic: Traffic, parts: readonly Item[]): Traffic {
  const backends = JSON.parse(parts.map(({ body }) => String(body)).join('')) as Backends;
  const filled = (allocation: SealedAllocation, name: keyof Backends) => ({ ...allocation, backends: backends[name] });
  return {
    ...traffic,
    allocation: filled(traffic.allocation, 'allocation'),
    ...(traffic.recommended && { recommended: filled(traffic.recommended, 'recommended') }),
  };
}

/**
 * Returns the item of a state that is about to be decided. Parts that do not fit into it are written before it; nobody
 * reads them until the item refers to them.
 */
export async function writeBackends(
  table: Table,
  { fleet, traffic, decision }: Recording,
): Promise<{ item: Item; version: number }> {
  const { version, allocation, recommended } = traffic;
  const backends: Backends = { allocation: allocation.backends, recommended: recommended?.backends ?? [] };
  const text = JSON.stringify(backends);
  if (text.length <= OWN_CHARACTERS) {
    return { item: itemOf(trafficRecord, trafficKey(fleet), traffic, { version }), version };
  }
  const bodies = split(text);
  const parts = bodies.map((body, part) => ({ ...allocationKey(fleet, version, decision.id, part), body }));
  // Nobody reads a state that is older than the one that this decision replaces.
  const old = await table.query(allocationsBefore(fleet, version - 1));
  await table.writeAll(
    parts,
    old.map(({ pk, sk }) => ({ pk, sk })),
  );
  const rest = {
    ...traffic,
    allocation: { ...allocation, backends: [] },
    ...(recommended && { recommended: { ...recommended, backends: [] } }),
  };
  const attributes = { version, parts: bodies.length, partsOf: decision.id };
  return { item: itemOf(trafficRecord, trafficKey(fleet), rest, attributes), version };
}
