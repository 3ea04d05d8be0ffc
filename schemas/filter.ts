import * as z from 'zod';
import { Name, Port } from './common.ts';

const HeaderName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/, 'must be letters, digits, - or _');

const HeaderValue = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[!-~]([ -~]*[!-~])?$/, 'must be printable ASCII');

export const HeaderEntry = z.strictObject({ name: HeaderName, value: HeaderValue }).meta({ id: 'HeaderEntry' });

const modifications = {
  set: z
    .array(HeaderEntry)
    .max(8)
    .default([])
    .meta({ description: 'Headers to replace, or to add when they are absent.' }),
  add: z.array(HeaderEntry).max(8).default([]).meta({ description: 'Header values to add to those that are present.' }),
  remove: z.array(HeaderName).max(8).default([]),
};

const modifiesSomething = (filter: { set: unknown[]; add: unknown[]; remove: unknown[] }) =>
  filter.set.length + filter.add.length + filter.remove.length > 0;

export const RequestHeaderModifier = z
  .strictObject({ type: z.literal('RequestHeaderModifier'), ...modifications })
  .refine(modifiesSomething, 'must set, add or remove a header')
  .meta({ id: 'RequestHeaderModifier' });

export const ResponseHeaderModifier = z
  .strictObject({ type: z.literal('ResponseHeaderModifier'), ...modifications })
  .refine(modifiesSomething, 'must set, add or remove a header')
  .meta({ id: 'ResponseHeaderModifier' });

const PathValue = z
  .string()
  .max(120)
  .regex(/^\/[A-Za-z0-9$_.+/&~@:-]*$/, 'must start with / and hold letters, digits and $ - _ . + / & ~ @ :');

export const ReplaceFullPath = z
  .strictObject({ type: z.literal('ReplaceFullPath'), value: PathValue })
  .meta({ id: 'ReplaceFullPath' });

export const ReplacePrefixMatch = z.strictObject({ type: z.literal('ReplacePrefixMatch'), value: PathValue }).meta({
  id: 'ReplacePrefixMatch',
  description: 'Replaces the prefix that matched. Every match of the rule must be a Prefix.',
});

export const PathModifier = z.discriminatedUnion('type', [ReplaceFullPath, ReplacePrefixMatch]);
export type PathModifier = z.output<typeof PathModifier>;

const TargetHost = z
  .string()
  .max(128)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a host name');

export const URLRewrite = z
  .strictObject({ type: z.literal('URLRewrite'), hostname: TargetHost.optional(), path: PathModifier.optional() })
  .refine((filter) => filter.hostname !== undefined || filter.path !== undefined, 'must rewrite the host or the path')
  .meta({ id: 'URLRewrite' });

export const RequestRedirect = z
  .strictObject({
    type: z.literal('RequestRedirect'),
    scheme: z.enum(['http', 'https']).optional(),
    hostname: TargetHost.optional(),
    port: Port.optional(),
    path: PathModifier.optional(),
    statusCode: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).default(302),
  })
  .refine(
    (filter) => [filter.scheme, filter.hostname, filter.port, filter.path].some((part) => part !== undefined),
    'must change the scheme, host, port or path, or it would lead to itself',
  )
  .meta({
    id: 'RequestRedirect',
    description:
      'Answers with a redirect. Parts of the URL that are absent here stay as in the request, and the query always stays.',
  });

export const DirectResponse = z
  .strictObject({
    type: z.literal('DirectResponse'),
    statusCode: z
      .int()
      .min(200)
      .max(599)
      .refine((code) => code < 300 || code >= 400, 'must not be 3xx: use RequestRedirect'),
    body: z
      .string()
      .max(1000)
      .regex(/^[\t\n\r -~]*$/, 'must be ASCII')
      .default(''),
  })
  .meta({ id: 'DirectResponse', description: 'A response that the gateway itself gives, as text/plain.' });

export const Cors = z
  .strictObject({
    type: z.literal('CORS'),
    allowOrigins: z
      .array(
        z
          .string()
          .max(256)
          .regex(/^(\*|https?:\/\/[^\s*,]+)$/, 'must be * or an origin'),
      )
      .min(1)
      .max(5),
    allowMethods: z
      .array(z.enum(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH']))
      .min(1)
      .max(7),
    allowHeaders: z.array(HeaderName).max(20).default([]),
    exposeHeaders: z.array(HeaderName).max(20).default([]),
    allowCredentials: z.boolean().default(false),
    maxAgeSeconds: z.int().min(0).max(172_800).default(3600),
  })
  .refine(
    (cors) => !(cors.allowCredentials && cors.allowOrigins.includes('*')),
    'must not allow credentials to every origin',
  )
  .meta({ id: 'CORS' });

export const RequestMirror = z.strictObject({ type: z.literal('RequestMirror'), service: Name, port: Port }).meta({
  id: 'RequestMirror',
  description: 'Sends a copy of each request to the service as well. The answer to the copy is thrown away.',
});

export const RateLimit = z
  .strictObject({
    type: z.literal('RateLimit'),
    requestsPerSecond: z.int().min(1).max(100_000),
  })
  .meta({
    id: 'RateLimit',
    description: 'Limits the rate of requests of all clients together. Requests beyond the limit are refused with 503.',
  });

export const RouteFilter = z.discriminatedUnion('type', [
  RequestHeaderModifier,
  ResponseHeaderModifier,
  URLRewrite,
  RequestRedirect,
  DirectResponse,
  Cors,
  RequestMirror,
  RateLimit,
]);
export type RouteFilter = z.output<typeof RouteFilter>;
export type FilterOf<T extends RouteFilter['type']> = Extract<RouteFilter, { type: T }>;
