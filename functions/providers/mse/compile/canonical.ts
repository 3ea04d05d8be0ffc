import * as z from 'zod';
import type { ProviderObject } from '../../../core/gateway/provider-object.ts';
import { digest } from '../../../core/model/digest.ts';
import { compareText } from '../../../core/model/text.ts';

/**
 * The canonical form of our objects, which `compile` writes and `observe` reads back. The key of an object is its name
 * at the gateway. Names of fields are those of the MSE OpenAPI (2019-05-31).
 */

export const DOMAIN = 'Domain';
export const SERVICE = 'Service';
export const ROUTE = 'Route';

/** The domain that stands for every host name. */
export const ANY_HOST = '*';

export type DomainSpec = {
  Name: string;
  Protocol: 'HTTP' | 'HTTPS';
  CertIdentifier?: string;
};

export type HealthCheck = {
  Check: boolean;
  Protocol: string;
  Interval: number;
  Timeout: number;
  HealthyThreshold: number;
  UnhealthyThreshold: number;
  HttpPath?: string;
  ExpectedStatuses?: number[];
};

export type ServiceSpec = {
  ServiceProtocol: string;
  /** Addresses as `address:port`, all of the same weight. */
  Ips: string[];
  HealthCheck: HealthCheck;
  LoadBalancer: { Type: string; Cookie?: { Name: string; Path: string; TTL: number } };
};

export const TextPredicate = z.object({ Key: z.string(), Value: z.string(), Type: z.string() });
export type TextPredicate = z.infer<typeof TextPredicate>;

export type Predicates = {
  PathPredicates: { Path: string; Type: string; IgnoreCase: boolean };
  HeaderPredicates: TextPredicate[];
  QueryPredicates: TextPredicate[];
  MethodPredicates: string[];
};

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

/** The policies of a route, besides matching and forwarding. A policy that is absent is off. */
export type Policies = {
  /** The timeout of a request in seconds; 0 means no limit. */
  TimeoutSeconds?: number | undefined;
  Retry?: z.infer<typeof Retry> | undefined;
  Cors?: z.infer<typeof Cors> | undefined;
  HeaderOp?: z.infer<typeof HeaderOpItem>[] | undefined;
  HttpRewrite?: z.infer<typeof HttpRewrite> | undefined;
};

/**
 * A service with its percentage. `Service` is the name of one of our services; for any other service it is `id:`
 * followed by its id.
 */
export type Destination = { Service: string; Percent: number };

export type RouteSpec = Policies & {
  /** The names of the domains. */
  Domains: string[];
  Predicates: Predicates;
  DestinationType: string;
  Services: Destination[];
  FallbackServices: string[];
  DirectResponse?: { Code: number; Body: string };
  Redirect?: { Code: number; Host: string; Path: string };
  /** False while the last edit of the route is not in force. */
  Published: boolean;
};

export type DomainObject = ProviderObject<DomainSpec> & { kind: typeof DOMAIN };
export type ServiceObject = ProviderObject<ServiceSpec> & { kind: typeof SERVICE };
export type RouteObject = ProviderObject<RouteSpec> & { kind: typeof ROUTE };
export type MseObject = DomainObject | ServiceObject | RouteObject;

export function domainObject(name: string, certificateId?: string): DomainObject {
  const spec: DomainSpec =
    certificateId === undefined
      ? { Name: name, Protocol: 'HTTP' }
      : { Name: name, Protocol: 'HTTPS', CertIdentifier: certificateId };
  return { kind: DOMAIN, key: name, rank: 0, spec };
}

export function serviceObject(name: string, spec: ServiceSpec, remoteId?: string): ServiceObject {
  const canonical = { ...spec, Ips: [...spec.Ips].sort(compareText) };
  return { kind: SERVICE, key: name, rank: 1, spec: canonical, ...(remoteId !== undefined && { remoteId }) };
}

/**
 * Returns a route object. Lists whose order has no meaning are sorted, and header names are in lower case, because they
 * are case-insensitive.
 */
export function routeObject(name: string, spec: RouteSpec, remoteId?: string): RouteObject {
  const canonical = {
    ...spec,
    Domains: [...spec.Domains].sort(compareText),
    Predicates: canonicalPredicates(spec.Predicates),
    Services: [...spec.Services].sort((a, b) => compareText(a.Service, b.Service)),
  };
  return { kind: ROUTE, key: name, rank: 2, spec: canonical, ...(remoteId !== undefined && { remoteId }) };
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
