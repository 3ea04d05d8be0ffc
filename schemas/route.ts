import * as z from 'zod';
import { Condition, DisplayName, fleetMetadata, Labels, Name, Percent, Port, pageOf } from './common.ts';

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

export const PathMatch = z
  .strictObject({
    type: z.enum(['Exact', 'Prefix', 'RegularExpression']).meta({
      description: 'Prefix goes by path segment: /foo matches /foo and /foo/bar, not /foobar.',
    }),
    value: z.string().min(1).max(126).regex(/^\//, 'must start with /'),
  })
  .refine((path) => path.type === 'RegularExpression' || /^[!-~]+$/.test(path.value), {
    path: ['value'],
    message: 'must be printable ASCII without spaces (percent-encode the rest)',
  })
  .refine((path) => path.type === 'RegularExpression' || !/[*?]/.test(path.value), {
    path: ['value'],
    message: 'must not contain * or ?, which gateways read as wildcards',
  })
  .meta({ id: 'PathMatch' });
export type PathMatch = z.infer<typeof PathMatch>;

const literal = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[!-~]([ -~]*[!-~])?$/, 'must be printable ASCII')
    .refine((value) => !/[*?]/.test(value), 'must not contain * or ?, which gateways read as wildcards');

export const HeaderMatch = z
  .strictObject({
    name: z
      .string()
      .max(40)
      .regex(/^[A-Za-z0-9_-]+$/, 'must be letters, digits, - or _')
      .refine((name) => !['host', 'cookie'].includes(name.toLowerCase()), 'must not be Host or Cookie'),
    value: literal(128),
  })
  .meta({ id: 'HeaderMatch', description: 'Equality; the name is case-insensitive, the value is not.' });

export const QueryParamMatch = z
  .strictObject({ name: literal(100), value: literal(128) })
  .meta({ id: 'QueryParamMatch', description: 'Equality.' });

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
  })
  .meta({ id: 'RouteMatch', description: 'All parts must match.' });
export type RouteMatch = z.output<typeof RouteMatch>;

export const RouteFilter = z
  .looseObject({
    type: z.enum([
      'RequestHeaderModifier',
      'ResponseHeaderModifier',
      'URLRewrite',
      'RequestRedirect',
      'DirectResponse',
      'CORS',
      'RequestMirror',
      'RateLimit',
    ]),
  })
  .meta({
    id: 'RouteFilter',
    description: 'No gateway carries filters yet: a route with one is refused, not served without it.',
  });

export const BackendRef = z
  .strictObject({
    service: Name,
    port: Port,
    weight: Percent.default(1).meta({ description: 'Relative to the other backendRefs of the rule; 0 gets nothing.' }),
  })
  .meta({ id: 'BackendRef' });
export type BackendRef = z.output<typeof BackendRef>;

export const RouteRule = z
  .strictObject({
    matches: z.array(RouteMatch).min(1).max(16).prefault([{}]).meta({ description: 'One of them must match.' }),
    filters: z.array(RouteFilter).max(16).default([]),
    backendRefs: z
      .array(BackendRef)
      .min(1)
      .max(5)
      .refine((refs) => refs.some((ref) => ref.weight > 0), 'must have a backend with a weight above 0')
      .refine((refs) => unique(refs.map((ref) => `${ref.service}:${ref.port}`)), 'must not repeat a service and port'),
  })
  .meta({ id: 'RouteRule' });
export type RouteRule = z.output<typeof RouteRule>;

const Tier = z.int().min(0).max(9).default(0).meta({
  description: 'Tier 0 serves; the next tier serves when no cluster of a lower one can.',
});

export const Pin = z.enum(['strict', 'prefer']).meta({
  description:
    'strict: health never moves this traffic away from the named clusters. prefer: when none of them can serve, every other cluster that exports the service may.',
});

export const WeightedCluster = z
  .strictObject({ cluster: Name, weight: Percent.default(100), tier: Tier })
  .meta({ id: 'WeightedCluster' });

export const TieredCluster = z.strictObject({ cluster: Name, tier: Tier }).meta({ id: 'TieredCluster' });

export const WeightedDistribution = z
  .strictObject({
    strategy: z.literal('weighted'),
    clusters: z
      .array(WeightedCluster)
      .min(1)
      .max(100)
      .refine((clusters) => unique(clusters.map((item) => item.cluster)), 'must not repeat a cluster')
      .refine((clusters) => clusters.some((item) => item.weight > 0), 'must have a cluster with a weight above 0'),
    pin: Pin.optional(),
  })
  .meta({ id: 'WeightedDistribution' });

export const ReplicasDistribution = z
  .strictObject({
    strategy: z.literal('replicas'),
    clusters: z
      .array(TieredCluster)
      .max(100)
      .refine((clusters) => unique(clusters.map((item) => item.cluster)), 'must not repeat a cluster')
      .default([])
      .meta({ description: 'Empty: every cluster that exports the service.' }),
    pin: Pin.optional(),
  })
  .meta({ id: 'ReplicasDistribution', description: 'Clusters weigh by their exported replicas.' });

export const Distribution = z.discriminatedUnion('strategy', [WeightedDistribution, ReplicasDistribution]);
export type Distribution = z.output<typeof Distribution>;

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
      .meta({ description: 'Empty: every host name.' }),
    rules: z.array(RouteRule).min(1).max(16),
    distribution: Distribution.prefault({ strategy: 'replicas' }),
  })
  .meta({
    id: 'RouteInput',
    description: 'What clients may ask of gateways, and which services in which clusters answer.',
  });
export type RouteSpec = z.output<typeof RouteInput>;

export const ClusterShare = z
  .object({
    cluster: Name,
    declaredPercent: Percent,
    effectivePercent: Percent,
    reason: z.string().meta({ description: 'Why the cluster has this share now.' }),
  })
  .meta({ id: 'ClusterShare' });
export type ClusterShare = z.infer<typeof ClusterShare>;

export const BackendShares = z
  .object({ service: Name, port: Port, clusters: z.array(ClusterShare) })
  .meta({ id: 'BackendShares' });
export type BackendShares = z.infer<typeof BackendShares>;

export const RouteParent = z.object({ gateway: Name, conditions: z.array(Condition) }).meta({ id: 'RouteParent' });

export const Route = z
  .object({
    ...fleetMetadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    gateways: z.array(Name),
    hostnames: z.array(Hostname),
    rules: z.array(RouteRule),
    distribution: Distribution,
    parents: z.array(RouteParent).meta({ description: 'Conditions per gateway.' }),
    shares: z.array(BackendShares).meta({ description: 'Who gets how much of each backend now, and why.' }),
  })
  .meta({ id: 'Route' });
export type Route = z.infer<typeof Route>;

export const RoutePage = pageOf('RoutePage', Route);
