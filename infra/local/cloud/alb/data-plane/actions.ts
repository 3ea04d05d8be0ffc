import { NotCarriedError } from '../../data-plane/not-carried.ts';
import { type Header, headerValues, type ProxyRequest, withHeader, withoutHeader } from '../../data-plane/request.ts';
import type { RuleAction, ServerGroupTuple } from '../model.ts';
import { answerHeaders, isPreflight, preflightHeaders } from './cors.ts';

/** A copy of a request that is sent to mirror servers, whose answers do not matter. */
export interface Copy {
  tuples: readonly ServerGroupTuple[];
  request: ProxyRequest;
}

/** The effects of the actions on a request so far. */
interface Passage {
  request: ProxyRequest;
  copies: readonly Copy[];
  /** Headers that are set in the answer, no matter who gives it. */
  answerHeaders: readonly Header[];
}

/** The result of a rule's actions: the request, possibly changed, is passed on, or it is answered here. */
export type Outcome = Passage & Final;

type Final =
  | { kind: 'forward'; tuples: readonly ServerGroupTuple[] }
  | { kind: 'answer'; status: number; headers: readonly Header[]; body: string };

export interface ActionContext {
  ruleId: string;
  loadBalancerId: string;
  listenerPort: number;
  /** The texts that the groups of the path's regular expression have captured, in order. */
  captures: readonly string[];
  /** Tells whether one more request with this key is allowed within the current second. */
  admit(key: string, requestsPerSecond: number): boolean;
}

/** Runs the actions by ascending `Order`. Throws a `NotCarriedError`. */
export function act(actions: readonly RuleAction[], request: ProxyRequest, context: ActionContext): Outcome {
  let passage: Passage = { request, copies: [], answerHeaders: [] };
  for (const action of actions.toSorted((a, b) => a.Order - b.Order)) {
    const result = step(action, passage, context);
    if ('kind' in result) return { ...passage, ...result };
    passage = { ...passage, ...result };
  }
  throw new NotCarriedError('a rule without a final action');
}

/** Runs one action. A final action, or one that refuses the request, ends the passage; any other changes it. */
function step(action: RuleAction, { request, copies }: Passage, context: ActionContext): Final | Partial<Passage> {
  switch (action.Type) {
    case 'ForwardGroup':
      if (action.ForwardGroupConfig?.ServerGroupStickySession?.Enabled) throw new NotCarriedError('group stickiness');
      return { kind: 'forward', tuples: action.ForwardGroupConfig?.ServerGroupTuples ?? [] };
    case 'FixedResponse':
      return fixedResponse(action.FixedResponseConfig);
    case 'Redirect':
      return redirect(action.RedirectConfig ?? {}, request, context);
    case 'Rewrite':
      return { request: rewrite(action.RewriteConfig ?? {}, request, context) };
    case 'InsertHeader':
      return { request: insertHeader(action.InsertHeaderConfig, request, context) };
    case 'RemoveHeader':
      return {
        request: { ...request, headers: withoutHeader(request.headers, action.RemoveHeaderConfig?.Key ?? '') },
      };
    case 'TrafficLimit':
      return limit(action.TrafficLimitConfig ?? {}, request, context);
    case 'TrafficMirror': {
      const tuples = action.TrafficMirrorConfig?.MirrorGroupConfig.ServerGroupTuples ?? [];
      return { copies: [...copies, { tuples, request }] };
    }
    case 'Cors':
      return cors(action.CorsConfig ?? {}, request);
  }
}

/** Handles CORS. Assumed: a preflight is answered with 200 and no body. */
function cors(config: NonNullable<RuleAction['CorsConfig']>, request: ProxyRequest): Final | Partial<Passage> {
  if (!isPreflight(request)) return { answerHeaders: answerHeaders(config, request) };
  return { kind: 'answer', status: 200, headers: preflightHeaders(config, request), body: '' };
}

function fixedResponse(config: RuleAction['FixedResponseConfig']): Final {
  return {
    kind: 'answer',
    status: Number(config?.HttpCode ?? 200),
    headers: [['content-type', config?.ContentType ?? 'text/plain']],
    body: config?.Content ?? '',
  };
}

function redirect(
  config: NonNullable<RuleAction['RedirectConfig']>,
  request: ProxyRequest,
  { captures }: ActionContext,
): Final {
  const part = (template: string | undefined, kept: string) => expand(template, request, captures) ?? kept;
  const protocol = part(config.Protocol, request.protocol).toLowerCase();
  const host = part(config.Host, request.host);
  const port = part(config.Port, String(request.port));
  const path = part(config.Path, request.path);
  const query = part(config.Query, request.query);
  const authority = port === (protocol === 'https' ? '443' : '80') ? host : `${host}:${port}`;
  return {
    kind: 'answer',
    status: Number(config.HttpCode ?? 301),
    headers: [['location', `${protocol}://${authority}${path}${query && `?${query}`}`]],
    body: '',
  };
}

function rewrite(
  config: NonNullable<RuleAction['RewriteConfig']>,
  request: ProxyRequest,
  { captures }: ActionContext,
): ProxyRequest {
  const part = (template: string | undefined, kept: string) => expand(template, request, captures) ?? kept;
  const host = part(config.Host, request.host);
  return {
    ...request,
    host,
    path: part(config.Path, request.path),
    query: part(config.Query, request.query),
    headers: host === request.host ? request.headers : withHeader(request.headers, 'host', host),
  };
}

function expand(template: string | undefined, request: ProxyRequest, captures: readonly string[]): string | undefined {
  const values: Record<string, string> = {
    protocol: request.protocol,
    host: request.host,
    port: String(request.port),
    path: request.path,
    query: request.query,
    ...Object.fromEntries(captures.map((text, index) => [index + 1, text])),
  };
  return template?.replace(/\$\{([^}]*)\}/g, (placeholder, name) => {
    const value = values[name];
    if (value === undefined) throw new NotCarriedError(`the placeholder ${placeholder}`);
    return value;
  });
}

/**
 * Inserts a header into the request. Assumed: a header that is not overwritten stays as it is. The documents give false
 * as the default of CoverEnabled.
 */
function insertHeader(
  config: RuleAction['InsertHeaderConfig'],
  request: ProxyRequest,
  context: ActionContext,
): ProxyRequest {
  if (!config) return request;
  const present = headerValues(request.headers, config.Key).length > 0;
  if (present && !config.CoverEnabled) return request;
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
): Final | Partial<Passage> {
  const admitted =
    (config.PerIpQps === undefined || context.admit(`${context.ruleId}/${request.clientIp}`, config.PerIpQps)) &&
    (config.QPS === undefined || context.admit(context.ruleId, config.QPS));
  if (admitted) return {};
  return { kind: 'answer', status: 503, headers: [['ALB-QPS-Limited', 'Limited']], body: '' };
}
