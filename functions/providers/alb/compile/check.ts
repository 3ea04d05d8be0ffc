import { issueAt, type Message, say } from '../../../../schemas/messages/index.ts';
import type { Issue } from '../../../../schemas/problem.ts';
import type { RouteMatch, RouteRule, RouteSpec } from '../../../../schemas/route.ts';
import type { IrFilter } from '../../../core/model/ir.ts';
import { checkFilters } from './check-filters.ts';
import { conditionsFor, countValues, pathValues } from './conditions.ts';
import { actionsOf, prefixPattern, replacesPrefix } from './filters.ts';
import { hostnameFault } from './texts.ts';

const MAX_VALUES = 10;
const MAX_ACTIONS = 5;
const MAX_PATH_LENGTH = 128;

/**
 * Returns what an ALB rule cannot express of a route (ALB OpenAPI 2020-06-16, CreateRules, with the characters that npm
 * @alicloud/alb20200616 documents). Pointers are relative to the route.
 */
export function check(route: RouteSpec): Issue[] {
  return [
    ...route.hostnames.flatMap((hostname, index) => issue(`#/hostnames/${index}`, hostnameFault(hostname))),
    ...route.rules.flatMap((rule, index) => checkRule(rule, route.hostnames.length > 0, `#/rules/${index}`)),
  ];
}

function checkRule(rule: RouteRule, hasHostname: boolean, pointer: string): Issue[] {
  const filters = rule.filters.filter((filter) => filter.type !== 'RequestMirror');
  return [
    ...rule.matches.flatMap((match, index) =>
      checkMatch({ hostname: hasHostname ? 'host.example' : undefined, match, filters }, `${pointer}/matches/${index}`),
    ),
    ...rule.filters.flatMap((filter, index) =>
      checkFilters(filter, rule, `${pointer}/filters/${index}`).flatMap((fault) => issue(fault.pointer, fault.message)),
    ),
    ...issue(`${pointer}/filters`, actionsFault(rule, filters)),
  ];
}

function actionsFault({ matches, filters: all }: RouteRule, filters: IrFilter[]): Message | undefined {
  const [match] = matches;
  if (match === undefined) return undefined;
  const mirror = all.some((filter) => filter.type === 'RequestMirror') ? 'mirror' : undefined;
  const { length } = actionsOf({ match, filters, mirror, backends: [] }, (pool) => pool);
  if (length <= MAX_ACTIONS) return undefined;
  return say('AlbActions', { count: length, most: MAX_ACTIONS });
}

interface Matcher {
  hostname: string | undefined;
  match: RouteMatch;
  filters: IrFilter[];
}

function checkMatch(rule: Matcher, pointer: string): Issue[] {
  const { path, queryParams, cookies } = rule.match;
  const count = countValues(conditionsFor(rule));
  const tooMany = count > MAX_VALUES ? say('AlbMatchValues', { count, most: MAX_VALUES }) : undefined;
  return [
    ...issue(`${pointer}/path/value`, pathFault(path, replacesPrefix(rule.filters))),
    ...checkPairs(queryParams, say('AlbQueryText'), /[A-Z\s#[\]{}\\|<>&"]/, `${pointer}/queryParams`),
    ...checkPairs(cookies, say('AlbCookieText'), /[A-Z\s;#[\]{}\\|<>&"]/, `${pointer}/cookies`),
    ...issue(pointer, tooMany),
  ];
}

function pathFault(path: RouteMatch['path'], isReplaced: boolean): Message | undefined {
  const pattern = isReplaced ? prefixPattern(path.value) : undefined;
  const values = pattern === undefined ? pathValues(path) : [pattern];
  // Assumption about ALB: these are the characters that Alibaba Cloud documents for path patterns of its other
  // gateways.
  const isPattern = pattern !== undefined || path.type === 'RegularExpression';
  const allowed = isPattern ? /^[A-Za-z0-9.\-_/=?~^*$:()[\]+|]+$/ : /^[A-Za-z0-9$_.+/&~@:*-]+$/;
  if (values.some((value) => !allowed.test(value))) {
    return isPattern ? say('AlbPathPattern') : say('AlbPath');
  }
  const length = Math.max(...values.map((value) => value.length));
  return length <= MAX_PATH_LENGTH ? undefined : say('AlbPathLength', { length, most: MAX_PATH_LENGTH });
}

function checkPairs(
  pairs: readonly { name: string; value: string }[],
  message: Message,
  forbidden: RegExp,
  pointer: string,
): Issue[] {
  return pairs.flatMap((pair, index) =>
    (['name', 'value'] as const)
      .filter((field) => forbidden.test(pair[field]))
      .flatMap((field) => issue(`${pointer}/${index}/${field}`, message)),
  );
}

function issue(pointer: string, message: Message | undefined): Issue[] {
  return message === undefined ? [] : [issueAt(pointer, 'unsupported-feature', message)];
}
