import type { RuleAction, ServerGroupTuple } from '../model.ts';
import { headerValues, type ProxyRequest, withHeader, withoutHeader } from './request.ts';

/** What a rule makes of a request: pass it on, maybe changed, or answer it here. */
export type Outcome =
  | { kind: 'forward'; tuples: readonly ServerGroupTuple[]; request: ProxyRequest }
  | { kind: 'answer'; status: number; headers: Record<string, string>; body: string };

export interface ActionContext {
  ruleId: string;
  loadBalancerId: string;
  listenerPort: number;
  /** Whether one more request within this second is allowed. */
  admit(key: string, requestsPerSecond: number): boolean;
}

/** The configuration is valid at ALB, but this data plane does not carry it; the client gets a 501 that says so. */
export class NotCarriedError extends Error {
  constructor(feature: string) {
    super(`the local data plane does not carry ${feature}`);
    this.name = 'NotCarriedError';
  }
}

/** Runs the actions by ascending Order; throws a NotCarriedError. */
export function act(actions: readonly RuleAction[], request: ProxyRequest, context: ActionContext): Outcome {
  let current = request;
  for (const action of actions.toSorted((a, b) => a.Order - b.Order)) {
    const result = step(action, current, context);
    if ('kind' in result) return result;
    current = result;
  }
  throw new NotCarriedError('a rule without a final action');
}

/** A final action gives the outcome, any other the changed request. */
function step(action: RuleAction, request: ProxyRequest, context: ActionContext): Outcome | ProxyRequest {
  switch (action.Type) {
    case 'ForwardGroup':
      if (action.ForwardGroupConfig?.ServerGroupStickySession?.Enabled) throw new NotCarriedError('group stickiness');
      return { kind: 'forward', tuples: action.ForwardGroupConfig?.ServerGroupTuples ?? [], request };
    case 'FixedResponse':
      return fixedResponse(action.FixedResponseConfig);
    case 'Redirect':
      return redirect(action.RedirectConfig ?? {}, request);
    case 'Rewrite':
      return rewrite(action.RewriteConfig ?? {}, request);
    case 'InsertHeader':
      return insertHeader(action.InsertHeaderConfig, request, context);
    case 'RemoveHeader':
      return { ...request, headers: withoutHeader(request.headers, action.RemoveHeaderConfig?.Key ?? '') };
    case 'TrafficLimit':
      return limit(action.TrafficLimitConfig ?? {}, request, context);
    case 'TrafficMirror':
    case 'Cors':
      throw new NotCarriedError(`the action ${action.Type}`);
  }
}

function fixedResponse(config: RuleAction['FixedResponseConfig']): Outcome {
  return {
    kind: 'answer',
    status: Number(config?.HttpCode ?? 200),
    headers: { 'content-type': config?.ContentType ?? 'text/plain' },
    body: config?.Content ?? '',
  };
}

function redirect(config: NonNullable<RuleAction['RedirectConfig']>, request: ProxyRequest): Outcome {
  const protocol = (expand(config.Protocol, request) ?? request.protocol).toLowerCase();
  const host = expand(config.Host, request) ?? request.host;
  const port = expand(config.Port, request) ?? String(request.port);
  const path = expand(config.Path, request) ?? request.path;
  const query = expand(config.Query, request) ?? request.query;
  const authority = port === (protocol === 'https' ? '443' : '80') ? host : `${host}:${port}`;
  return {
    kind: 'answer',
    status: Number(config.HttpCode ?? 301),
    headers: { location: `${protocol}://${authority}${path}${query && `?${query}`}` },
    body: '',
  };
}

function rewrite(config: NonNullable<RuleAction['RewriteConfig']>, request: ProxyRequest): ProxyRequest {
  const host = expand(config.Host, request) ?? request.host;
  return {
    ...request,
    host,
    path: expand(config.Path, request) ?? request.path,
    query: expand(config.Query, request) ?? request.query,
    headers: host === request.host ? request.headers : withHeader(request.headers, 'host', host),
  };
}

function expand(template: string | undefined, request: ProxyRequest): string | undefined {
  const values: Record<string, string> = {
    protocol: request.protocol,
    host: request.host,
    port: String(request.port),
    path: request.path,
    query: request.query,
  };
  return template?.replace(/\$\{([^}]*)\}/g, (placeholder, name) => {
    const value = values[name];
    if (value === undefined) throw new NotCarriedError(`the placeholder ${placeholder}`);
    return value;
  });
}

function insertHeader(
  config: RuleAction['InsertHeaderConfig'],
  request: ProxyRequest,
  context: ActionContext,
): ProxyRequest {
  if (!config) return request;
  const present = headerValues(request.headers, config.Key).length > 0;
  if (present && config.CoverEnabled === false) return request;
  return { ...request, headers: withHeader(request.headers, config.Key, headerValue(config, request, context)) };
}

function headerValue(
  config: NonNullable<RuleAction['InsertHeaderConfig']>,
  request: ProxyRequest,
  context: ActionContext,
): string {
  if (config.ValueType === 'ReferenceHeader') return headerValues(request.headers, config.Value).join(', ');
  if (config.ValueType !== 'SystemDefined') return config.Value;
  switch (config.Value) {
    case 'ClientSrcPort':
      return String(request.clientPort);
    case 'ClientSrcIp':
      return request.clientIp;
    case 'Protocol':
      return request.protocol.toUpperCase();
    case 'SLBId':
      return context.loadBalancerId;
    case 'SLBPort':
      return String(context.listenerPort);
    default:
      throw new NotCarriedError(`the system header ${config.Value}`);
  }
}

function limit(
  config: NonNullable<RuleAction['TrafficLimitConfig']>,
  request: ProxyRequest,
  context: ActionContext,
): Outcome | ProxyRequest {
  const admitted =
    (config.PerIpQps === undefined || context.admit(`${context.ruleId}/${request.clientIp}`, config.PerIpQps)) &&
    (config.QPS === undefined || context.admit(context.ruleId, config.QPS));
  if (admitted) return request;
  return { kind: 'answer', status: 503, headers: { 'ALB-QPS-Limited': 'Limited' }, body: '' };
}
