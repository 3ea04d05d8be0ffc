import type { FilterOf, RouteFilter } from '../../../../schemas/filter.ts';
import { type Message, say } from '../../../../schemas/messages/index.ts';
import type { RouteRule } from '../../../../schemas/route.ts';
import { KEPT } from '../actions.ts';
import { actionsOf } from './filters.ts';
import { headerNameFault, headerValueFault, hostnameFault, originFault } from './texts.ts';

/** The highest port of a redirect (npm @alicloud/alb20200616, RedirectConfig). */
const MAX_REDIRECT_PORT = 63_335;

interface Fault {
  pointer: string;
  message: Message;
}

/** Returns what an ALB action cannot express of a filter. `pointer` is the position of the filter. */
export function checkFilters(filter: RouteFilter, rule: RouteRule, pointer: string): Fault[] {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return checkHeaders(filter, pointer);
    case 'URLRewrite':
      return checkRewrite(filter, rule, pointer);
    case 'RequestRedirect':
      return checkRedirect(filter, rule, pointer);
    case 'CORS':
      return checkOrigins(filter, pointer);
    default:
      return [];
  }
}

function checkHeaders({ set, remove }: FilterOf<'RequestHeaderModifier'>, pointer: string): Fault[] {
  const names = set.map(({ name }) => name.toLowerCase());
  const twice = (name: string, index: number) =>
    names.indexOf(name.toLowerCase()) < index ? say('AlbHeaderOnce') : undefined;
  return [
    ...set.flatMap(({ name, value }, index) => [
      ...fault(`${pointer}/set/${index}/name`, headerNameFault(name) ?? twice(name, index)),
      ...fault(`${pointer}/set/${index}/value`, headerValueFault(value)),
    ]),
    ...remove.flatMap((name, index) => fault(`${pointer}/remove/${index}`, headerNameFault(name))),
  ];
}

function checkRewrite({ hostname }: FilterOf<'URLRewrite'>, { filters }: RouteRule, pointer: string): Fault[] {
  const isForwarded = !filters.some(({ type }) => type === 'RequestRedirect' || type === 'DirectResponse');
  return [
    ...fault(pointer, isForwarded ? undefined : say('AlbForwardedOnly')),
    ...fault(`${pointer}/hostname`, hostname === undefined ? undefined : hostnameFault(hostname)),
  ];
}

function checkRedirect(filter: FilterOf<'RequestRedirect'>, { matches }: RouteRule, pointer: string): Fault[] {
  const { hostname, port = 0, scheme } = filter;
  const tooHigh = say('AlbRedirectPort', { most: MAX_REDIRECT_PORT });
  const leadsBack = matches.some((match) => {
    const [action] = actionsOf({ match, filters: [filter], backends: [] }, (pool) => pool);
    const { HttpCode: _, ...parts } = action?.RedirectConfig ?? {};
    return Object.values(parts).every((part) => Object.values(KEPT).includes(part));
  });
  return [
    ...fault(`${pointer}/scheme`, scheme === 'http' ? say('AlbNoHttpRedirect') : undefined),
    ...fault(`${pointer}/hostname`, hostname === undefined ? undefined : hostnameFault(hostname)),
    ...fault(`${pointer}/port`, port > MAX_REDIRECT_PORT ? tooHigh : undefined),
    ...fault(`${pointer}/path`, leadsBack ? say('LeadsToItself') : undefined),
  ];
}

function checkOrigins({ allowOrigins }: FilterOf<'CORS'>, pointer: string): Fault[] {
  const mixed = allowOrigins.includes('*') && allowOrigins.length > 1;
  return [
    ...fault(`${pointer}/allowOrigins`, mixed ? say('AlbOriginAlone') : undefined),
    ...allowOrigins.flatMap((origin, index) => fault(`${pointer}/allowOrigins/${index}`, originFault(origin))),
  ];
}

function fault(pointer: string, message: Message | undefined): Fault[] {
  return message === undefined ? [] : [{ pointer, message }];
}
