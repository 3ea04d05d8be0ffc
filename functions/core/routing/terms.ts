import type { BackendRef, RouteSpec } from '../../../schemas/route.ts';
import type { ServiceSpec } from '../../../schemas/service.ts';
import { backendRef } from './resolve.ts';

/** What routes are found by without reading all of them. */
export interface Term {
  kind: 'gateway' | 'service' | 'hostname' | 'distribution';
  name: string;
}

/** Stands for the host names of a route that has none, and takes every one. */
export const ANY_HOST = '*';

/** Stands for the distribution of routes that name none and have none of their own. */
export const DEFAULT_DISTRIBUTION = '*';

/** The host names that a route stands under. Rules of routes that share none never meet. */
export function hostTerms({ hostnames }: RouteSpec): Term[] {
  const names = hostnames.length > 0 ? hostnames : [ANY_HOST];
  return names.map((name) => ({ kind: 'hostname', name }));
}

/** Everything that a route is found by, each once. */
export function termsOf(spec: RouteSpec): Term[] {
  const services = new Set(backendsOf(spec).map(({ ref }) => ref.service));
  return [
    ...spec.gateways.map((name): Term => ({ kind: 'gateway', name })),
    ...[...services].map((name): Term => ({ kind: 'service', name })),
    ...hostTerms(spec),
    ...distributionTerms(spec),
  ];
}

function distributionTerms({ distribution = { ref: DEFAULT_DISTRIBUTION } }: RouteSpec): Term[] {
  return distribution.strategy === undefined ? [{ kind: 'distribution', name: distribution.ref }] : [];
}

export function isUnder(spec: RouteSpec, { kind, name }: Term): boolean {
  return termsOf(spec).some((term) => term.kind === kind && term.name === name);
}

/** Every service port that a route sends requests to, fallbacks and mirrors too, and where it stands. */
export function backendsOf(spec: RouteSpec): { ref: BackendRef; pointer: string }[] {
  return spec.rules.flatMap((rule, ruleIndex) => {
    const at = `#/rules/${ruleIndex}`;
    const mirrors = rule.filters.flatMap((filter, index) =>
      filter.type === 'RequestMirror' ? [{ ref: backendRef(filter), pointer: `${at}/filters/${index}` }] : [],
    );
    return [
      ...rule.backendRefs.map((ref, index) => ({ ref, pointer: `${at}/backendRefs/${index}` })),
      ...(rule.fallback ? [{ ref: backendRef(rule.fallback), pointer: `${at}/fallback` }] : []),
      ...mirrors,
    ];
  });
}

/** The clusters whose ingress serves a service. The rest of its exports bring their endpoints along. */
export function ingressClustersOf({ exports }: ServiceSpec): string[] {
  return exports.filter(({ backend }) => backend.type === 'ingress').map(({ cluster }) => cluster);
}

export function exportingClustersOf({ exports }: ServiceSpec): string[] {
  return exports.map(({ cluster }) => cluster);
}
