import { notCarried } from '../../errors.ts';
import { type Action, checkOurs, routeById, timeText, writing } from '../context.ts';
import type { RoutePolicies } from '../model.ts';
import { toCors, toHeaderOp, toHttpRewrite, toRetry, toTimeout, upperCamel } from '../policies.ts';

/** By the key in `Policies` of AddGatewayRoute. Each checks one policy, whose members the table has given their types. */
const POLICIES: Readonly<Record<string, (input: unknown) => RoutePolicies>> = {
  Timeout: (input) => ({ Timeout: toTimeout(typed(input)) }),
  Retry: (input) => ({ Retry: toRetry(typed(input)) }),
  CORS: (input) => ({ Cors: toCors(typed(input)) }),
  HeaderOp: (input) => ({ HeaderOp: toHeaderOp(typed(input)) }),
  HTTPRewrite: (input) => ({ HttpRewrite: toHttpRewrite(typed(input)) }),
};

/** In upper camel case. The table has checked names and types of the members, the type only repeats it. */
function typed<T>(input: unknown): T {
  return upperCamel(input) as T;
}

function toPolicy(key: string, input: unknown): RoutePolicies {
  const read = POLICIES[key];
  if (!read) throw notCarried(`the policy ${key} of routes`);
  return read(input);
}

export function toPolicies(policies: Readonly<Record<string, unknown>>): RoutePolicies {
  return Object.assign({}, ...Object.entries(policies).map(([key, input]) => toPolicy(key, input)));
}

/** In force at once, without another publish (assumed). */
function updating(key: string, parameter: string): Action {
  return writing((context, gateway, input: { Id: number; [parameter: string]: unknown }) => {
    const route = routeById(gateway, input.Id);
    checkOurs('route', route);
    Object.assign(route.policies, toPolicy(key, input[parameter]));
    route.GmtModified = timeText(context);
    return route.Id;
  });
}

export const routePolicyActions: Record<string, Action> = {
  UpdateGatewayRouteTimeout: updating('Timeout', 'TimeoutJSON'),
  UpdateGatewayRouteRetry: updating('Retry', 'RetryJSON'),
  UpdateGatewayRouteCORS: updating('CORS', 'CorsJSON'),
  UpdateGatewayRouteHeaderOp: updating('HeaderOp', 'HeaderOpJSON'),
  UpdateGatewayRouteHTTPRewrite: updating('HTTPRewrite', 'HttpRewriteJSON'),
};
