import * as z from 'zod';
import type { FilterOf } from '../../../../schemas/filter.ts';
import type { Json } from '../../../core/gateway/provider-object.ts';
import type { Rule } from '../../../core/model/ir.ts';
import { orElse } from '../calls.ts';
import type { WriteAction } from '../permissions.ts';
import { Cors, HeaderOpItem, HttpRewrite, type Policies, type Predicates, Retry } from './canonical.ts';

/**
 * The timeout that the console of MSE gives a new route. It is written explicitly, so that it does not depend on how a
 * route was created.
 */
const DEFAULT_TIMEOUT_SECONDS = 60;
/**
 * The number of seconds in an hour. Preflight answers are cached for whole hours, because no other unit is documented.
 */
export const HOUR_SECONDS = 3_600;

/** Returns what a rule does besides matching and forwarding, for one of its routes. */
export function policiesOf(rule: Rule, predicates: Predicates): Policies {
  const { retry, timeouts } = rule;
  const cors = filterOf(rule, 'CORS');
  const rewrite = filterOf(rule, 'URLRewrite');
  const headers = [
    ...headerOps('Request', filterOf(rule, 'RequestHeaderModifier')),
    ...headerOps('Response', filterOf(rule, 'ResponseHeaderModifier')),
  ];
  return {
    TimeoutSeconds: timeouts?.requestSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    ...(retry && { Retry: retryOf(retry) }),
    ...(cors && { Cors: corsOf(cors) }),
    ...(headers.length > 0 && { HeaderOp: headers }),
    ...(rewrite && { HttpRewrite: rewriteOf(rewrite, predicates) }),
  };
}

export function filterOf<T extends Rule['filters'][number]['type']>(rule: Rule, type: T): FilterOf<T> | undefined {
  return rule.filters.find((filter): filter is FilterOf<T> & Rule['filters'][number] => filter.type === type);
}

/** Returns the retry policy, with the conditions of Envoy: failed connections, and the given status codes. */
function retryOf({ attempts, statusCodes }: NonNullable<Rule['retry']>): Policies['Retry'] {
  const RetryOn = statusCodes.length > 0 ? ['connect-failure', 'retriable-status-codes'] : ['connect-failure'];
  return { Attempts: attempts, RetryOn, HttpCodes: statusCodes.map(String) };
}

function corsOf(cors: FilterOf<'CORS'>): Policies['Cors'] {
  return {
    AllowOrigins: cors.allowOrigins.join(','),
    AllowMethods: cors.allowMethods.join(','),
    AllowHeaders: cors.allowHeaders.join(','),
    ExposeHeaders: cors.exposeHeaders.join(','),
    AllowCredentials: cors.allowCredentials,
    MaxAgeSeconds: cors.maxAgeSeconds,
  };
}

function headerOps(
  DirectionType: 'Request' | 'Response',
  filter: FilterOf<'RequestHeaderModifier'> | FilterOf<'ResponseHeaderModifier'> | undefined,
): z.infer<typeof HeaderOpItem>[] {
  if (filter === undefined) return [];
  const items = (OpType: string, entries: { name: string; value?: string }[]) =>
    entries.map(({ name, value }) => ({
      DirectionType,
      OpType,
      Key: name,
      ...(value === undefined ? {} : { Value: value }),
    }));
  return [
    ...items('Update', filter.set),
    ...items('Add', filter.add),
    ...items(
      'Delete',
      filter.remove.map((name) => ({ name })),
    ),
  ];
}

/** Returns the rewrite. `PRE` replaces the string that the route matches as a prefix, `EQUAL` the whole path. */
function rewriteOf(
  { hostname, path }: FilterOf<'URLRewrite'>,
  { PathPredicates }: Predicates,
): Policies['HttpRewrite'] {
  const host = hostname === undefined ? {} : { Host: hostname };
  if (path === undefined) return host;
  if (path.type === 'ReplaceFullPath') return { ...host, PathType: 'EQUAL', Path: path.value };
  const prefix = path.value.replace(/\/+$/, '');
  if (PathPredicates.Type === 'EQUAL') return { ...host, PathType: 'EQUAL', Path: prefix === '' ? '/' : prefix };
  return { ...host, PathType: 'PRE', Path: `${prefix}/` };
}

type Fields = { [name: string]: Json | undefined };

export interface Policy {
  field: keyof Policies;
  /** The name of the policy in `Policies` of AddGatewayRoute. */
  name: string;
  action: WriteAction;
  parameter: string;
  /** True when the fields of the parameter are in upper camel case; those in `Policies` never are. */
  upper: boolean;
  encode(policies: Policies): Fields;
}

