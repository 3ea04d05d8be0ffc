import type { Kind, Ref, Resource } from '../core/model/resource.ts';
import { isUnder, termsOf } from '../core/routing/terms.ts';
import type { Commit, Store } from '../deps.ts';
import { type ItemWrite, put, remove } from './items.ts';
import {
  gatewayEntriesOf,
  gatewayEntryKey,
  type Key,
  lookupMarkKey,
  refOfGatewayEntry,
  resourceKey,
  resourcesOf,
  routeEntriesOf,
  routeEntryKey,
} from './keys.ts';
import { itemOf } from './record-type.ts';
import { entryRecord, resourceOf } from './records/resources.ts';
import type { Table } from './table.ts';

type Lookup = Pick<Store, 'find' | 'routesUnder' | 'gatewaysAt'>;

/** The number of resources per read. */
const PAGE = 200;

/**
 * Finds resources without reading all of their kind. There is an entry for each term of a route, and for the instance
 * of a gateway. It is written and deleted in the transaction of the resource, so none is missing. The resource itself
 * is checked again when it is read, so an entry too many does no harm.
 */
export function lookupStore(table: Table): Lookup {
  let complete: Promise<void> | undefined;
  const whole = async (): Promise<void> => {
    complete ??= complement(table);
    await complete.catch((error: unknown) => {
      complete = undefined;
      throw error;
    });
  };
  return {
    find: async (kind, fleet, names) =>
      await find(
        table,
        kind,
        [...names].map((name) => ({ kind, fleet, name })),
      ),
    routesUnder: async (fleet, term, limit = Number.POSITIVE_INFINITY) => {
      await whole();
      const entries = await table.query(routeEntriesOf(fleet, term));
      const refs = entries.map(({ sk }): Ref => ({ kind: 'route', fleet, name: sk }));
      const routes: Resource<'route'>[] = [];
      for (let start = 0; start < refs.length && routes.length < limit; start += PAGE) {
        const found = await find(table, 'route', refs.slice(start, start + PAGE));
        routes.push(...found.filter((route) => isUnder(route.spec, term)));
      }
      return routes.slice(0, limit);
    },
    gatewaysAt: async (target) => {
      await whole();
      const range = gatewayEntriesOf(target);
      const found = await find(table, 'gateway', (await table.query(range)).map(refOfGatewayEntry));
      return found.filter(({ spec }) => spec.target !== undefined && gatewayEntriesOf(spec.target).pk === range.pk);
    },
  };
}

/** Returns those of the resources that exist, sorted by key. */
async function find<K extends Kind>(table: Table, kind: K, refs: readonly Ref[]): Promise<Resource<K>[]> {
  const items = await table.getAll(refs.map(resourceKey));
  return items.map((item) => resourceOf(kind, item)).sort((a, b) => compareKeys(resourceKey(a), resourceKey(b)));
}

function compareKeys(a: Key, b: Key): number {
  const [left, right] = [`${a.pk} ${a.sk}`, `${b.pk} ${b.sk}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Returns the writes by which a commit adds and removes entries, one for each entry. */
export function entryWrites({ resource, verb, before }: Commit): ItemWrite[] {
  const then = new Map(entriesOf(verb === 'delete' ? resource : before));
  const now = new Map(entriesOf(verb === 'delete' ? undefined : resource));
  return [
    ...[...now].filter(([id]) => !then.has(id)).map(([, key]) => put(itemOf(entryRecord, key, {}))),
    ...[...then].filter(([id]) => !now.has(id)).map(([, key]) => remove(key)),
  ];
}

function entriesOf(resource: Resource | undefined): [string, Key][] {
  return (resource ? keysOf(resource) : []).map((key) => [`${key.pk} ${key.sk}`, key]);
}

function keysOf(resource: Resource): Key[] {
  if (isOf(resource, 'route')) {
    return termsOf(resource.spec).map((term) => routeEntryKey(resource.fleet, term, resource.name));
  }
  if (!isOf(resource, 'gateway') || resource.spec.target === undefined) return [];
  return [gatewayEntryKey(resource.spec.target, resource)];
}

function isOf<K extends Kind>(resource: Resource, kind: K): resource is Resource<K> {
  return resource.kind === kind;
}

/**
 * Creates the entries of resources that were written before there were entries. This happens once for a table, at the
 * first lookup. It may be interrupted and repeated; resources that are written meanwhile create their own entries.
 */
async function complement(table: Table): Promise<void> {
  if (await table.get(lookupMarkKey)) return;
  const fleets = await table.query(resourcesOf('fleet', ''));
  for (const { name } of fleets.map((item) => resourceOf('fleet', item))) {
    await complementKind(table, 'gateway', name);
    await complementKind(table, 'route', name);
  }
  await table.writeAll([itemOf(entryRecord, lookupMarkKey, {})], []);
}

async function complementKind(table: Table, kind: 'gateway' | 'route', fleet: string): Promise<void> {
  let after: string | undefined;
  do {
    const items = await table.query(resourcesOf(kind, fleet), { limit: PAGE, ...(after !== undefined && { after }) });
    const keys = items.flatMap((item) => keysOf(resourceOf(kind, item)));
    await table.writeAll(
      keys.map((key) => itemOf(entryRecord, key, {})),
      [],
    );
    after = items.length < PAGE ? undefined : items.at(-1)?.sk;
  } while (after !== undefined);
}
