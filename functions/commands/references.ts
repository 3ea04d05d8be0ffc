import type { Issue } from '../../schemas/problem.ts';
import type { Kind, Resource, Specs } from '../core/model.ts';
import type { Settings } from '../deps.ts';
import { backendsOf, kinds } from './kinds.ts';
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
  const add = (resources: readonly Resource[]) => {
    for (const resource of resources) known.add(`${resource.kind}/${resource.name}`);
  };
  if (references.some((item) => item.kind === 'cluster')) add(await world.all('cluster'));
  if (references.some((item) => item.kind === 'gateway')) add(await world.all('gateway'));
  add(await world.services(references.filter((item) => item.kind === 'service').map((item) => item.name)));
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
  const services = await world.services(backends.map(({ ref }) => ref.service));
  return backends.flatMap(({ ref, pointer }) => {
    const service = services.find((item) => item.name === ref.service);
    if (!service || service.spec.ports.some((item) => item.port === ref.port)) return [];
    return [unknownReference(`${pointer}/port`, `service ${ref.service} has no port ${ref.port}`)];
  });
}

function unknownCredentials(spec: Specs[Kind], settings: Settings): Issue[] {
  if (!('credentials' in spec) || settings.credentials.includes(spec.credentials)) return [];
  return [unknownReference('#/credentials', `there is no credential set ${spec.credentials}`)];
}