/** The ways to write each policy: with the route when it is created, and by an action of its own after that. */
export const POLICIES: readonly Policy[] = [
  {
    field: 'TimeoutSeconds',
    name: 'Timeout',
    action: 'UpdateGatewayRouteTimeout',
    parameter: 'TimeoutJSON',
    upper: true,
    encode: ({ TimeoutSeconds = 0 }) => ({ status: onOff(TimeoutSeconds > 0), unitNum: TimeoutSeconds, timeUnit: 's' }),
  },
  {
    field: 'Retry',
    name: 'Retry',
    action: 'UpdateGatewayRouteRetry',
    parameter: 'RetryJSON',
    upper: true,
    encode: ({ Retry: retry }) => ({
      status: onOff(retry),
      attempts: retry?.Attempts ?? 0,
      retryOn: retry?.RetryOn ?? [],
      httpCodes: retry?.HttpCodes ?? [],
    }),
  },
  {
    field: 'Cors',
    name: 'CORS',
    action: 'UpdateGatewayRouteCORS',
    parameter: 'CorsJSON',
    upper: true,
    encode: ({ Cors: cors }) => encodeCors(cors),
  },
  {
    field: 'HeaderOp',
    name: 'HeaderOp',
    action: 'UpdateGatewayRouteHeaderOp',
    parameter: 'HeaderOpJSON',
    upper: false,
    encode: ({ HeaderOp: items }) => ({
      status: onOff(items),
      headerOpItems: (items ?? []).map(({ DirectionType, OpType, Key, Value }) => ({
        directionType: DirectionType,
        opType: OpType,
        key: Key,
        ...(Value === undefined ? {} : { value: Value }),
      })),
    }),
  },
  {
    field: 'HttpRewrite',
    name: 'HTTPRewrite',
    action: 'UpdateGatewayRouteHTTPRewrite',
    parameter: 'HttpRewriteJSON',
    upper: false,
    encode: ({ HttpRewrite: rewrite }) => ({
      status: onOff(rewrite),
      pathType: rewrite?.PathType,
      path: rewrite?.Path,
      host: rewrite?.Host,
    }),
  },
];

function encodeCors(cors: Policies['Cors']): Fields {
  return {
    status: onOff(cors),
    allowOrigins: cors?.AllowOrigins ?? '',
    allowMethods: cors?.AllowMethods ?? '',
    allowHeaders: cors?.AllowHeaders ?? '',
    exposeHeaders: cors?.ExposeHeaders ?? '',
    allowCredentials: cors?.AllowCredentials ?? false,
    unitNum: (cors?.MaxAgeSeconds ?? 0) / HOUR_SECONDS,
    timeUnit: 'h',
  };
}

function onOff(value: unknown): 'on' | 'off' {
  return value ? 'on' : 'off';
}

/** Returns all policies of a new route, as a JSON text whose values are JSON texts. */
export function policiesText(policies: Policies): string {
  const present = POLICIES.filter(({ field }) => policies[field] !== undefined);
  return JSON.stringify(
    Object.fromEntries(present.map(({ name, encode }) => [name, JSON.stringify(encode(policies))])),
  );
}

/** Returns the parameter of the action of one policy. */
export function policyParameter({ encode, parameter, upper }: Policy, policies: Policies): Record<string, Json> {
  const fields = Object.entries(encode(policies)).map(([name, value]) => [
    upper ? name.charAt(0).toUpperCase() + name.slice(1) : name,
    value,
  ]);
  return { [parameter]: JSON.stringify(Object.fromEntries(fields)) };
}

const Status = orElse(z.string(), 'off');
const number = orElse(z.int(), 0);
const text = orElse(z.string(), '');
const texts = orElse(z.array(z.coerce.string()), []);
const some = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: HOUR_SECONDS, d: 24 * HOUR_SECONDS };

/** The policies of a route in the form in which GetGatewayRouteDetail returns them. */
export const ReadPolicies = z.object({
  Timeout: z.object({ Status, UnitNum: number, TimeUnit: orElse(z.string(), 's') }).nullish(),
  Retry: z.object({ Status, Attempts: number, RetryOn: texts, HttpCodes: texts }).nullish(),
  Cors: z
    .object({
      Status,
      AllowOrigins: text,
      AllowMethods: text,
      AllowHeaders: text,
      ExposeHeaders: text,
      AllowCredentials: orElse(z.boolean(), false),
      UnitNum: number,
      TimeUnit: orElse(z.string(), 'h'),
    })
    .nullish(),
  HeaderOp: z.object({ Status, HeaderOpItems: orElse(z.array(HeaderOpItem.extend({ Value: some })), []) }).nullish(),
  HTTPRewrite: z.object({ Status, PathType: some, Path: some, Host: some }).nullish(),
});

/** Returns the canonical form of policies that were read. A policy that is off is left out. */
export function canonicalPolicies(read: z.output<typeof ReadPolicies>): Policies {
  const { Timeout, Retry: retry, Cors: cors, HeaderOp, HTTPRewrite } = read;
  const isOn = (policy: { Status: string } | null | undefined) => policy?.Status === 'on';
  return {
    ...(Timeout && { TimeoutSeconds: isOn(Timeout) ? inSeconds(Timeout) : 0 }),
    ...(isOn(retry) && { Retry: Retry.parse(retry) }),
    ...(isOn(cors) && cors && { Cors: Cors.parse({ ...cors, MaxAgeSeconds: inSeconds(cors) }) }),
    ...(isOn(HeaderOp) && { HeaderOp: HeaderOp?.HeaderOpItems }),
    ...(isOn(HTTPRewrite) && { HttpRewrite: HttpRewrite.parse(HTTPRewrite) }),
  };
}

/**
 * Returns a duration in seconds. An unknown unit gives a negative number, which differs from every declaration, so that
 * the policy is written again.
 */
function inSeconds({ UnitNum, TimeUnit }: { UnitNum: number; TimeUnit: string }): number {
  return UnitNum * (UNIT_SECONDS[TimeUnit.toLowerCase()] ?? -1);
}
