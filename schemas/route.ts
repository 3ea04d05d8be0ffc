import * as z from 'zod';
import { Condition, DisplayName, fleetMetadata, Labels, Name, Percent, Port, pageOf, Timestamp } from './common.ts';
import { RouteDistribution } from './distribution.ts';
import { RouteFilter } from './filter.ts';
import { type AskedOf, resourceQuery } from './list-query.ts';
import { DryRun } from './plan.ts';

const unique = (values: readonly string[]) => new Set(values).size === values.length;

export const Hostname = z
  .string()
  .min(3)
  .max(128)
  .regex(
    /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'must be a host name, or *. and a host name',
  )
  .meta({ examples: ['shop.example.com', '*.example.com'] });

/**
 * Tells whether RE2 and JavaScript read the regular expression alike: it has no look-around, no back-references, and no
 * named groups or flags.
 */
const portableRegex = (value: string): boolean => {
  if (/\(\?(?!:)|\\[1-9pPkuxcbBQEAzZGC]/.test(value)) return false;
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
};

const REGEX_FAULT =
  'must be a regular expression that every gateway reads alike: anchored by ^ and $, without look-around, back-references, flags or named groups';

const isAnchoredRegex = (value: string) => value.startsWith('^') && value.endsWith('$') && portableRegex(value);

export const PathMatch = z
  .strictObject({
    type: z.enum(['Exact', 'Prefix', 'RegularExpression']).meta({
      description: 'The type. Prefix compares path segments: /foo matches /foo and /foo/bar, but not /foobar.',
    }),
    value: z.string().min(1).max(120),
  })
  .superRefine((path, context) => {
    const fault = pathFault(path.type, path.value);
    if (fault !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: fault });
  })
  .meta({ id: 'PathMatch' });
export type PathMatch = z.infer<typeof PathMatch>;

function pathFault(type: string, value: string): string | undefined {
  if (type === 'RegularExpression') {
    return value.startsWith('^/') && isAnchoredRegex(value) ? undefined : `${REGEX_FAULT}, beginning with ^/`;
  }
  if (!value.startsWith('/')) return 'must start with /';
  if (!/^[!-~]+$/.test(value)) return 'must be printable ASCII without spaces (percent-encode the rest)';
  return /[*?]/.test(value) ? 'must not contain * or ?, which gateways read as wildcards' : undefined;
}

const literal = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[!-~]([ -~]*[!-~])?$/, 'must be printable ASCII')
    .refine((value) => !/[*?]/.test(value), 'must not contain * or ?, which gateways read as wildcards');

const printable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[!-~]([ -~]*[!-~])?$/, 'must be printable ASCII');

const TextMatchType = z.enum(['Exact', 'RegularExpression']).default('Exact');

/** Adds an issue unless the value is a literal without wildcards or a portable regular expression, as its type says. */
const checkText = (match: { type: string; value: string }, context: z.RefinementCtx): void => {
  const wildcard = match.type === 'Exact' && /[*?]/.test(match.value);
  const message = wildcard ? 'must not contain * or ?, which gateways read as wildcards' : REGEX_FAULT;
  const isValid = match.type === 'Exact' ? !wildcard : isAnchoredRegex(match.value);
  if (!isValid) context.addIssue({ code: 'custom', path: ['value'], message });
};

const HeaderName = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9_-]+$/, 'must be letters, digits, - or _');

export const HeaderMatch = z
  .strictObject({
    type: TextMatchType,
    name: HeaderName.refine(
      (name) => !['host', 'cookie'].includes(name.toLowerCase()),
      'must not be Host or Cookie: use hostnames and cookies',
    ),
    value: printable(128),
  })
  .superRefine(checkText)
  .meta({ id: 'HeaderMatch', description: 'A match of a header. The name is case-insensitive, and the value is not.' });

export const QueryParamMatch = z
  .strictObject({ type: TextMatchType, name: literal(100), value: printable(128) })
  .superRefine(checkText)
  .meta({ id: 'QueryParamMatch' });

export const CookieMatch = z
  .strictObject({ name: literal(100), value: literal(100) })
  .meta({ id: 'CookieMatch', description: 'A match of a cookie by equality.' });

