import * as z from 'zod';
import { compareText } from '../../core/model/text.ts';

/**
 * Actions of a rule on a request (ALB OpenAPI 2020-06-16, RuleActions). Canonical actions stand in the order of their
 * execution, without numbers, and name our server groups by key. Listed actions have the form in which ListRules
 * returns them.
 */

/**
 * A server group with its weight. `ServerGroup` is the key of one of our groups; for any other group it is `id:`
 * followed by its id.
 */
const Tuple = z.object({ ServerGroup: z.string(), Weight: z.int().optional() });
type Tuple = z.infer<typeof Tuple>;

const ListedTuple = z.object({ ServerGroupId: z.string(), Weight: z.int().optional() });
type ListedTuple = z.infer<typeof ListedTuple>;

/** Placeholders for the parts of a URL that stay as they are. */
export const KEPT = {
  Host: placeholder('host'),
  Path: placeholder('path'),
  Port: placeholder('port'),
  Protocol: placeholder('protocol'),
  Query: placeholder('query'),
};

/**
 * Returns the placeholder for a part of the request that ALB fills in, or for a group that the path pattern has
 * captured.
 */
export function placeholder(name: string | number): string {
  return `\${${name}}`;
}

const Texts = z.array(z.string()).default([]);
const Header = { Key: z.string().default('') };
const UrlParts = {
  Host: z.string().default(KEPT.Host),
  Path: z.string().default(KEPT.Path),
  Query: z.string().default(KEPT.Query),
};

const plainConfigs = {
  RedirectConfig: z
    .object({
      ...UrlParts,
      HttpCode: z.string().default('301'),
      Port: z.string().default(KEPT.Port),
      Protocol: z.string().default(KEPT.Protocol),
    })
    .optional(),
  FixedResponseConfig: z
    .object({
      HttpCode: z.string().default(''),
      Content: z.string().optional(),
      ContentType: z.string().default('text/plain'),
    })
    .optional(),
  RewriteConfig: z.object(UrlParts).optional(),
  InsertHeaderConfig: z
    .object({ ...Header, Value: z.string().default(''), ValueType: z.string().default('') })
    .optional(),
  RemoveHeaderConfig: z.object(Header).optional(),
  TrafficLimitConfig: z.object({ QPS: z.int().optional(), PerIpQps: z.int().optional() }).optional(),
  CorsConfig: z
    .object({
      AllowOrigin: Texts,
      AllowMethods: Texts,
      AllowHeaders: Texts,
      ExposeHeaders: Texts,
      AllowCredentials: z.string().default('off'),
      MaxAge: z.int().optional(),
    })
    .optional(),
};

function actionOf<T extends z.ZodType>(tuple: T) {
  const ServerGroupTuples = z.array(tuple).default([]);
  const ServerGroupStickySession = z
    .object({ Enabled: z.boolean().default(false), Timeout: z.int().optional() })
    .optional();
  return z.object({
    Type: z.string(),
    ForwardGroupConfig: z.object({ ServerGroupTuples, ServerGroupStickySession }).optional(),
    TrafficMirrorConfig: z
      .object({
        TargetType: z.string().default(''),
        MirrorGroupConfig: z.object({ ServerGroupTuples }).default({ ServerGroupTuples: [] }),
      })
      .optional(),
    ...plainConfigs,
  });
}

export const Action = actionOf(Tuple);
export type Action = z.infer<typeof Action>;

export const ListedAction = actionOf(ListedTuple).extend({ Order: z.int().default(0) });
export type ListedAction = z.infer<typeof ListedAction>;

/** Converts listed actions to canonical ones. `keyOf` returns the key of a server group by its id. */
export function fromListed(actions: readonly ListedAction[], keyOf: (id: string) => string): Action[] {
  const toTuple = ({ ServerGroupId, Weight }: ListedTuple): Tuple => ({ ServerGroup: keyOf(ServerGroupId), Weight });
  return [...actions]
    .sort((a, b) => a.Order - b.Order)
    .map(({ Order: _, ForwardGroupConfig: forward, TrafficMirrorConfig: mirror, ...action }) => ({
      ...action,
      ...(forward && {
        ForwardGroupConfig: { ...forward, ServerGroupTuples: forward.ServerGroupTuples.map(toTuple) },
      }),
      ...(mirror && {
        TrafficMirrorConfig: {
          ...mirror,
          MirrorGroupConfig: { ServerGroupTuples: mirror.MirrorGroupConfig.ServerGroupTuples.map(toTuple) },
        },
      }),
    }))
    .map(canonicalAction);
}

