import * as z from 'zod';
import { digest } from '../../core/digest.ts';
import { compareText } from '../../core/precedence.ts';
import type { ProviderObject } from '../../core/provider-object.ts';
import { Action, canonicalAction } from './actions.ts';
import { compareServers } from './weights.ts';

/**
 * The canonical form of our objects: what `compile` writes and `observe` reads back. Lists whose order means nothing are sorted and
 * defaults are filled in, so that equal configurations are equal values. Names are those of the ALB OpenAPI (2020-06-16).
 */

export const SERVER_GROUP = 'ServerGroup';
export const RULE = 'Rule';

const HealthCheck = z.object({
  HealthCheckEnabled: z.boolean().default(false),
  HealthCheckProtocol: z.string().default(''),
  HealthCheckConnectPort: z.int().default(0),
  HealthCheckInterval: z.int().default(2),
  HealthCheckTimeout: z.int().default(5),
  HealthyThreshold: z.int().default(3),
  UnhealthyThreshold: z.int().default(3),
  HealthCheckPath: z.string().optional(),
  HealthCheckMethod: z.string().optional(),
  HealthCheckHttpVersion: z.string().optional(),
  HealthCheckCodes: z.array(z.string()).optional(),
});
export type HealthCheckConfig = z.infer<typeof HealthCheck>;

const StickySession = z.object({
  StickySessionEnabled: z.boolean().default(false),
  StickySessionType: z.string().optional(),
  CookieTimeout: z.int().optional(),
  Cookie: z.string().optional(),
});
export type StickySessionConfig = z.infer<typeof StickySession>;

const Server = z.object({
  ServerId: z.string(),
  Port: z.int(),
  Weight: z.int(),
  RemoteIpEnabled: z.boolean().default(false),
});
export type Server = z.infer<typeof Server>;

export const GroupSpec = z.object({
  ServerGroupName: z.string(),
  ServerGroupType: z.string(),
  VpcId: z.string(),
  Protocol: z.string(),
  Scheduler: z.string(),
  HealthCheckConfig: HealthCheck,
  StickySessionConfig: StickySession.default({ StickySessionEnabled: false }),
  Servers: z.array(Server),
});
export type GroupSpec = z.infer<typeof GroupSpec>;

const Values = z.array(z.string()).default([]);

const Pairs = z.array(z.object({ Key: z.string().default(''), Value: z.string().default('') })).default([]);

const Condition = z.object({
  Type: z.string(),
  HostConfig: z.object({ Values }).optional(),
  PathConfig: z.object({ Values }).optional(),
  HeaderConfig: z.object({ Key: z.string().default(''), Values }).optional(),
  QueryStringConfig: z.object({ Values: Pairs }).optional(),
  CookieConfig: z.object({ Values: Pairs }).optional(),
  MethodConfig: z.object({ Values }).optional(),
});
export type Condition = z.infer<typeof Condition>;

export const RuleSpec = z.object({
  ListenerId: z.string(),
  RuleName: z.string(),
  Priority: z.int(),
  RuleConditions: z.array(Condition),
  /** In their order. */
  RuleActions: z.array(Action),
});
export type RuleSpec = z.infer<typeof RuleSpec>;

/** What the owner and the key of an object are kept in: tags, given at creation. */
export const OWNER_TAG = 'fairlead-owner';
export const KEY_TAG = 'fairlead-key';
const MAX_TAG_LENGTH = 128;

/** A tag value has at most 128 characters and must not look like Alibaba Cloud's own nor hold a URL; a digest stands for what does not fit. */
export function tagValue(text: string): string {
  const fits = text.length > 0 && text.length <= MAX_TAG_LENGTH && !/^(acs:|aliyun)|https?:\/\//i.test(text);
  return fits ? text : digest(text);
}

/** A readable name: 2 to 128 letters, digits, dots, underscores and hyphens, a letter first. */
export function resourceName(text: string): string {
  const readable = text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '');
  return `fairlead-${readable}`.slice(0, MAX_TAG_LENGTH);
}

export function groupObject(key: string, spec: GroupSpec, remoteId?: string): ProviderObject {
  const Servers = [...spec.Servers].sort((a, b) => compareServers(addressOf(a), addressOf(b)));
  const StickySessionConfig = canonicalSession(spec.StickySessionConfig);
  const object = { kind: SERVER_GROUP, key, rank: 0, spec: { ...spec, StickySessionConfig, Servers } };
  return remoteId === undefined ? object : { ...object, remoteId };
}

/** What is switched off, or belongs to the other type, has no effect. */
function canonicalSession(session: StickySessionConfig): StickySessionConfig {
  const { StickySessionEnabled, StickySessionType = 'Insert', CookieTimeout, Cookie } = session;
  if (!StickySessionEnabled) return { StickySessionEnabled };
  const part = StickySessionType === 'Insert' ? { CookieTimeout } : { Cookie };
  return { StickySessionEnabled, StickySessionType, ...part };
}

export function ruleObject(key: string, spec: RuleSpec, remoteId?: string): ProviderObject {
  const RuleConditions = sortConditions(spec.RuleConditions);
  const RuleActions = spec.RuleActions.map(canonicalAction);
  const object = { kind: RULE, key, rank: 1, spec: { ...spec, RuleConditions, RuleActions } };
  return remoteId === undefined ? object : { ...object, remoteId };
}

export function sortConditions(conditions: readonly Condition[]): Condition[] {
  return conditions
    .map(canonicalCondition)
    .map((condition) => ({ condition, order: `${condition.Type} ${digest(condition)}` }))
    .sort((a, b) => compareText(a.order, b.order))
    .map(({ condition }) => condition);
}

/** Only the part that belongs to the type; header names are case-insensitive. Types that we never write keep nothing but the type. */
function canonicalCondition(condition: Condition): Condition {
  const { Type, HostConfig, PathConfig, HeaderConfig, QueryStringConfig, CookieConfig, MethodConfig } = condition;
  if (Type === 'Host' && HostConfig) return { Type, HostConfig: { Values: [...HostConfig.Values].sort() } };
  if (Type === 'Path' && PathConfig) return { Type, PathConfig: { Values: [...PathConfig.Values].sort() } };
  if (Type === 'Method' && MethodConfig) return { Type, MethodConfig: { Values: [...MethodConfig.Values].sort() } };
  if (Type === 'Header' && HeaderConfig) {
    return { Type, HeaderConfig: { Key: HeaderConfig.Key.toLowerCase(), Values: [...HeaderConfig.Values].sort() } };
  }
  if (Type === 'QueryString' && QueryStringConfig) return { Type, QueryStringConfig };
  if (Type === 'Cookie' && CookieConfig) return { Type, CookieConfig };
  return { Type };
}

export function addressOf(server: Server): { address: string; port: number } {
  return { address: server.ServerId, port: server.Port };
}
