import type { Issue } from '../../schemas/problem.ts';
import type { RouteSpec } from '../../schemas/route.ts';
import { FEATURES, featuresOf } from '../core/features.ts';
import { backendsOf } from '../core/lookup.ts';
import { providerOf, type Resource } from '../core/model.ts';
import { type Named, poolOf } from '../core/resolve.ts';
import { providerFor } from '../providers/registry.ts';
import { contested } from './contests.ts';
import { conflict, type Proposal } from './proposal.ts';
import type { World } from './world.ts';

/** Every gateway must be able to carry the route, every backend must have a cluster, and no other route may claim the same. */
export async function validateRoute(proposal: Proposal<'route'>, world: World): Promise<Issue[]> {
  const { spec } = proposal;
  const [gateways, named] = await Promise.all([
    world.find('gateway', spec.gateways),
    world.named(backendsOf(spec).map(({ ref }) => ref.service)),
  ]);
  const issues = [...withoutCluster(spec, named), ...misplacedPrefixes(spec), ...unsupported(spec, gateways)];
  // How rules stand to each other is looked at once each of them can stand.
  return issues.length > 0 ? issues : await contested(proposal, gateways, world);
}

function withoutCluster(spec: RouteSpec, named: Named): Issue[] {
  return strandedBackends(spec, named).map(({ ref, pointer }) => {
    const exports = named.services.get(ref.service)?.spec.exports ?? [];
    return exports.length > 0
      ? conflict('#/distribution', `it names no cluster with a weight above 0 that exports service ${ref.service}`)
      : conflict(`${pointer}/service`, `no cluster exports service ${ref.service}`);
  });
}

/**
 * The backends of these services that lack their port or a cluster to serve them. A gateway does not take up anything while one of
 * its pools is empty, so that no such backend may be declared.
 */
export function strandedBackends(spec: RouteSpec, named: Named) {
  return backendsOf(spec).filter(({ ref }) => {
    const service = named.services.get(ref.service);
    if (service === undefined) return false;
    if (!service.spec.ports.some((port) => port.port === ref.port)) return true;
    return ref.weight > 0 && !poolOf({ spec }, ref, named).members.some((member) => member.weight > 0);
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
  return gateways.flatMap((gateway) => {
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
