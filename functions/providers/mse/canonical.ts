import * as z from 'zod';
import { digest } from '../../core/digest.ts';
import { compareText } from '../../core/precedence.ts';
import type { ProviderObject } from '../../core/provider-object.ts';

/**
 * The canonical form of our objects: what `compile` writes and `observe` reads back. The key of an object is its name at the gateway.
 * Names of fields are those of the MSE OpenAPI (2019-05-31).
 */

export const DOMAIN = 'Domain';
export const SERVICE = 'Service';
export const ROUTE = 'Route';

/** The domain that stands for every host name. */
export const ANY_HOST = '*';

export const HealthCheck = z.object({
  Check: z.boolean(),
  Protocol: z.string(),
  Interval: z.int(),
  Timeout: z.int(),
  HealthyThreshold: z.int(),
  UnhealthyThreshold: z.int(),
  HttpPath: z.string().optional(),
  ExpectedStatuses: z.array(z.int()).optional(),
});
export type HealthCheck = z.infer<typeof HealthCheck>;

export const ServiceSpec = z.object({
  ServiceProtocol: z.string(),
  /** `address:port`; all weigh the same. */
  Ips: z.array(z.string()),
  HealthCheck,
  LoadBalancer: z.object({
    Type: z.string(),
    Cookie: z.object({ Name: z.string(), Path: z.string(), TTL: z.int() }).optional(),
  }),
});
export type ServiceSpec = z.infer<typeof ServiceSpec>;

export const TextPredicate = z.object({ Key: z.string(), Value: z.string(), Type: z.string() });
export type TextPredicate = z.infer<typeof TextPredicate>;

export const Predicates = z.object({
  PathPredicates: z.object({ Path: z.string(), Type: z.string(), IgnoreCase: z.boolean() }),
  HeaderPredicates: z.array(TextPredicate),
  QueryPredicates: z.array(TextPredicate),
  MethodPredicates: z.array(z.string()),
});
export type Predicates = z.infer<typeof Predicates>;

export const Retry = z.object({ Attempts: z.int(), RetryOn: z.array(z.string()), HttpCodes: z.array(z.string()) });

export const Cors = z.object({
  AllowOrigins: z.string(),
  AllowMethods: z.string(),
  AllowHeaders: z.string(),
  ExposeHeaders: z.string(),
  AllowCredentials: z.boolean(),
  MaxAgeSeconds: z.int(),
});

export const HeaderOpItem = z.object({
  DirectionType: z.string(),
  OpType: z.string(),
  Key: z.string(),
  Value: z.string().optional(),
});

export const HttpRewrite = z.object({
  PathType: z.string().optional(),
  Path: z.string().optional(),
  Host: z.string().optional(),
});

/** What a route does besides matching and forwarding; what is absent is off. */
export const Policies = z.object({
  /** 0: no limit. */
  TimeoutSeconds: z.int().optional(),
  Retry: Retry.optional(),
  Cors: Cors.optional(),
  HeaderOp: z.array(HeaderOpItem).optional(),
  HttpRewrite: HttpRewrite.optional(),
});
export type Policies = z.infer<typeof Policies>;

/** `Service` is the name of one of our services; one that is not ours is `id:` and its id. */
const Destination = z.object({ Service: z.string(), Percent: z.int() });
export type Destination = z.infer<typeof Destination>;

export const RouteSpec = Policies.extend({
  /** Names. */
  Domains: z.array(z.string()),
  Predicates,
  DestinationType: z.string(),
  Services: z.array(Destination),
  FallbackServices: z.array(z.string()),
  DirectResponse: z.object({ Code: z.int(), Body: z.string() }).optional(),
  Redirect: z.object({ Code: z.int(), Host: z.string(), Path: z.string() }).optional(),
  /** False while what was written last is not in force. */
  Published: z.boolean(),
});
export type RouteSpec = z.infer<typeof RouteSpec>;

export function domainObject(name: string, certificateId?: string): ProviderObject {
  const spec =
    certificateId === undefined
      ? { Name: name, Protocol: 'HTTP' }
      : { Name: name, Protocol: 'HTTPS', CertIdentifier: certificateId };
  return { kind: DOMAIN, key: name, rank: 0, spec };
}

export function serviceObject(name: string, spec: ServiceSpec, remoteId?: string): ProviderObject {
  return object(SERVICE, 1, name, { ...spec, Ips: [...spec.Ips].sort(compareText) }, remoteId);
}

/** Lists whose order means nothing are sorted; names of headers are case-insensitive. */
export function routeObject(name: string, spec: RouteSpec, remoteId?: string): ProviderObject {
  const canonical = {
    ...spec,
    Domains: [...spec.Domains].sort(compareText),
    Predicates: canonicalPredicates(spec.Predicates),
    Services: [...spec.Services].sort((a, b) => compareText(a.Service, b.Service)),
  };
  return object(ROUTE, 2, name, canonical, remoteId);
}

export function canonicalPredicates(predicates: Predicates): Predicates {
  const { PathPredicates, HeaderPredicates, QueryPredicates, MethodPredicates } = predicates;
  return {
    PathPredicates,
    HeaderPredicates: sortTexts(HeaderPredicates.map((item) => ({ ...item, Key: item.Key.toLowerCase() }))),
    QueryPredicates: sortTexts(QueryPredicates),
    MethodPredicates: [...MethodPredicates].sort(compareText),
  };
}

function sortTexts(predicates: readonly TextPredicate[]): TextPredicate[] {
  return predicates
    .map(({ Key, Value, Type }) => ({ Key, Value, Type }))
    .sort((a, b) => compareText(a.Key, b.Key) || compareText(digest(a), digest(b)));
}

function object(
  kind: string,
  rank: number,
  key: string,
  spec: ProviderObject['spec'],
  remoteId: string | undefined,
): ProviderObject {
  return { kind, key, rank, spec, ...(remoteId === undefined ? {} : { remoteId }) };
}
