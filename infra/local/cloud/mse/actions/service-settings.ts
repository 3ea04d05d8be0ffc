import { type Action, serviceById, writing } from '../context.ts';
import { invalid } from '../errors.ts';
import type { HealthCheck, TrafficPolicy } from '../model.ts';

type CheckInput = Partial<HealthCheck> & { ServiceId: number };

/** Updates the health check of a service; members that the input leaves out stay. */
const updateGatewayServiceCheck = writing((_, gateway, input: CheckInput) => {
  const service = serviceById(gateway, input.ServiceId);
  const names = [
    'Check',
    'Protocol',
    'Interval',
    'Timeout',
    'HealthyThreshold',
    'UnhealthyThreshold',
    'HttpPath',
    'HttpHost',
    'ExpectedStatuses',
  ] as const;
  const sent = names.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]);
  const check: HealthCheck = { ...service.HealthCheck, ...Object.fromEntries(sent) };
  if (check.Protocol === 'HTTP') {
    if (!check.HttpPath?.startsWith('/')) throw invalid('HttpPath', 'HTTP checks need a path that begins with "/"');
    if (!check.ExpectedStatuses?.length) throw invalid('ExpectedStatuses', 'HTTP checks need it');
  }
  service.HealthCheck = check;
  return service.Id;
});

type Settings = NonNullable<TrafficPolicy['LoadBalancerSettings']>;
type HashConfig = NonNullable<Settings['ConsistentHashLBConfig']>;
type Cookie = NonNullable<HashConfig['HttpCookie']>;

/** The policy as requests carry it: the TTL of the cookie is a text. */
interface PolicyInput extends Omit<TrafficPolicy, 'LoadBalancerSettings'> {
  LoadBalancerSettings?: Omit<Settings, 'ConsistentHashLBConfig'> & {
    ConsistentHashLBConfig?: Omit<HashConfig, 'HttpCookie'> & { HttpCookie?: Omit<Cookie, 'TTL'> & { TTL?: string } };
  };
}

interface TrafficInput {
  ServiceId: number;
  GatewayTrafficPolicy: PolicyInput;
}

/** Replaces each of the two settings that is given, as a whole. */
const updateGatewayServiceTrafficPolicy = writing((_, gateway, input: TrafficInput) => {
  const service = serviceById(gateway, input.ServiceId);
  const { LoadBalancerSettings, TlsSetting } = input.GatewayTrafficPolicy;
  service.TrafficPolicy = {
    ...service.TrafficPolicy,
    ...(LoadBalancerSettings === undefined ? {} : { LoadBalancerSettings: toSettings(LoadBalancerSettings) }),
    ...(TlsSetting === undefined ? {} : { TlsSetting }),
  };
  const { Id, Name, SourceType, TrafficPolicy: GatewayTrafficPolicy } = service;
  return { Id, Name, SourceType, GatewayUniqueId: gateway.GatewayUniqueId, GatewayTrafficPolicy };
});

function toSettings(input: NonNullable<PolicyInput['LoadBalancerSettings']>): Settings {
  const { ConsistentHashLBConfig: hash, ...rest } = input;
  if (rest.LoadbalancerType !== 'CONSISTENT_HASH') {
    if (hash !== undefined) throw invalid('ConsistentHashLBConfig', 'only CONSISTENT_HASH has it');
    return rest;
  }
  if (hash === undefined) throw invalid('ConsistentHashLBConfig', 'CONSISTENT_HASH needs it');
  const { HttpCookie, ...config } = hash;
  const type = config.ConsistentHashLBType;
  if ((type === 'HEADER' || type === 'QUERY_PARAMETER') && !config.ParameterName) {
    throw invalid('ParameterName', `${type} needs it`);
  }
  if (type !== 'COOKIE') return { ...rest, ConsistentHashLBConfig: config };
  if (HttpCookie === undefined) throw invalid('HttpCookie', 'COOKIE needs it');
  return { ...rest, ConsistentHashLBConfig: { ...config, HttpCookie: toCookie(HttpCookie) } };
}

function toCookie({ TTL, ...cookie }: Omit<Cookie, 'TTL'> & { TTL?: string }): Cookie {
  if (TTL === undefined) return cookie;
  if (!/^\d{1,9}$/.test(TTL)) throw invalid('TTL', 'it is a number of seconds, as a text');
  return { ...cookie, TTL: Number(TTL) };
}

export const serviceSettingActions: Record<string, Action> = {
  UpdateGatewayServiceCheck: updateGatewayServiceCheck,
  UpdateGatewayServiceTrafficPolicy: updateGatewayServiceTrafficPolicy,
};