export const Method = z.enum(['HEAD', 'GET', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE']);

export const RouteMatch = z
  .strictObject({
    path: PathMatch.prefault({ type: 'Prefix', value: '/' }),
    method: Method.optional(),
    headers: z
      .array(HeaderMatch)
      .max(8)
      .refine((headers) => unique(headers.map((header) => header.name.toLowerCase())), 'must not repeat a header')
      .default([]),
    queryParams: z
      .array(QueryParamMatch)
      .max(8)
      .refine((params) => unique(params.map((param) => param.name)), 'must not repeat a parameter')
      .default([]),
    cookies: z
      .array(CookieMatch)
      .max(8)
      .refine((cookies) => unique(cookies.map((cookie) => cookie.name)), 'must not repeat a cookie')
      .default([]),
  })
  .meta({ id: 'RouteMatch', description: 'A match of requests. All of its parts must match.' });
export type RouteMatch = z.output<typeof RouteMatch>;

export const RuleFallback = z
  .strictObject({ service: Name, port: Port })
  .meta({ id: 'RuleFallback', description: 'A service that serves when no endpoint of the backend is available.' });

export const RuleTimeouts = z.strictObject({ requestSeconds: z.int().min(1).max(3600) }).meta({
  id: 'RuleTimeouts',
  description: 'The time limits of a request. When the backend has not answered in time, the gateway answers with 504.',
});

export const RuleRetry = z
  .strictObject({
    attempts: z.int().min(1).max(10),
    statusCodes: z
      .array(z.int().min(500).max(599))
      .max(8)
      .default([])
      .meta({ description: 'The statuses that are retried, besides failed connections.' }),
  })
  .meta({ id: 'RuleRetry' });

export const BackendRef = z
  .strictObject({
    service: Name,
    port: Port,
    weight: Percent.default(1).meta({
      description: 'The weight, relative to the other backendRefs of the rule. A backend with weight 0 gets nothing.',
    }),
  })
  .meta({ id: 'BackendRef' });
export type BackendRef = z.output<typeof BackendRef>;

const terminal = (filter: { type: string }) => ['RequestRedirect', 'DirectResponse'].includes(filter.type);

export const RouteRule = z
  .strictObject({
    matches: z
      .array(RouteMatch)
      .min(1)
      .max(16)
      .prefault([{}])
      .meta({ description: 'The matches of the rule. At least one of them must match.' }),
    filters: z
      .array(RouteFilter)
      .max(8)
      .refine((filters) => unique(filters.map((filter) => filter.type)), 'must not repeat a type of filter')
      .default([]),
    backendRefs: z
      .array(BackendRef)
      .max(5)
      .refine((refs) => unique(refs.map((ref) => `${ref.service}:${ref.port}`)), 'must not repeat a service and port')
      .default([])
      .meta({
        description:
          'The backends. They may be empty only with a RequestRedirect or a DirectResponse, which answer by themselves.',
      }),
    fallback: RuleFallback.optional(),
    timeouts: RuleTimeouts.optional(),
    retry: RuleRetry.optional(),
    peakRequestsPerSecond: z.int().min(1).max(100_000_000).optional().meta({
      description:
        'The highest expected rate at all gateways of the route together. Failovers use it to keep clusters within their capacity.',
    }),
  })
  .superRefine((rule, context) => {
    const isAnswered = rule.filters.some(terminal);
    const serves = rule.backendRefs.some((ref) => ref.weight > 0);
    if (isAnswered && rule.backendRefs.length > 0) {
      context.addIssue({ code: 'custom', path: ['backendRefs'], message: 'must be empty: a filter answers by itself' });
    }
    if (!isAnswered && !serves) {
      context.addIssue({ code: 'custom', path: ['backendRefs'], message: 'must have a backend with a weight above 0' });
    }
    if (rule.filters.filter(terminal).length > 1) {
      context.addIssue({
        code: 'custom',
        path: ['filters'],
        message: 'must have one filter at most that answers by itself',
      });
    }
  })
  .meta({ id: 'RouteRule' });
export type RouteRule = z.output<typeof RouteRule>;

export const RouteInput = z
  .strictObject({
    displayName: DisplayName.optional(),
    labels: Labels.default({}),
    gateways: z.array(Name).min(1).max(20).refine(unique, 'must not repeat a gateway'),
    hostnames: z
      .array(Hostname)
      .max(16)
      .refine(unique, 'must not repeat a hostname')
      .default([])
      .meta({ description: 'The host names of the route. When empty, every host name matches.' }),
    rules: z.array(RouteRule).min(1).max(16),
    distribution: RouteDistribution.optional().meta({
      description:
        'The distribution. When absent, the `defaultDistribution` of the fleet applies. When the fleet names none, every cluster that ' +
        'exports the service gets a share by its replicas.',
    }),
  })
  .meta({
    id: 'RouteInput',
    description: 'The requests that gateways accept, and the services that answer them in clusters.',
  });
export type RouteSpec = z.output<typeof RouteInput>;

export const ClusterShare = z
  .object({
    cluster: Name,
    declaredPercent: Percent,
    effectivePercent: Percent,
    reason: z
      .string()
      .meta({ description: 'The reason for the share of the cluster: a code in CamelCase, for machines.' }),
    message: z.string().meta({ description: 'The reason in a sentence for people.' }),
  })
  .meta({ id: 'ClusterShare' });
export type ClusterShare = z.infer<typeof ClusterShare>;

export const BackendShares = z
  .object({ service: Name, port: Port, clusters: z.array(ClusterShare) })
  .meta({ id: 'BackendShares' });
export type BackendShares = z.infer<typeof BackendShares>;

export const ServedShare = z
  .object({
    cluster: Name,
    wantedPercent: Percent.meta({
      description: 'The share that the gateway is to give the cluster. Some gateways only approximate a share.',
    }),
    verifiedPercent: Percent.optional().meta({
      description: 'The share that the cluster had when the gateway was last read; absent when it cannot be told.',
    }),
  })
  .meta({ id: 'ServedShare' });

export const ServedBackend = z
  .object({ service: Name, port: Port, clusters: z.array(ServedShare) })
  .meta({ id: 'ServedBackend' });
export type ServedBackend = z.infer<typeof ServedBackend>;

export const RouteParent = z
  .object({
    gateway: Name,
    conditions: z.array(Condition),
    readAt: Timestamp.optional().meta({ description: 'The time at which the rules of the gateway were read.' }),
    poolsReadAt: Timestamp.optional().meta({
      description:
        'The time at which the verified points were read: together with the rules, or alone after a failover.',
    }),
    backends: z.array(ServedBackend),
  })
  .meta({ id: 'RouteParent' });

export const DistributionUsed = z
  .object({
    from: z.enum(['route', 'ref', 'fleet', 'built-in']).meta({
      description:
        'route: the route has a split of its own. ref: it uses the distribution that it names. fleet: it uses the default of its ' +
        'fleet. built-in: every cluster that exports the service gets a share by its replicas.',
    }),
    name: Name.optional().meta({ description: 'The name of the distribution; absent when it has none.' }),
  })
  .meta({ id: 'DistributionUsed' });
export type DistributionUsed = z.infer<typeof DistributionUsed>;

export const Route = z
  .object({
    ...fleetMetadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    gateways: z.array(Name),
    hostnames: z.array(Hostname),
    rules: z.array(RouteRule),
    distribution: RouteDistribution.optional(),
    distributionUsed: DistributionUsed,
    parents: z.array(RouteParent).meta({ description: 'The conditions of the route at each gateway.' }),
    shares: z
      .array(BackendShares)
      .meta({ description: 'The present shares of the clusters in each backend, with reasons.' }),
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Route' });
export type Route = z.infer<typeof Route>;

export const RoutePage = pageOf('RoutePage', Route);

export const RouteQuery = resourceQuery({
  gateway: Name.optional().meta({ description: 'Only routes that this gateway carries.', examples: ['edge'] }),
  service: Name.optional().meta({
    description: 'Only routes with a backend, a fallback or a mirror of this service.',
    examples: ['checkout'],
  }),
  distribution: Name.optional().meta({ description: 'Only routes that name this distribution.', examples: ['even'] }),
  host: Hostname.optional().meta({
    description:
      'Only routes that can match requests for this host name: those that declare it, those that declare a wildcard for it, and those ' +
      'that declare none. With `*.example.com`, only routes that declare this very wildcard, one for more names, or none.',
    examples: ['shop.example.com'],
  }),
});
export type RouteQuery = AskedOf<typeof RouteQuery>;
