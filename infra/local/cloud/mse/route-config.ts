import { notCarried } from '../errors.ts';
import { domainById, serviceById } from './context.ts';
import { invalid } from './errors.ts';
import type { Gateway, Predicates, RouteConfig, RouteService, TextPredicate } from './model.ts';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT'];

/** Match and destination, as AddGatewayRoute and UpdateGatewayRoute take them. */
export interface RouteInput {
  DomainIdListJSON: number[];
  Predicates: Predicates;
  DestinationType: RouteConfig['DestinationType'];
  Services?: RouteService[];
  Fallback?: boolean;
  FallbackServices?: RouteService[];
  DirectResponseJSON?: { Code: number; Body?: string };
  RedirectJSON?: { Code: number; Host?: string; Path?: string };
  EnableWaf?: boolean;
}

/**
 * Checks the input against the gateway and returns the configuration. What the input leaves out, the route does not
 * have.
 */
export function toConfig(gateway: Gateway, input: RouteInput): RouteConfig {
  const { DestinationType, DirectResponseJSON, RedirectJSON } = input;
  if (DestinationType === 'VersionOriented') throw notCarried('destinations of type VersionOriented');
  if (input.EnableWaf) throw notCarried('the web application firewall of routes');
  checkDomains(gateway, input.DomainIdListJSON);
  checkPredicates(input.Predicates);
  const { Services = [], FallbackServices = [] } = input;
  checkServices(gateway, DestinationType, Services);
  const Fallback = input.Fallback ?? false;
  if (Fallback) checkFallback(gateway, Services, FallbackServices);
  if (!Fallback && FallbackServices.length > 0) throw invalid('FallbackServices', 'Fallback is not true');
  checkOnly(DestinationType, 'Mock', 'DirectResponseJSON', DirectResponseJSON);
  checkOnly(DestinationType, 'Redirect', 'RedirectJSON', RedirectJSON);
  if (RedirectJSON && !RedirectJSON.Host && !RedirectJSON.Path) throw invalid('RedirectJSON', 'it has no target');
  return {
    DomainIds: input.DomainIdListJSON,
    Predicates: input.Predicates,
    DestinationType,
    Services: Services.map(toRouteService),
    Fallback,
    FallbackServices: FallbackServices.map(toRouteService),
    ...(DirectResponseJSON === undefined ? {} : { DirectResponse: { Body: '', ...DirectResponseJSON } }),
    ...(RedirectJSON === undefined ? {} : { Redirect: RedirectJSON }),
  };
}

/**
 * Returns the fields to keep. Names and other fields that come with the id are dropped, because reads take them from
 * the service.
 */
function toRouteService({ ServiceId, ServicePort, Percent }: RouteService): RouteService {
  return {
    ServiceId,
    ...(ServicePort === undefined ? {} : { ServicePort }),
    ...(Percent === undefined ? {} : { Percent }),
  };
}

function checkDomains(gateway: Gateway, ids: readonly number[]): void {
  if (ids.length === 0) throw invalid('DomainIdListJSON', 'a route needs a domain');
  if (new Set(ids).size < ids.length) throw invalid('DomainIdListJSON', 'a domain is given twice');
  for (const id of ids) domainById(gateway, id);
}

function checkPredicates({ PathPredicates, MethodPredicates, HeaderPredicates, QueryPredicates }: Predicates): void {
  if (PathPredicates) {
    const { Path, Type } = PathPredicates;
    if (Type === 'ERGULAR') checkRegex(Path);
    else if (!Path.startsWith('/')) throw invalid('PathPredicates.Path', 'it must begin with "/"');
  }
  const unknown = MethodPredicates?.find((method) => !METHODS.includes(method));
  if (unknown !== undefined) throw invalid('MethodPredicates', `${unknown} is no method`);
  for (const predicate of [...(HeaderPredicates ?? []), ...(QueryPredicates ?? [])]) checkText(predicate);
}

function checkText({ Key, Value, Type }: TextPredicate): void {
  if (Key === '') throw invalid('Key', 'it is empty');
  if (Type === 'ERGULAR') checkRegex(Value);
}

/**
 * Checks that both RE2, which the gateway uses, and JavaScript, which the local data plane uses, accept the pattern.
 */
export function checkRegex(pattern: string): void {
  if (/\(\?(<?[=!])|\\[1-9]|\\k</.test(pattern)) throw invalid('ERGULAR', `${pattern} is no expression of RE2`);
  try {
    new RegExp(pattern);
  } catch {
    throw invalid('ERGULAR', `${pattern} is no regular expression`);
  }
}

function checkServices(
  gateway: Gateway,
  type: RouteConfig['DestinationType'],
  services: readonly RouteService[],
): void {
  const ids = new Set(services.map(({ ServiceId }) => ServiceId));
  for (const id of ids) serviceById(gateway, id);
  if (type === 'Multiple') {
    if (ids.size < 2 || ids.size < services.length) throw invalid('Services', 'Multiple needs two distinct services');
    const total = services.reduce((sum, { Percent = 0 }) => sum + Percent, 0);
    const allHave = services.every(({ Percent }) => Percent !== undefined);
    if (!allHave || total !== 100) throw invalid('Services', `their Percent must total 100, not ${total}`);
    return;
  }
  const count = type === 'Single' ? 1 : 0;
  if (services.length !== count) throw invalid('Services', `${type} has ${count}`);
  if (services.some(({ Percent }) => Percent !== undefined)) throw invalid('Percent', `${type} has none`);
}

/** Checks a fallback, which is only possible between HTTP services (MSE user guide, create a route). */
function checkFallback(gateway: Gateway, services: readonly RouteService[], fallbacks: readonly RouteService[]): void {
  if (services.length === 0) throw invalid('Fallback', 'the route has no service to fall back from');
  const [fallback, ...others] = fallbacks;
  if (fallback === undefined || others.length > 0) throw invalid('FallbackServices', 'Fallback needs one service');
  if (fallback.Percent !== undefined) throw invalid('Percent', 'a service to fall back to has none');
  for (const { ServiceId } of [...services, fallback]) {
    if (serviceById(gateway, ServiceId).ServiceProtocol !== 'HTTP') {
      throw invalid('Fallback', `the protocol of the service ${ServiceId} is not HTTP`);
    }
  }
}

/** Throws unless the member is given exactly for its own type of destination. */
function checkOnly(type: string, ownType: string, name: string, value: unknown): void {
  if (type === ownType && value === undefined) throw invalid(name, `${ownType} needs it`);
  if (type !== ownType && value !== undefined) throw invalid(name, `only ${ownType} has it`);
}
