import type { Issue } from '../../schemas/problem.ts';
import { backendsOf } from '../core/lookup.ts';
import type { Kind, Specs } from '../core/model.ts';
import { byName } from '../core/resolve.ts';
import type { Settings } from '../deps.ts';
import { kinds } from './kinds.ts';
import { type Proposal, unknownReference } from './proposal.ts';
import type { World } from './world.ts';

/** The places that name something that does not exist. */
export async function unknownReferences<K extends Kind>(
  { kind, spec }: Proposal<K>,
  world: World,
  settings: Settings,
): Promise<Issue[]> {
  const references = kinds[kind].references(spec);
  const known = new Set<string>();
  for (const [target, places] of Map.groupBy(references, (item) => item.kind)) {
    const found = await world.find(
      target,
      places.map((item) => item.name),
    );
    for (const { name } of found) known.add(`${target}/${name}`);
  }
  const unknown = references.filter((item) => !known.has(`${item.kind}/${item.name}`));
  return [
    ...unknown.map((item) => unknownReference(item.pointer, `there is no ${item.kind} ${item.name}`)),
    ...(await unknownPorts(spec, world)),
    ...unknownCredentials(spec, settings),
  ];
}

async function unknownPorts(spec: Specs[Kind], world: World): Promise<Issue[]> {
  if (!('rules' in spec)) return [];
  const backends = backendsOf(spec);
  const services = byName(
    await world.find(
      'service',
      backends.map(({ ref }) => ref.service),
    ),
  );
  return backends.flatMap(({ ref, pointer }) => {
    const service = services.get(ref.service);
    if (!service || service.spec.ports.some((item) => item.port === ref.port)) return [];
    return [unknownReference(`${pointer}/port`, `service ${ref.service} has no port ${ref.port}`)];
  });
}

function unknownCredentials(spec: Specs[Kind], settings: Settings): Issue[] {
  if (!('credentials' in spec) || settings.credentials.includes(spec.credentials)) return [];
  return [unknownReference('#/credentials', `there is no credential set ${spec.credentials}`)];
}
