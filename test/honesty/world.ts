/**
 * Computes where requests go from the objects of the local cloud, as its data planes read them, without any code of the
 * product.
 */

import { isInService, selectRule, serverAddress } from '../../infra/local/cloud/alb/data-plane/select.ts';
import type { CloudState, Listener, Rule, ServerGroup } from '../../infra/local/cloud/alb/model.ts';
import type { ProxyRequest } from '../../infra/local/cloud/data-plane/request.ts';
import { selectRoute } from '../../infra/local/cloud/mse/data-plane/matcher.ts';
import type { Domain, Gateway, MseState, Route, Service } from '../../infra/local/cloud/mse/model.ts';
import { FOREIGN } from '../engine/tamper.ts';
import { ownerOf } from './places.ts';

/** Everything that both clouds have at one moment. */
export interface World {
  listeners: ReadonlySet<string>;
  alb: CloudState;
  mse: ReadonlyMap<string, Gateway>;
  /** Addresses that are known to belong to a cluster; when absent, all are. */
  known?: ReadonlySet<string> | undefined;
}

/** The destinations of a request, by service and cluster; the parts total 1 when none is lost. */
export interface Answer {
  /** True when an object that is not ours takes the request. */
  isForeign: boolean;
  /** Parts by `service/cluster`; the cluster is `nobody` where the address is unknown. */
  parts: Map<string, number>;
}

export function textOf({ listeners, rules, serverGroups }: CloudState, { gateways }: MseState): string {
  return JSON.stringify({
    listeners: [...listeners.keys()],
    rules: [...rules],
    serverGroups: [...serverGroups],
    gateways: [...gateways].map(([id, gateway]) => [
      id,
      {
        ...gateway,
        slbs: undefined,
        domains: [...gateway.domains],
        services: [...gateway.services],
        routes: [...gateway.routes],
      },
    ]),
  });
}

interface Text {
  listeners: string[];
  rules: [string, Rule][];
  serverGroups: [string, ServerGroup][];
  gateways: [
    string,
    Gateway & { domains: [number, Domain][]; services: [number, Service][]; routes: [number, Route][] },
  ][];
}

export function worldOf(text: string): World {
  const { listeners, rules, serverGroups, gateways } = JSON.parse(text) as Text;
  return {
    listeners: new Set(listeners),
    alb: {
      loadBalancers: new Map(),
      listeners: new Map<string, Listener>(),
      serverGroups: new Map(serverGroups),
      rules: new Map(rules),
    },
    mse: new Map(
      gateways.map(([id, gateway]) => [
        id,
        {
          ...gateway,
          domains: new Map(gateway.domains),
          services: new Map(gateway.services),
          routes: new Map(gateway.routes),
        },
      ]),
    ),
  };
}

/** Returns the world of a read that saw rules at one time and pools at another. */
export function composed(rules: World, pools: World): World {
  if (rules === pools) return rules;
  const mse = [...rules.mse].map(([id, gateway]) => {
    const services = pools.mse.get(id)?.services ?? new Map();
    return [id, { ...gateway, services }] as const;
  });
  return { ...rules, alb: { ...rules.alb, serverGroups: pools.alb.serverGroups }, mse: new Map(mse) };
}

/** Returns the world without the objects that somebody else has made. */
export function withoutForeign({ alb, mse, ...rest }: World): World {
  const rules = [...alb.rules].filter(([, { RuleName }]) => !RuleName.startsWith(FOREIGN));
  const gateways = [...mse].map(([id, gateway]) => {
    const routes = [...gateway.routes].filter(([, { Name }]) => !Name.startsWith(FOREIGN));
    return [id, { ...gateway, routes: new Map(routes) }] as const;
  });
  return { ...rest, alb: { ...alb, rules: new Map(rules) }, mse: new Map(gateways) };
}

/**
 * Asks where a request goes. `place` is the listener, or the gateway of MSE; the answer is undefined when nothing there
 * takes the request.
 */
export function ask(world: World, place: string, host: string, path: string): Answer | undefined {
  return place.startsWith('gw-') ? askMse(world, place, host, path) : askAlb(world, place, host, path);
}

function askAlb({ alb, listeners, known }: World, listenerId: string, host: string, path: string): Answer | undefined {
  if (!listeners.has(listenerId)) return undefined;
  const rule = selectRule(alb, listenerId, requestOf(host, path));
  if (rule === undefined) return undefined;
  const forward = rule.RuleActions.find(({ Type }) => Type === 'ForwardGroup')?.ForwardGroupConfig;
  const tuples = forward?.ServerGroupTuples ?? [];
  const total = tuples.reduce((sum, { Weight }) => sum + Weight, 0);
  const parts = new Map<string, number>();
  for (const { ServerGroupId, Weight } of tuples) {
    const servers = (alb.serverGroups.get(ServerGroupId)?.Servers ?? []).filter(isInService);
    const weights = servers.reduce((sum, server) => sum + server.Weight, 0);
    const part = tuples.length === 1 ? 1 : Weight / total;
    if (servers.length === 0) add(parts, 'nobody', part);
    for (const server of servers) add(parts, ownerOf(serverAddress(server), known), (part * server.Weight) / weights);
  }
  return { isForeign: rule.RuleName.startsWith(FOREIGN), parts };
}

function askMse({ mse, known }: World, id: string, host: string, path: string): Answer | undefined {
  const gateway = mse.get(id);
  const match = gateway && selectRoute(gateway, requestOf(host, path));
  if (match === undefined) return undefined;
  const parts = new Map<string, number>();
  const { Services } = match.config;
  for (const { ServiceId, Percent } of Services) {
    const part = Services.length === 1 ? 1 : (Percent ?? 0) / 100;
    const addresses = gateway?.services.get(ServiceId)?.Ips ?? [];
    if (addresses.length === 0) add(parts, 'nobody', part);
    for (const address of addresses) add(parts, ownerOf(address, known), part / addresses.length);
  }
  return { isForeign: match.route.Name.startsWith(FOREIGN), parts };
}

function add(parts: Map<string, number>, owner: string, part: number): void {
  if (part > 0) parts.set(owner, (parts.get(owner) ?? 0) + part);
}

function requestOf(host: string, path: string): ProxyRequest {
  return {
    method: 'GET',
    path,
    query: '',
    host,
    headers: [['host', host]],
    protocol: 'http',
    port: 80,
    clientIp: '192.0.2.1',
    clientPort: 1,
  } as ProxyRequest;
}
