import { instanceOf, type Kind, type Resource } from '../core/model/resource.ts';
import { compareText } from '../core/model/text.ts';
import { byName } from '../core/routing/resolve.ts';
import { type Term, termsOf } from '../core/routing/terms.ts';
import type { Store } from '../deps.ts';

/** All resources of a kind in a fleet. */
interface Whole<K extends Kind> {
  all: Resource<K>[];
  byName: Map<string, Resource<K>>;
  under(term: Term): Resource<'route'>[];
}

/**
 * Wraps the store for one request: each declaration is read at most once, when it is first needed. Once all resources
 * of a kind have been read, nothing of this kind is read again.
 */
export function readOnce(store: Store): Store {
  const wholes = memo<Whole<Kind>>();
  const resources = memo<Resource | undefined>();
  const searches = memo<Resource[]>();
  const wholeOf = <K extends Kind>(kind: K, fleet: string) =>
    wholes.get([kind, fleet]) as Promise<Whole<K>> | undefined;
  const all: Store['all'] = async <K extends Kind>(kind: K, fleet: string) => {
    const read = async () => wholeFrom(await store.all(kind, fleet));
    return (await wholes.once([kind, fleet], read)).all as Resource<K>[];
  };
  return {
    ...store,
    all,
    get: async <K extends Kind>(kind: K, fleet: string, name: string) => {
      const whole = wholeOf(kind, fleet);
      if (whole) return (await whole).byName.get(name);
      const found = await resources.once([kind, fleet, name], () => store.get(kind, fleet, name));
      return found as Resource<K> | undefined;
    },
    find: async <K extends Kind>(kind: K, fleet: string, names: Iterable<string>) => {
      const wanted = [...new Set(names)].sort(compareText);
      const whole = wholeOf(kind, fleet);
      if (whole) {
        const known = (await whole).byName;
        return wanted.flatMap((name) => known.get(name) ?? []);
      }
      const unknown = wanted.filter((name) => resources.get([kind, fleet, name]) === undefined);
      const reading = unknown.length > 0 ? store.find(kind, fleet, unknown).then(byName) : undefined;
      const read = async (name: string) => (await reading)?.get(name);
      const found = await Promise.all(wanted.map((name) => resources.once([kind, fleet, name], () => read(name))));
      return found.filter((item): item is Resource<K> => item !== undefined);
    },
    // A page with a token comes from the same source as the page that returned the token.
    list: async (kind, fleet, page, selection) =>
      page.token === undefined && selection === undefined && wholeOf(kind, fleet)
        ? { items: await all(kind, fleet) }
        : await store.list(kind, fleet, page, selection),
    routesUnder: async (fleet, term, limit) => {
      const whole = wholeOf('route', fleet);
      if (whole) return (await whole).under(term).slice(0, limit);
      const search = () => store.routesUnder(fleet, term, limit);
      return (await searches.once([fleet, term, limit ?? 0], search)) as Resource<'route'>[];
    },
    gatewaysAt: async (target) =>
      (await searches.once([instanceOf(target)], () => store.gatewaysAt(target))) as Resource<'gateway'>[],
  };
}

function wholeFrom(all: Resource[]): Whole<Kind> {
  let terms: ReadonlyMap<string, Resource<'route'>[]> | undefined;
  return {
    all,
    byName: byName(all),
    under: (term) => {
      terms ??= byTerm(all.filter(isRoute));
      return terms.get(termKey(term)) ?? [];
    },
  };
}

/** Groups routes by the terms that they are found under. */
export function byTerm(routes: readonly Resource<'route'>[]): ReadonlyMap<string, Resource<'route'>[]> {
  const found = new Map<string, Resource<'route'>[]>();
  for (const route of routes) {
    for (const key of termsOf(route.spec).map(termKey)) {
      const under = found.get(key);
      if (under) under.push(route);
      else found.set(key, [route]);
    }
  }
  return found;
}

export function termKey({ kind, name }: Term): string {
  return `${kind}/${name}`;
}

function isRoute(resource: Resource): resource is Resource<'route'> {
  return resource.kind === 'route';
}

/** Caches values, and loads under way, by the parts of a key. */
function memo<T>() {
  const known = new Map<string, Promise<T>>();
  const get = (key: readonly unknown[]) => known.get(JSON.stringify(key));
  return {
    get,
    once: (key: readonly unknown[], load: () => Promise<T>): Promise<T> => {
      const loading = get(key) ?? load();
      known.set(JSON.stringify(key), loading);
      return loading;
    },
  };
}
