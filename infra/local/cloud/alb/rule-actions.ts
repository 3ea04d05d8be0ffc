import { denied, illegal, missing } from '../errors.ts';
import type { Rule, RuleAction, ServerGroupTuple } from './model.ts';
import { checkLength } from './values.ts';

const FINAL = ['ForwardGroup', 'Redirect', 'FixedResponse'];
const RESPONSE = ['FixedResponse', 'InsertHeader', 'RemoveHeader'];
const BASIC_EDITION = ['ForwardGroup', 'Redirect'];
const BASIC_MAX_ACTIONS = 3;
/** Returns the variable that makes a redirect keep a part of the URL, such as ${host}. */
const kept = (part: string) => `\${${part}}`;
const REDIRECT_KEEPS = {
  Host: kept('host'),
  Path: kept('path'),
  Port: kept('port'),
  Protocol: kept('protocol'),
  Query: kept('query'),
};

/** Headers that cannot be inserted, nor removed from requests (npm @alicloud/alb20200616). */
const RESERVED_HEADERS = new Set([
  'slb-id',
  'slb-ip',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-eip',
  'x-forwarded-port',
  'x-forwarded-client-srcport',
  'x-forwarded-host',
  'connection',
  'upgrade',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'te',
  'host',
  'cookie',
  'remoteip',
  'authority',
]);

