import type { Issue } from '../../../schemas/problem.ts';
import type { RouteMatch, RouteSpec } from '../../../schemas/route.ts';
import { conditionsOf, countValues, pathValues } from './conditions.ts';

const MAX_VALUES = 10;
const MAX_PATH_LENGTH = 128;

/**
 * What an ALB rule cannot say (ALB OpenAPI 2020-06-16, CreateRules; characters as terraform-provider-alicloud documents them for
 * alicloud_alb_rule). Pointers are relative to the route.
 */
export function check(route: RouteSpec): Issue[] {
  return [
    ...route.hostnames.flatMap((hostname, index) => checkHostname(hostname, `#/hostnames/${index}`)),
    ...route.rules.flatMap((rule, ruleIndex) => [
      ...rule.filters.map((filter, index) =>
        unsupported(`#/rules/${ruleIndex}/filters/${index}`, `filter ${filter.type} is not supported`),
      ),
      ...rule.matches.flatMap((match, index) =>
        checkMatch(match, route.hostnames.length > 0, `#/rules/${ruleIndex}/matches/${index}`),
      ),
    ]),
  ];
}

function checkHostname(hostname: string, pointer: string): Issue[] {
  if (/\.[a-z]+$/.test(hostname)) return [];
  return [unsupported(pointer, 'ALB asks for a host name with a dot, whose last label is letters only')];
}

function checkMatch(match: RouteMatch, hasHostname: boolean, pointer: string): Issue[] {
  const issues = [...checkPath(match.path, `${pointer}/path`), ...checkQuery(match.queryParams, pointer)];
  const conditions = conditionsOf({ hostname: hasHostname ? 'host.example' : undefined, match });
  const values = countValues(conditions);
  if (values > MAX_VALUES) {
    issues.push(unsupported(pointer, `it takes ${values} match values, an ALB rule has at most ${MAX_VALUES}`));
  }
  return issues;
}

function checkPath(path: RouteMatch['path'], pointer: string): Issue[] {
  if (path.type === 'RegularExpression')
    return [unsupported(`${pointer}/type`, 'regular expressions are not supported')];
  if (!/^[A-Za-z0-9$_.+/&~@:-]+$/.test(path.value)) {
    return [unsupported(`${pointer}/value`, 'ALB allows letters, digits and $ - _ . + / & ~ @ : in a path')];
  }
  const tooLong = pathValues(path).some((value) => value.length > MAX_PATH_LENGTH);
  return tooLong ? [unsupported(`${pointer}/value`, `ALB allows ${MAX_PATH_LENGTH} characters in a path`)] : [];
}

function checkQuery(params: RouteMatch['queryParams'], pointer: string): Issue[] {
  return params.flatMap(({ name, value }, index) =>
    [
      { field: 'name', text: name },
      { field: 'value', text: value },
    ]
      .filter(({ text }) => /[A-Z\s#[\]{}\\|<>&"]/.test(text))
      .map(({ field }) =>
        unsupported(
          `${pointer}/queryParams/${index}/${field}`,
          'ALB allows no capital letters, spaces or # [ ] { } \\ | < > & " in a query string condition',
        ),
      ),
  );
}

function unsupported(pointer: string, detail: string): Issue {
  return { pointer, code: 'unsupported-feature', detail };
}
