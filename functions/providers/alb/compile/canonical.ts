import * as z from 'zod';
import type { Change, ProviderObject } from '../../../core/gateway/provider-object.ts';
import { digest } from '../../../core/model/digest.ts';
import { compareText } from '../../../core/model/text.ts';
import { Action, canonicalAction } from '../actions.ts';
import { compareServers } from './weights.ts';

/**
 * The canonical form of our objects, which `compile` writes and `observe` reads back. Lists whose order has no meaning
 * are sorted and defaults are filled in, so that equal configurations are equal values. Names are those of the ALB
 * OpenAPI (2020-06-16).
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
  /** True when the group carries the tags for its owner and its key. */
  Tagged: z.boolean(),
});
export type GroupSpec = z.infer<typeof GroupSpec>;

const Values = z.array(z.string()).default([]);

const Pairs = z.array(z.object({ Key: z.string().default(''), Value: z.string().default('') })).default([]);

export const Condition = z.object({
  Type: z.string(),
  HostConfig: z.object({ Values }).optional(),
  PathConfig: z.object({ Values }).optional(),
  HeaderConfig: z.object({ Key: z.string().default(''), Values }).optional(),
  QueryStringConfig: z.object({ Values: Pairs }).optional(),
  CookieConfig: z.object({ Values: Pairs }).optional(),
  MethodConfig: z.object({ Values }).optional(),
  /** A condition on source addresses, which we never write. */
  SourceIpConfig: z.object({ Values }).optional(),
});
export type Condition = z.infer<typeof Condition>;

export const RuleSpec = z.object({
  ListenerId: z.string(),
  RuleName: z.string(),
  Priority: z.int(),
  RuleConditions: z.array(Condition),
  /** The actions of the rule, in the order of their execution. */
  RuleActions: z.array(Action),
});
export type RuleSpec = z.infer<typeof RuleSpec>;

export interface GroupObject extends ProviderObject<GroupSpec> {
  kind: typeof SERVER_GROUP;
}

export interface RuleObject extends ProviderObject<RuleSpec> {
  kind: typeof RULE;
  /**
   * Set on desired rules: the keys of those of their server groups that are to have servers. Rules do not refer to such
   * a group while it has none.
   */
  populated?: string[] | undefined;
}

export type AlbObject = GroupObject | RuleObject;

export interface GroupChange extends Change {
  kind: typeof SERVER_GROUP;
  before?: GroupObject | undefined;
  after?: GroupObject | undefined;
}

export interface RuleChange extends Change {
  kind: typeof RULE;
  before?: RuleObject | undefined;
  after?: RuleObject | undefined;
}

/**
 * Type guards by kind. Objects and changes of these kinds are made in the ALB provider only, so the kind determines the
 * type of their specs.
 */
export function isGroup(object: ProviderObject): object is GroupObject {
  return object.kind === SERVER_GROUP;
}

export function isRule(object: ProviderObject): object is RuleObject {
  return object.kind === RULE;
}

export function isGroupChange(change: Change): change is GroupChange {
  return change.kind === SERVER_GROUP;
}

export function isRuleChange(change: Change): change is RuleChange {
  return change.kind === RULE;
}

export function groupObject(key: string, spec: GroupSpec, remoteId?: string): GroupObject {
  const Servers = [...spec.Servers].sort((a, b) => compareServers(addressOf(a), addressOf(b)));
  const StickySessionConfig = canonicalSession(spec.StickySessionConfig);
  const object: GroupObject = { kind: SERVER_GROUP, key, rank: 0, spec: { ...spec, StickySessionConfig, Servers } };
  return remoteId === undefined ? object : { ...object, remoteId };
}

/**
 * Returns the session affinity without fields that have no effect, because they are switched off or belong to the other
 * type.
 */
function canonicalSession(session: StickySessionConfig): StickySessionConfig {
  const { StickySessionEnabled, StickySessionType = 'Insert', CookieTimeout, Cookie } = session;
  if (!StickySessionEnabled) return { StickySessionEnabled };
  const part = StickySessionType === 'Insert' ? { CookieTimeout } : { Cookie };
  return { StickySessionEnabled, StickySessionType, ...part };
}

export function ruleObject(key: string, spec: RuleSpec, remoteId?: string): RuleObject {
  const RuleConditions = sortConditions(spec.RuleConditions);
  const RuleActions = spec.RuleActions.map(canonicalAction);
  const object: RuleObject = { kind: RULE, key, rank: 1, spec: { ...spec, RuleConditions, RuleActions } };
  return remoteId === undefined ? object : { ...object, remoteId };
}

export function sortConditions(conditions: readonly Condition[]): Condition[] {
  return conditions
    .map(canonicalCondition)
    .map((condition) => ({ condition, order: `${condition.Type} ${digest(condition)}` }))
    .sort((a, b) => compareText(a.order, b.order))
    .map(({ condition }) => condition);
}

/**
 * Keeps only the part that belongs to the type, with header names in lower case, because they are case-insensitive.
 * Types that we never write keep nothing but the type.
 */
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
