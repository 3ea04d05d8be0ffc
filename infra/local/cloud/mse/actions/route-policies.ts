import { notCarried } from '../../errors.ts';
import { type Action, checkOurs, routeById, timeText, writing } from '../context.ts';
import type { RoutePolicies } from '../model.ts';
import { toCors, toHeaderOp, toHttpRewrite, toRetry, toTimeout, upperCamel } from '../policies.ts';

/**
 * Functions that read a policy, by its key in `Policies` of AddGatewayRoute. Each checks one policy; the table has
 * checked the types of its members.
 */
const POLICIES: Readonly<Record<string, (input: unknown) => RoutePolicies>> = {
  Timeout: (input) => ({ Timeout: toTimeout(typed(input)) }),
  Retry: (input) => ({ Retry: toRetry(typed(input)) }),
  CORS: (input) => ({ Cors: toCors(typed(input)) }),
  HeaderOp: (input) => ({ HeaderOp: toHeaderOp(typed(input)) }),
  HTTPRewrite: (input) => ({ HttpRewrite: toHttpRewrite(typed(input)) }),
};

/**
 * Converts the names of members to upper camel case. The table has checked names and types; `T` repeats that for the
 * compiler.
 */
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

/** Returns an action that sets one policy of a route, which is in force at once, without another publish (assumed). */
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