/** The variables that a path of a redirect or rewrite may hold; `PATH_TEXT` has the other characters. */
const PATH_VARIABLE = /\$\{(?:path|host|protocol|port|[1-3])\}/g;
const PATH_TEXT = /^[A-Za-z0-9$\-_.+/&~@:"*?]*$/;
const CORS_METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'];

/** Checks the actions of a rule. It does not check whether the groups exist. */
export function checkActions(rule: Rule, isBasic: boolean, path: string): void {
  const { RuleActions, Direction } = rule;
  const list = `${path}RuleActions`;
  if (isBasic) checkBasic(rule);
  for (const [index, action] of RuleActions.entries()) {
    const at = `${list}.${index + 1}`;
    if (Direction === 'Response' && !RESPONSE.includes(action.Type)) {
      throw illegal(`${at}.Type`, `${action.Type} cannot act on responses`);
    }
    checkAction(action, at);
  }
  checkOrder(rule, list);
  checkRepetition(rule, list);
  if (RuleActions.some(({ Type }) => Type === 'Rewrite') && !RuleActions.some(({ Type }) => Type === 'ForwardGroup')) {
    throw illegal(list, 'Rewrite needs a ForwardGroup after it');
  }
}

function checkBasic({ RuleActions, Direction }: Rule): void {
  const foreign = RuleActions.find(({ Type }) => !BASIC_EDITION.includes(Type));
  if (Direction === 'Request' && !foreign && RuleActions.length <= BASIC_MAX_ACTIONS) return;
  throw denied('EditionNotSupport', 'The Basic edition has request rules with at most 3 of ForwardGroup and Redirect.');
}

/**
 * Checks the orders: they are unique, and exactly one action is final and has the greatest order. Rules on responses
 * may do without a final action (assumed).
 */
function checkOrder({ RuleActions, Direction }: Rule, path: string): void {
  const orders = RuleActions.map(({ Order }) => Order);
  if (orders.some((order) => order < 1 || order > 50_000)) throw illegal(`${path}.Order`, 'it must be 1 to 50000');
  if (new Set(orders).size < orders.length) throw illegal(`${path}.Order`, 'the orders of a rule must differ');
  const final = RuleActions.filter(({ Type }) => FINAL.includes(Type));
  if (final.length === 0 && Direction === 'Response') return;
  if (final.length !== 1 || final[0]?.Order !== Math.max(...orders)) {
    throw illegal(`${path}.Order`, `exactly one of ${FINAL.join(', ')} must be there and have the greatest order`);
  }
}

/** Throws when a header is inserted or removed twice, or the request is rewritten twice. */
function checkRepetition({ RuleActions }: Rule, path: string): void {
  const parts = RuleActions.flatMap(({ Type, InsertHeaderConfig, RemoveHeaderConfig }) => {
    const key = InsertHeaderConfig?.Key ?? RemoveHeaderConfig?.Key;
    return key !== undefined || Type === 'Rewrite' ? [`${Type} ${key?.toLowerCase() ?? ''}`] : [];
  });
  if (new Set(parts).size < parts.length) throw illegal(path, 'a header, or the request itself, is changed twice');
}

function checkAction(action: RuleAction, at: string): void {
  const name = `${action.Type}Config` as const;
  const foreign = Object.keys(action).find((key) => !['Type', 'Order', name].includes(key));
  if (foreign) throw illegal(`${at}.${foreign}`, `it does not belong to an action of type ${action.Type}`);
  if (!action[name]) throw missing(`${at}.${name}`);
  const path = `${at}.${name}`;
  if (action.ForwardGroupConfig) checkTuples(action.ForwardGroupConfig.ServerGroupTuples, path);
  if (action.TrafficMirrorConfig) checkTuples(action.TrafficMirrorConfig.MirrorGroupConfig?.ServerGroupTuples, path);
  if (action.RedirectConfig) checkRedirect(action.RedirectConfig, path);
  if (action.RewriteConfig) checkRewrite(action.RewriteConfig, path);
  if (action.FixedResponseConfig) checkFixedResponse(action.FixedResponseConfig, path);
  if (action.InsertHeaderConfig) checkInsertHeader(action.InsertHeaderConfig, path);
  if (action.RemoveHeaderConfig) checkHeaderKey(action.RemoveHeaderConfig.Key, 'removed', `${path}.Key`);
  if (action.CorsConfig) checkCors(action.CorsConfig, path);
  if (action.TrafficLimitConfig) checkLimit(action.TrafficLimitConfig, path);
}

function checkTuples(tuples: readonly Partial<ServerGroupTuple>[] | undefined, at: string): void {
  const path = `${at}.ServerGroupTuples`;
  if (!tuples?.length) throw missing(path);
  if (tuples.length > 5) throw illegal(path, 'at most 5 server groups are allowed');
  for (const [index, { ServerGroupId, Weight }] of tuples.entries()) {
    if (ServerGroupId === undefined) throw missing(`${path}.${index + 1}.ServerGroupId`);
    if (Weight === undefined && tuples.length > 1) throw missing(`${path}.${index + 1}.Weight`);
  }
  if (new Set(tuples.map(({ ServerGroupId }) => ServerGroupId)).size < tuples.length) {
    throw illegal(path, 'a server group is given twice');
  }
}

function checkRedirect(config: NonNullable<RuleAction['RedirectConfig']>, path: string): void {
  const names = Object.keys(REDIRECT_KEEPS) as (keyof typeof REDIRECT_KEEPS)[];
  if (names.every((name) => (config[name] ?? REDIRECT_KEEPS[name]) === REDIRECT_KEEPS[name])) {
    throw illegal(path, 'it must change at least one of host, path, port, protocol and query');
  }
  const port = config.Port ?? REDIRECT_KEEPS.Port;
  const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 63_335;
  if (port !== REDIRECT_KEEPS.Port && !isPort) throw illegal(`${path}.Port`, 'it must be 1 to 63335');
  checkUrlParts(config, path);
}

function checkRewrite(config: NonNullable<RuleAction['RewriteConfig']>, path: string): void {
  if (Object.keys(config).length === 0) throw missing(`${path}.Path`);
  checkUrlParts(config, path);
}

function checkUrlParts({ Host, Path, Query }: { Host?: string; Path?: string; Query?: string }, path: string): void {
  if (Host !== undefined) checkLength(Host, 3, 128, `${path}.Host`);
  if (Query !== undefined) checkLength(Query, 1, 128, `${path}.Query`);
  if (Path === undefined) return;
  checkLength(Path, 1, 128, `${path}.Path`);
  if (!Path.startsWith('/') && !Path.startsWith(REDIRECT_KEEPS.Path))
    throw illegal(`${path}.Path`, 'it must begin with "/"');
  if (!PATH_TEXT.test(Path.replace(PATH_VARIABLE, ''))) {
    throw illegal(`${path}.Path`, 'letters, digits, $ - _ . + / & ~ @ : " * ? and variables are allowed');
  }
}

function checkFixedResponse(
  { HttpCode, Content = '' }: Partial<NonNullable<RuleAction['FixedResponseConfig']>>,
  path: string,
): void {
  if (HttpCode === undefined) throw missing(`${path}.HttpCode`);
  if (!/^[245]\d\d$/.test(HttpCode)) throw illegal(`${path}.HttpCode`, 'it must be 2xx, 4xx or 5xx');
  const isAscii = Array.from(Content).every((char) => char.charCodeAt(0) < 128);
  if (Content.length > 1024 || !isAscii) throw illegal(`${path}.Content`, 'at most 1 KB of ASCII is allowed');
}

function checkInsertHeader(
  { Key = '', Value, ValueType }: Partial<NonNullable<RuleAction['InsertHeaderConfig']>>,
  path: string,
): void {
  checkHeaderKey(Key, 'inserted', `${path}.Key`);
  if (ValueType === undefined) throw missing(`${path}.ValueType`);
  checkLength(Value, 1, 128, `${path}.Value`);
  if (ValueType === 'UserDefined' && !/^(?! )[ !#-~]*(?<![ \\])$/.test(Value ?? '')) {
    throw illegal(`${path}.Value`, 'printable ASCII is expected, without ", spaces at the ends and "\\" at the end');
  }
}

/**
 * Checks the key of a header that is inserted or removed. Keys that are reserved in requests are refused for responses
 * as well, which is stricter than the documents.
 */
function checkHeaderKey(key: string, verb: string, path: string): void {
  if (!/^[\w-]{1,40}$/.test(key)) throw illegal(path, '1 to 40 letters, digits, "-" and "_" are expected');
  if (RESERVED_HEADERS.has(key.toLowerCase())) throw illegal(path, `${key} cannot be ${verb}`);
}

/** Checks the settings of CORS. Assumed: origins are required. */
function checkCors(
  { AllowOrigin = [], AllowMethods = [], AllowCredentials, MaxAge = 0 }: NonNullable<RuleAction['CorsConfig']>,
  path: string,
): void {
  if (AllowOrigin.length === 0) throw missing(`${path}.AllowOrigin`);
  const isOrigin = (text: string) => /^https?:\/\/[\w*-]+(\.[\w*-]+)*\.[A-Za-z*]+(:\d{1,5})?$/.test(text);
  if (!AllowOrigin.every(isOrigin) && AllowOrigin.join() !== '*') {
    throw illegal(`${path}.AllowOrigin`, 'only "*", or http:// or https:// with a domain name are allowed');
  }
  const strange = AllowMethods.find((method) => !CORS_METHODS.includes(method));
  if (strange !== undefined) throw illegal(`${path}.AllowMethods`, `${strange} is not allowed`);
  if (!['on', 'off'].includes(AllowCredentials ?? 'off')) throw illegal(`${path}.AllowCredentials`, 'on or off');
  if (MaxAge < -1 || MaxAge > 172_800) throw illegal(`${path}.MaxAge`, 'it must be -1 to 172800');
}

function checkLimit({ QPS, PerIpQps }: NonNullable<RuleAction['TrafficLimitConfig']>, path: string): void {
  if (QPS === undefined && PerIpQps === undefined) throw missing(`${path}.QPS`);
  if ([QPS, PerIpQps].some((qps) => qps !== undefined && (qps < 1 || qps > 1_000_000))) {
    throw illegal(`${path}.QPS`, 'it must be 1 to 1000000');
  }
}
