/** The filters and orders of the list of each kind of resource. */

import type { ClusterQuery } from '../../../schemas/cluster.ts';
import type { DistributionQuery } from '../../../schemas/distribution.ts';
import type { FleetQuery } from '../../../schemas/fleet.ts';
import type { GatewayQuery } from '../../../schemas/gateway.ts';
import { type LabelRequirement, satisfies } from '../../../schemas/label-selector.ts';
import type { RouteQuery } from '../../../schemas/route.ts';
import type { ServiceQuery } from '../../../schemas/service.ts';
import { type Kind, providerOf, type Resource } from '../../core/model/resource.ts';
import { exportingClustersOf, hostTerms, isUnder, matchesHost } from '../../core/routing/terms.ts';
import type { Selection } from '../../deps.ts';
import { referencesOf } from '../kinds.ts';
import { type ListOf, selectionOf } from '../selection.ts';
import type { Views } from './views.ts';

/** The queries of the lists by kind. */
export interface Queries {
  fleet: FleetQuery;
  cluster: ClusterQuery;
  gateway: GatewayQuery;
  service: ServiceQuery;
  distribution: DistributionQuery;
  route: RouteQuery;
}

/** The filters that look at what is observed, and therefore at resources as they are shown. */
interface ObservedOf {
  fleet: never;
  cluster: 'health' | 'standing';
  gateway: 'state';
  service: never;
  distribution: never;
  route: never;
}

const labels = {
  labelSelector: ({ spec }: Resource, selector: readonly LabelRequirement[]) => satisfies(spec.labels, selector),
};

const fields = { createdAt: ({ createdAt }: Resource) => createdAt };

type Observed<K extends Kind> = ObservedOf[K] & keyof Queries[K];

const lists: { [K in Kind]: ListOf<Resource<K>, Queries[K], Observed<K>, Views[K]> } = {
  fleet: { fields, filters: { ...labels, automation: ({ spec }, asked) => spec.automation === asked } },
  cluster: {
    fields,
    filters: {
      ...labels,
      city: ({ spec }, asked) => spec.city === asked,
      site: ({ spec }, asked) => spec.site === asked,
    },
    shown: {
      health: ({ health }, asked) => health.state === asked,
      standing: ({ standing }, asked) => standing.state === asked,
    },
  },
  gateway: {
    fields,
    filters: { ...labels, provider: ({ spec }, asked) => providerOf(spec) === asked },
    shown: { state: ({ sync }, asked) => sync.state === asked },
  },
  service: {
    fields,
    filters: { ...labels, cluster: ({ spec }, asked) => exportingClustersOf(spec).includes(asked) },
  },
  distribution: {
    fields,
    filters: {
      ...labels,
      strategy: ({ spec }, asked) => spec.strategy === asked,
      cluster: (resource, asked) => referencesOf(resource).some(({ name }) => name === asked),
    },
  },
  route: {
    fields,
    filters: {
      ...labels,
      gateway: ({ spec }, name) => isUnder(spec, { kind: 'gateway', name }),
      service: ({ spec }, name) => isUnder(spec, { kind: 'service', name }),
      distribution: ({ spec }, name) => isUnder(spec, { kind: 'distribution', name }),
      host: ({ spec }, host) => hostTerms(spec).some(({ name }) => matchesHost(name, host)),
    },
  },
};

/** Returns the selection of the resources of a kind that somebody asks for. `show` returns resources as they are shown. */
export function resourcesFor<K extends Kind>(
  kind: K,
  query: Queries[K],
  show: (resources: readonly Resource<K>[]) => Promise<Views[K][]>,
): Selection<Resource<K>> {
  return selectionOf<Resource<K>, Queries[K], Observed<K>, Views[K]>(lists[kind], query, show);
}
