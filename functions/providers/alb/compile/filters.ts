import type { FilterOf, PathModifier } from '../../../../schemas/filter.ts';
import type { PathMatch } from '../../../../schemas/route.ts';
import type { IrFilter, Rule } from '../../../core/model/ir.ts';
import { compareText } from '../../../core/model/text.ts';
import { type Action, canonicalAction, KEPT, placeholder } from '../actions.ts';

/** The parts of a rule that decide what happens to a request. */
type Behaviour = Pick<Rule, 'match' | 'filters' | 'backends' | 'mirror'>;

/**
 * Returns the actions of a rule. The order of the filters has no meaning, so the actions have an order of our own:
 * rejecting comes first, a mirrored copy is what the backend gets, and the final action comes last, as ALB demands.
 * `groupOf` returns the key of a pool's server group.
 */
export function actionsOf(rule: Behaviour, groupOf: (pool: string) => string): Action[] {
  return [
    ...ofType(rule.filters, 'RateLimit').map(trafficLimit),
    ...ofType(rule.filters, 'CORS').map(cors),
    ...ofType(rule.filters, 'RequestHeaderModifier').flatMap(headerActions),
    ...ofType(rule.filters, 'URLRewrite').flatMap((filter) => rewrite(filter, rule.match.path)),
    ...(rule.mirror === undefined ? [] : [mirror(groupOf(rule.mirror))]),
    finalAction(rule, groupOf),
  ].map(canonicalAction);
}

export function ofType<T extends IrFilter['type']>(filters: readonly IrFilter[], type: T): FilterOf<T>[] {
  return filters.filter((filter): filter is FilterOf<T> => filter.type === type);
}

function finalAction({ match, filters, backends }: Behaviour, groupOf: (pool: string) => string): Action {
  const [redirected] = ofType(filters, 'RequestRedirect');
  if (redirected) return redirect(redirected, match.path);
  const [answer] = ofType(filters, 'DirectResponse');
  if (answer) {
    const FixedResponseConfig = {
      HttpCode: String(answer.statusCode),
      Content: answer.body,
      ContentType: 'text/plain',
    };
    return { Type: 'FixedResponse', FixedResponseConfig };
  }
  const ServerGroupTuples = backends.map(({ pool, weight }) => ({ ServerGroup: groupOf(pool), Weight: weight }));
  return { Type: 'ForwardGroup', ForwardGroupConfig: { ServerGroupTuples } };
}

function trafficLimit({ requestsPerSecond }: FilterOf<'RateLimit'>): Action {
  return { Type: 'TrafficLimit', TrafficLimitConfig: { QPS: requestsPerSecond } };
}

function cors(filter: FilterOf<'CORS'>): Action {
  return {
    Type: 'Cors',
    CorsConfig: {
      AllowOrigin: filter.allowOrigins,
      AllowMethods: filter.allowMethods,
      AllowHeaders: filter.allowHeaders,
      ExposeHeaders: filter.exposeHeaders,
      AllowCredentials: filter.allowCredentials ? 'on' : 'off',
      MaxAge: filter.maxAgeSeconds,
    },
  };
}

/**
 * Returns the actions that remove and set headers. InsertHeader overwrites only with CoverEnabled, which no action but
 * an update accepts and no list shows. A header that is set is therefore removed first, so that there is nothing to
 * overwrite.
 */
function headerActions({ set, remove }: FilterOf<'RequestHeaderModifier'>): Action[] {
  const names = new Set([...remove, ...set.map(({ name }) => name)].map((name) => name.toLowerCase()));
  const inserts = [...set].sort((a, b) => compareText(a.name.toLowerCase(), b.name.toLowerCase()));
  return [
    ...[...names].sort().map((Key): Action => ({ Type: 'RemoveHeader', RemoveHeaderConfig: { Key } })),
    ...inserts.map(
      ({ name, value }): Action => ({
        Type: 'InsertHeader',
        InsertHeaderConfig: { Key: name, Value: value, ValueType: 'UserDefined' },
      }),
    ),
  ];
}

/** Returns the rewrite action, or none when it would change nothing, such as the prefix / replaced by /. */
function rewrite({ hostname = KEPT.Host, path: modifier }: FilterOf<'URLRewrite'>, path: PathMatch): Action[] {
  const Path = replacedPath(path, modifier);
  if (hostname === KEPT.Host && Path === KEPT.Path) return [];
  return [{ Type: 'Rewrite', RewriteConfig: { Host: hostname, Path, Query: KEPT.Query } }];
}

function mirror(ServerGroup: string): Action {
  return {
    Type: 'TrafficMirror',
    TrafficMirrorConfig: {
      TargetType: 'ForwardGroupMirror',
      MirrorGroupConfig: { ServerGroupTuples: [{ ServerGroup }] },
    },
  };
}

/** Returns the redirect action. A new scheme without a port leads to the port that is usual for the scheme. */
function redirect(
  { scheme, hostname, port, path: modifier, statusCode }: FilterOf<'RequestRedirect'>,
  path: PathMatch,
) {
  const usualPort = { http: '80', https: '443' };
  return {
    Type: 'Redirect',
    RedirectConfig: {
      HttpCode: String(statusCode),
      Protocol: scheme?.toUpperCase() ?? KEPT.Protocol,
      Host: hostname ?? KEPT.Host,
      Port: port?.toString() ?? (scheme ? usualPort[scheme] : KEPT.Port),
      Path: replacedPath(path, modifier),
      Query: KEPT.Query,
    },
  };
}

/**
 * Returns the new path. A new prefix is followed by what the pattern of the old prefix has captured (see
 * `prefixPattern`).
 */
function replacedPath(path: PathMatch, modifier: PathModifier | undefined): string {
  if (modifier === undefined) return KEPT.Path;
  if (modifier.type === 'ReplaceFullPath') return modifier.value;
  const prefix = modifier.value.replace(/\/+$/, '');
  if (prefixPattern(path.value) === undefined) return `${prefix}${KEPT.Path}`;
  return prefix === '' ? `/${placeholder(2)}` : `${prefix}${placeholder(1)}${placeholder(2)}`;
}

/** Tells whether the rule replaces the prefix that it matches. */
export function replacesPrefix(filters: readonly IrFilter[]): boolean {
  return filters.some((filter) => 'path' in filter && filter.path?.type === 'ReplacePrefixMatch');
}

/**
 * Returns a path value that matches what the prefix matches, by segment, and captures what follows in two groups: the
 * slash, if there is one, and the rest. This is the form that the user guide of ALB Ingress gives for rewrites. The
 * result is undefined for a prefix that every path has, because there is nothing to take off.
 */
export function prefixPattern(prefix: string): string | undefined {
  const text = prefix.replace(/\/+$/, '');
  if (text === '') return undefined;
  // Special characters are escaped with brackets, because ALB does not accept backslashes in a path.
  return `~^${text.replace(/[.$+]/g, '[$&]')}(/|$)(.*)`;
}
