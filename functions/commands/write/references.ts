import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { keyOf } from '../../core/model/declarations.ts';
import type { Resource, Specs } from '../../core/model/resource.ts';
import { byName } from '../../core/routing/resolve.ts';
import { backendsOf } from '../../core/routing/terms.ts';
import type { Settings, Store } from '../../deps.ts';
import { type Change, type ChangeSet, isOf } from '../change-set.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { noSuch, referrer, SHOWN_PLACES, unknownReference } from '../issues.ts';
import { kinds, type Reference, referencesOf } from '../kinds.ts';

/** Finds the places of a declaration that name something that would not exist. */
export async function unknownReferences({ resource }: Change, then: FleetReader, settings: Settings): Promise<Issue[]> {
  const references = referencesOf(resource);
  const known = new Set<string>();
  for (const [kind, pointers] of Map.groupBy(references, (item) => item.kind)) {
    const found = await then.find(
      kind,
      pointers.map((item) => item.name),
    );
    for (const item of found) known.add(keyOf(item));
  }
  return [
    ...references.filter((item) => !known.has(keyOf(item))).map((item) => noSuch(item.pointer, item.kind, item.name)),
    ...(await unknownPorts(resource.spec, then)),
    ...unknownCredentials(resource.spec, settings),
  ];
}

async function unknownPorts(spec: Resource['spec'], then: FleetReader): Promise<Issue[]> {
  if (!('rules' in spec)) return [];
  const backends = backendsOf(spec);
  const names = backends.map(({ ref }) => ref.service);
  const services = byName(await then.find('service', names));
  return backends.flatMap(({ ref, pointer }) => {
    const service = services.get(ref.service);
    if (!service || service.spec.ports.some((item) => item.port === ref.port)) return [];
    return [unknownReference(`${pointer}/port`, say('NoPort', ref))];
  });
}

function unknownCredentials(spec: Specs[keyof Specs], settings: Settings): Issue[] {
  if (!('credentials' in spec) || settings.credentials.includes(spec.credentials)) return [];
  return [unknownReference('#/credentials', say('NoCredentials', { name: spec.credentials }))];
}

/**
 * Finds up to 100 places in unchanged resources that refer to deleted ones. Every resource of a fleet refers to the
 * fleet.
 */
export async function danglingReferences({ changes, then, pointers }: ChangeSet): Promise<Issue[]> {
  const gone = changes.filter(({ verb, resource, referenceCount }) => {
    // A fleet that was created together with its default distribution is not included in the count of that
    // distribution.
    return verb === 'delete' && (referenceCount !== 0 || resource.kind === 'distribution');
  });
  const names = new Set(gone.map(({ resource }) => keyOf(resource)));
  const changed = new Set(changes.map(({ resource }) => keyOf(resource)));
  const found = new Map<string, Issue>();
  for await (const resources of candidates(gone, then)) {
    for (const resource of resources.filter((item) => !changed.has(keyOf(item)))) {
      const pointer = pointers?.get(keyOf(resource));
      for (const reference of placesIn(resource, names)) {
        const issue = pointer === undefined ? stillReferenced(resource, reference) : unknownIn(pointer, reference);
        found.set(`${issue.pointer} ${reference.name}`, issue);
      }
    }
    if (found.size >= SHOWN_PLACES) break;
  }
  return [...found.values()].slice(0, SHOWN_PLACES);
}

/**
 * Yields the resources that may refer to deleted ones. Routes can be looked up by what they name, except for clusters;
 * for these all resources are read, since clusters are rarely deleted.
 */
async function* candidates(gone: readonly Change[], then: FleetReader): AsyncGenerator<Resource[]> {
  const scanned = new Set<keyof Specs>();
  for (const { resource } of gone) {
    const { kind, name } = resource;
    if (kind === 'gateway' || kind === 'service') yield await then.routesUnder({ kind, name }, SHOWN_PLACES);
    else if (kind === 'distribution') yield* usersOf(name, then);
    else for (const referring of kinds[kind].referredBy) scanned.add(referring);
  }
  for (const kind of scanned) yield* then.pages(kind);
}

/** Yields the fleet, which may name the distribution as its default, and the routes that use it. */
async function* usersOf(name: string, then: FleetReader): AsyncGenerator<Resource[]> {
  yield await then.find('fleet', [then.fleet]);
  yield await then.routesUnder({ kind: 'distribution', name }, SHOWN_PLACES);
}

function placesIn(resource: Resource, names: ReadonlySet<string>): Reference[] {
  const { fleet } = resource;
  const home: Reference = { kind: 'fleet', name: fleet, pointer: '' };
  return [home, ...referencesOf(resource)].filter((reference) => names.has(keyOf(reference)));
}

function stillReferenced(resource: Resource, { kind, name, pointer }: Reference): Issue {
  return referrer(resource, pointer, `${kind} ${name}`);
}

function unknownIn(base: string, { kind, name, pointer }: Reference): Issue {
  return noSuch(base + pointer.slice(1), kind, name);
}

/**
 * Finds a gateway that must not be deleted because it has yet to follow the last changes. If it were forgotten now, it
 * would keep deleted objects.
 */
export async function unfinishedPush(store: Store, { resource }: Change, { changes }: ChangeSet): Promise<Issue[]> {
  const { fleet, name, spec } = resource;
  if (!('policy' in spec) || spec.policy === 'observe-only') return [];
  const [sync, rows] = await Promise.all([store.sync(fleet, name), store.outbox({ fleet, gateway: name }, 1)]);
  const losesRoutes = changes.filter(isOf('route')).some(({ before }) => before?.spec.gateways.includes(name));
  return sync?.verifiedAt !== undefined && (losesRoutes || rows.length > 0) ? [UNFINISHED] : [];
}

const UNFINISHED: Issue = issueAt('#/policy', 'still-referenced', say('StillPushing'));
