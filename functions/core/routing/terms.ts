import type { BackendRef, RouteSpec } from '../../../schemas/route.ts';
import type { ServiceSpec } from '../../../schemas/service.ts';
import { backendRef } from './resolve.ts';

/** An index term by which routes are found without reading all of them. */
export interface Term {
  kind: 'gateway' | 'service' | 'hostname' | 'distribution';
  name: string;
}

/** The index term for routes that declare no host name and therefore match every host. */
export const ANY_HOST = '*';

/** The index term for routes that declare no distribution and therefore use the default one. */
export const DEFAULT_DISTRIBUTION = '*';

/** Returns the terms for the host names of a route. Rules of routes that share no such term never tie. */
export function hostTerms({ hostnames }: RouteSpec): Term[] {
  const names = hostnames.length > 0 ? hostnames : [ANY_HOST];
  return names.map((name) => ({ kind: 'hostname', name }));
}

/** Tells whether every host that `host` stands for, one or those of a wildcard, has the declared name, or falls under it. */
export function matchesHost(declared: string, host: string): boolean {
  if (declared === ANY_HOST || declared === host) return true;
  return declared.startsWith('*.') && host.endsWith(declared.slice(1));
}

/** Returns all index terms of a route, each once. */
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

/**
 * Returns every service port to which a route sends requests, including fallbacks and mirrors, with a JSON pointer into
 * the route.
 */
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

/** Returns the clusters whose ingress serves the service. The other exports declare endpoints of their own. */
export function ingressClustersOf({ exports }: ServiceSpec): string[] {
  return exports.filter(({ backend }) => backend.type === 'ingress').map(({ cluster }) => cluster);
}

export function exportingClustersOf({ exports }: ServiceSpec): string[] {
  return exports.map(({ cluster }) => cluster);
}
