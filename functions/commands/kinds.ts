import type { Split } from '../../schemas/distribution.ts';
import type { Kind, Resource, Specs } from '../core/model/resource.ts';
import { backendsOf } from '../core/routing/terms.ts';

/** A place in a resource that names another resource of the same fleet. */
export interface Reference {
  kind: Kind;
  name: string;
  /** The place of the name, as a JSON Pointer in fragment form. */
  pointer: string;
}

/** The properties of a kind of resource. */
export interface KindDescriptor<K extends Kind> {
  uidPrefix: string;
  /**
   * Returns all resources that the declaration names. The fleet is not among them, because it follows from the location
   * of the resource.
   */
  references(spec: Specs[K]): Reference[];
  /** The kinds that may name this one. */
  referredBy: readonly Kind[];
  /** Returns the names of the gateways that follow the resource, or undefined for every gateway of the fleet. */
  gateways(resource: Pick<Resource<K>, 'name' | 'spec'>): readonly string[] | undefined;
}

const none = () => [];
const everyGateway = () => undefined;

export const kinds: { [K in Kind]: KindDescriptor<K> } = {
  fleet: {
    uidPrefix: 'flt',
    references: fleetReferences,
    referredBy: ['cluster', 'gateway', 'service', 'distribution', 'route'],
    gateways: everyGateway,
  },
  cluster: {
    uidPrefix: 'cls',
    references: none,
    referredBy: ['service', 'distribution', 'route'],
    gateways: everyGateway,
  },
  gateway: { uidPrefix: 'gtw', references: none, referredBy: ['route'], gateways: ({ name }) => [name] },
  service: { uidPrefix: 'svc', references: serviceReferences, referredBy: ['route'], gateways: everyGateway },
  distribution: {
    uidPrefix: 'dst',
    references: ({ clusters }) => clusterReferences(clusters, '#/clusters'),
    referredBy: ['fleet', 'route'],
    gateways: everyGateway,
  },
  route: { uidPrefix: 'rte', references: routeReferences, referredBy: [], gateways: ({ spec }) => spec.gateways },
};

function fleetReferences({ defaultDistribution: name }: Specs['fleet']): Reference[] {
  return name === undefined ? [] : [{ kind: 'distribution', name, pointer: '#/defaultDistribution' }];
}

function serviceReferences(spec: Specs['service']): Reference[] {
  return spec.exports.map((item, index) => ({
    kind: 'cluster',
    name: item.cluster,
    pointer: `#/exports/${index}/cluster`,
  }));
}

function routeReferences(spec: Specs['route']): Reference[] {
  return [
    ...spec.gateways.map((name, index): Reference => ({ kind: 'gateway', name, pointer: `#/gateways/${index}` })),
    ...backendsOf(spec).map(
      ({ ref, pointer }): Reference => ({ kind: 'service', name: ref.service, pointer: `${pointer}/service` }),
    ),
    ...distributionReferences(spec),
  ];
}

function distributionReferences({ distribution }: Specs['route']): Reference[] {
  if (distribution === undefined) return [];
  if (distribution.strategy !== undefined) return clusterReferences(distribution.clusters, '#/distribution/clusters');
  return [{ kind: 'distribution', name: distribution.ref, pointer: '#/distribution/ref' }];
}

/**
 * Returns the clusters that a split names individually. Clusters that it selects by site or city are not references.
 */
function clusterReferences(members: Split['clusters'], pointer: string): Reference[] {
  return members.flatMap(({ cluster }, index): Reference[] =>
    cluster === undefined ? [] : [{ kind: 'cluster', name: cluster, pointer: `${pointer}/${index}/cluster` }],
  );
}

export function referencesOf<K extends Kind>(resource: Resource<K>): Reference[] {
  return kinds[resource.kind].references(resource.spec);
}
