import { NotCarriedError } from '../../data-plane/not-carried.ts';
import { headerValues, type ProxyRequest } from '../../data-plane/request.ts';
import type { Domain, Gateway, Predicates, Route, RouteConfig, TextPredicate } from '../model.ts';

/** A route that matches a request, through the most specific of its domains. */
export interface Match {
  route: Route;
  /** The configuration of the route that is in force. */
  config: RouteConfig;
  domain: Domain;
}

const PATH_KINDS = ['EQUAL', 'PRE', 'ERGULAR'] as const;

/**
 * Returns the route that serves a request, in the order that MSE documents for its console routes: longer domain, path
 * kind (equal, prefix, regular expression), longer path, more headers, more query parameters, older route.
 *
 * Assumed, since no document says it: RouteOrder changes nothing; when no route of an exact domain matches, those of
 * the wildcard domains are asked (as in Higress); a route without domains serves nothing.
 */
export function selectRoute(gateway: Gateway, request: ProxyRequest): Match | undefined {
  return [...gateway.routes.values()]
    .flatMap((route) => match(gateway, route, request) ?? [])
    .toSorted(byPrecedence)
    .at(0);
}

function match(gateway: Gateway, route: Route, request: ProxyRequest): Match | undefined {
  const config = inForce(route);
  if (!config || !meets(config.Predicates, request)) return undefined;
  const domain = config.DomainIds.flatMap((id) => gateway.domains.get(id) ?? [])
    .filter(({ Name }) => matchesHost(Name.toLowerCase(), request.host))
    .toSorted(byDomain)
    .at(0);
  return domain && { route, config, domain };
}

/**
 * Returns the configuration in force. While a route is being published or unpublished, what was published before still
 * serves.
 */
function inForce({ Status, published }: Route): RouteConfig | undefined {
  return Status === 0 || Status === 6 ? undefined : published;
}

function byPrecedence(a: Match, b: Match): number {
  const [x, y] = [a.config.Predicates, b.config.Predicates];
  return (
    byDomain(a.domain, b.domain) ||
    pathKind(x) - pathKind(y) ||
    (y.PathPredicates?.Path.length ?? 0) - (x.PathPredicates?.Path.length ?? 0) ||
    (y.HeaderPredicates?.length ?? 0) - (x.HeaderPredicates?.length ?? 0) ||
    (y.QueryPredicates?.length ?? 0) - (x.QueryPredicates?.length ?? 0) ||
    byText(a.route.GmtCreate, b.route.GmtCreate) ||
    a.route.Id - b.route.Id
  );
}

/**
 * Orders domains, the longer first. An exact name and a wildcard can have the same length, such as `a.b.com` and
 * `*.b.com`; the exact one is first then.
 */
function byDomain(a: Domain, b: Domain): number {
  return b.Name.length - a.Name.length || Number(a.Name.startsWith('*')) - Number(b.Name.startsWith('*'));
}

/** Returns the rank of the path's kind; a route without a path counts as a prefix. */
function pathKind({ PathPredicates }: Predicates): number {
  return PATH_KINDS.indexOf(PathPredicates?.Type ?? 'PRE');
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function matchesHost(name: string, host: string): boolean {
  return name === '*' || name === host || (name.startsWith('*.') && host.endsWith(name.slice(1)));
}

/**
 * Tells whether a request meets all predicates (MSE, create a route). As in Envoy, the path is compared as sent,
 * without the query; repeated headers are one text, joined by commas; of repeated query parameters the first counts,
 * not decoded.
 */
function meets(predicates: Predicates, request: ProxyRequest): boolean {
  const { HeaderPredicates = [], QueryPredicates = [], MethodPredicates = [] } = predicates;
  return (
    (MethodPredicates.length === 0 || MethodPredicates.includes(request.method)) &&
    meetsPath(predicates.PathPredicates, request.path) &&
    HeaderPredicates.every((predicate) => meetsText(predicate, headerText(request, predicate.Key))) &&
    QueryPredicates.every((predicate) => meetsText(predicate, queryParameter(request, predicate.Key)))
  );
}

/** Tells whether a path meets the predicate. Assumed as in Istio: IgnoreCase does not apply to regular expressions. */
function meetsPath(predicate: Predicates['PathPredicates'], path: string): boolean {
  if (!predicate) return true;
  const fold = predicate.IgnoreCase && predicate.Type !== 'ERGULAR';
  return fold
    ? matchesText(predicate.Type, predicate.Path.toLowerCase(), path.toLowerCase())
    : matchesText(predicate.Type, predicate.Path, path);
}

function meetsText({ Type, Value }: TextPredicate, text: string | undefined): boolean {
  return text !== undefined && matchesText(Type, Value, text);
}

/** Compares a text with a value. Assumed as in Envoy: a regular expression must match the whole text. */
function matchesText(type: TextPredicate['Type'], value: string, text: string): boolean {
  switch (type) {
    case 'EQUAL':
      return text === value;
    case 'PRE':
      return text.startsWith(value);
    case 'ERGULAR':
      return expression(`^(?:${value})$`).test(text);
  }
}

/** Returns a regular expression. Throws a `NotCarriedError` when JavaScript does not accept it. */
export function expression(source: string, flags = ''): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    throw new NotCarriedError(`the regular expression ${source}`);
  }
}

export function headerText(request: ProxyRequest, name: string): string | undefined {
  const values = headerValues(request.headers, name);
  return values.length === 0 ? undefined : values.join(',');
}

export function queryParameter(request: ProxyRequest, name: string): string | undefined {
  for (const pair of request.query.split('&')) {
    const [key, ...value] = pair.split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}
