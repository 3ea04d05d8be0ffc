import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { RouteSpec } from '../../../schemas/route.ts';
import { providerOf, type Resource } from '../../core/model/resource.ts';
import { FEATURES, featuresOf } from '../../core/routing/features.ts';
import { providerFor } from '../../providers/registry.ts';
import type { Change } from '../change-set.ts';
import type { Context } from '../context.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { conflict } from '../issues.ts';
import { findConflicts } from './conflicts.ts';
import { splitFaults } from './distribution.ts';

/** Finds faults of a route. Every gateway must support it, and no other route may claim the same requests. */
export async function validateRoute(
  change: Change<'route'>,
  then: FleetReader,
  { principal }: Context,
): Promise<Issue[]> {
  const { spec } = change.resource;
  const gateways = await then.find('gateway', spec.gateways);
  const issues = [
    ...misplacedPrefixes(spec),
    ...unsupported(spec, gateways),
    ...(spec.distribution?.strategy === undefined ? [] : await splitFaults(spec.distribution, '#/distribution', then)),
  ];
  // Conflicts between rules are only searched for once each rule is valid by itself.
  return issues.length > 0 ? issues : await findConflicts(change, gateways, then, principal);
}

/** Finds filters that replace a prefix in a rule with a match of another type. */
function misplacedPrefixes(spec: RouteSpec): Issue[] {
  return spec.rules.flatMap((rule, ruleIndex) =>
    rule.filters.flatMap((filter, index) => {
      const replaces = 'path' in filter && filter.path?.type === 'ReplacePrefixMatch';
      if (!replaces || rule.matches.every((match) => match.path.type === 'Prefix')) return [];
      return [conflict(`#/rules/${ruleIndex}/filters/${index}/path`, say('PrefixOnly'))];
    }),
  );
}

function unsupported(spec: RouteSpec, gateways: readonly Resource<'gateway'>[]): Issue[] {
  const uses = featuresOf(spec);
  return gateways.flatMap((gateway) => {
    const provider = providerFor(providerOf(gateway.spec));
    const missing = uses.flatMap(({ feature, pointer }) => {
      const reason = provider.capabilities[feature];
      return reason === true ? [] : [{ pointer, detail: `${FEATURES[feature]}: ${reason.text}` }];
    });
    const found = missing.length > 0 ? missing : provider.check(spec);
    return found.map(({ pointer, detail }) =>
      issueAt(pointer, 'unsupported-feature', say('AtGateway', { gateway: gateway.name, detail })),
    );
  });
}
