import type { Issue } from '../../schemas/problem.ts';
import type { RouteSpec } from '../../schemas/route.ts';
import { FEATURES, featuresOf } from '../core/features.ts';
import { providerOf, type Resource } from '../core/model.ts';
import { poolOf } from '../core/resolve.ts';
import { providerFor } from '../providers/registry.ts';
import { contested } from './contests.ts';
import { backendsOf } from './kinds.ts';
import { conflict, type Proposal } from './proposal.ts';
import type { World } from './world.ts';

type Services = readonly Resource<'service'>[];
type Clusters = readonly Resource<'cluster'>[];

/** Every gateway must be able to carry the route, every backend must have a cluster, and no other route may claim the same. */
export async function validateRoute(proposal: Proposal<'route'>, world: World): Promise<Issue[]> {
  const { spec } = proposal;
  const names = backendsOf(spec).map(({ ref }) => ref.service);
  const [gateways, services, clusters] = await Promise.all([
    world.all('gateway'),
    world.services(names),
    world.all('cluster'),
  ]);
  const issues = [
    ...withoutCluster(spec, services, clusters),
    ...misplacedPrefixes(spec),
    ...unsupported(spec, gateways),
  ];
  // How rules stand to each other is looked at once each of them can stand.
  return issues.length > 0 ? issues : await contested(proposal, world);
}

function withoutCluster(spec: RouteSpec, services: Services, clusters: Clusters): Issue[] {
  return strandedBackends(spec, services, clusters).map(({ ref, pointer }) => {
    const isExported = services.some((item) => item.name === ref.service && item.spec.exports.length > 0);
    return isExported
      ? conflict('#/distribution', `it names no cluster with a weight above 0 that exports service ${ref.service}`)
      : conflict(`${pointer}/service`, `no cluster exports service ${ref.service}`);
  });
}

/**
 * The backends of these services that lack their port or a cluster to serve them. A gateway does not take up anything while one of
 * its pools is empty, so that no such backend may be declared.
 */
export function strandedBackends(spec: RouteSpec, services: Services, clusters: Clusters) {
  return backendsOf(spec).filter(({ ref }) => {
    const service = services.find((item) => item.name === ref.service);
    if (service === undefined) return false;
    if (!service.spec.ports.some((port) => port.port === ref.port)) return true;
    return ref.weight > 0 && !poolOf({ spec }, ref, services, clusters).members.some((member) => member.weight > 0);
  });
}

/** A prefix can be replaced only where one has matched. */
function misplacedPrefixes(spec: RouteSpec): Issue[] {
  return spec.rules.flatMap((rule, ruleIndex) =>
    rule.filters.flatMap((filter, index) => {
      const replaces = 'path' in filter && filter.path?.type === 'ReplacePrefixMatch';
      if (!replaces || rule.matches.every((match) => match.path.type === 'Prefix')) return [];
      return [
        conflict(
          `#/rules/${ruleIndex}/filters/${index}/path`,
          'every match of the rule must be a Prefix to replace it',
        ),
      ];
    }),
  );
}

function unsupported(spec: RouteSpec, gateways: readonly Resource<'gateway'>[]): Issue[] {
  const uses = featuresOf(spec);
  return gateways
    .filter((gateway) => spec.gateways.includes(gateway.name))
    .flatMap((gateway) => {
      const provider = providerFor(providerOf(gateway.spec));
      const missing = uses.flatMap(({ feature, pointer }) => {
        const reason = provider.capabilities[feature];
        return reason === true ? [] : [{ pointer, detail: `${FEATURES[feature]}: ${reason}` }];
      });
      const found = missing.length > 0 ? missing : provider.check(spec);
      return found.map(({ pointer, detail }) => ({
        pointer,
        code: 'unsupported-feature',
        detail: `gateway ${gateway.name}: ${detail}`,
      }));
    });
}