/** Converts actions to the form that CreateRules takes. `idOf` returns the id of a server group by its key. */
export function toParameters(actions: readonly Action[], idOf: (key: string) => string) {
  const toTuple = ({ ServerGroup, Weight }: Tuple): ListedTuple => ({ ServerGroupId: idOf(ServerGroup), Weight });
  return actions.map(({ ForwardGroupConfig: forward, TrafficMirrorConfig: mirror, ...action }, index) => ({
    ...action,
    Order: index + 1,
    ForwardGroupConfig: forward && { ...forward, ServerGroupTuples: forward.ServerGroupTuples.map(toTuple) },
    TrafficMirrorConfig: mirror && {
      ...mirror,
      MirrorGroupConfig: { ServerGroupTuples: mirror.MirrorGroupConfig.ServerGroupTuples.map(toTuple) },
    },
  }));
}

/** Returns the keys of the server groups that actions forward or mirror to. */
export function groupsOf(actions: readonly Action[]): string[] {
  return actions
    .flatMap(({ ForwardGroupConfig, TrafficMirrorConfig }) => [
      ...(ForwardGroupConfig?.ServerGroupTuples ?? []),
      ...(TrafficMirrorConfig?.MirrorGroupConfig.ServerGroupTuples ?? []),
    ])
    .map((tuple) => tuple.ServerGroup);
}

/** Keeps only the part that belongs to the type. Types that we never write keep nothing but the type. */
export function canonicalAction(action: Action): Action {
  const { Type, ForwardGroupConfig: forward, TrafficMirrorConfig: mirror, ...configs } = action;
  if (Type === 'ForwardGroup' && forward) return { Type, ForwardGroupConfig: canonicalForward(forward) };
  if (Type === 'TrafficMirror' && mirror) {
    const ServerGroupTuples = mirror.MirrorGroupConfig.ServerGroupTuples.map(({ ServerGroup }) => ({ ServerGroup }));
    return { Type, TrafficMirrorConfig: { ...mirror, MirrorGroupConfig: { ServerGroupTuples } } };
  }
  return { Type, ...canonicalConfig(Type, configs) };
}

type PlainConfigs = Omit<Action, 'Type' | 'ForwardGroupConfig' | 'TrafficMirrorConfig'>;

function canonicalConfig(type: string, configs: PlainConfigs): PlainConfigs {
  const { RedirectConfig, FixedResponseConfig: fixed, RewriteConfig, TrafficLimitConfig } = configs;
  const { InsertHeaderConfig: insert, RemoveHeaderConfig: remove, CorsConfig: cors } = configs;
  if (type === 'Redirect') return { RedirectConfig };
  if (type === 'Rewrite') return { RewriteConfig };
  if (type === 'TrafficLimit') return { TrafficLimitConfig };
  if (type === 'Cors' && cors) return { CorsConfig: canonicalCors(cors) };
  if (type === 'InsertHeader' && insert) return { InsertHeaderConfig: { ...insert, Key: insert.Key.toLowerCase() } };
  if (type === 'RemoveHeader' && remove) return { RemoveHeaderConfig: { Key: remove.Key.toLowerCase() } };
  if (type === 'FixedResponse' && fixed) {
    // The documentation writes the status both as 200 and as HTTP_200. An empty answer has no content.
    const HttpCode = fixed.HttpCode.replace(/^HTTP_/i, '');
    return { FixedResponseConfig: { ...fixed, HttpCode, Content: fixed.Content || undefined } };
  }
  return {};
}

function canonicalForward({ ServerGroupTuples, ServerGroupStickySession: session }: Defined<'ForwardGroupConfig'>) {
  const tuples = ServerGroupTuples.map(({ ServerGroup, Weight = 0 }) => ({
    ServerGroup,
    Weight: ServerGroupTuples.length === 1 ? 100 : Weight,
  }));
  return {
    ServerGroupTuples: tuples.sort((a, b) => compareText(a.ServerGroup, b.ServerGroup)),
    ...(session?.Enabled && { ServerGroupStickySession: session }),
  };
}

function canonicalCors(cors: Defined<'CorsConfig'>): Defined<'CorsConfig'> {
  const headers = (names: string[]) => names.map((name) => name.toLowerCase()).sort();
  return {
    ...cors,
    AllowOrigin: [...cors.AllowOrigin].sort(),
    AllowMethods: [...cors.AllowMethods].sort(),
    AllowHeaders: headers(cors.AllowHeaders),
    ExposeHeaders: headers(cors.ExposeHeaders),
  };
}

type Defined<K extends keyof Action> = NonNullable<Action[K]>;
