import type { LocalCloud } from '../../infra/local/cloud/server.ts';
import { FOREIGN, shadowRoute, shadowRule } from '../engine/tamper.ts';
import type { Prng } from '../sim/prng.ts';
import { type GatewayName, ownerOf } from './places.ts';
import type { Plane } from './plane.ts';

/**
 * An edit that somebody makes at a gateway in the console of the cloud, without telling anyone. It is undefined where
 * there is nothing to edit.
 */
export interface Hand {
  name: string;
  /** Makes the edit; returns how to undo it where nobody else will. */
  make(hand: Reach): (() => void) | 'done' | undefined;
}

interface Reach {
  cloud: LocalCloud;
  /** The id of the listener, or of the gateway of MSE. */
  place: string;
  prng: Prng;
}

const ALB: readonly Hand[] = [
  {
    name: 'takes the tags off a server group',
    make: (reach) => {
      const group = pickOf(reach.prng, groupsOf(reach));
      if (group === undefined) return undefined;
      group.Tags = [];
      return 'done';
    },
  },
  {
    name: 'deletes a rule',
    make: (reach) => {
      const rule = pickOf(reach.prng, rulesOf(reach));
      return rule && reach.cloud.state.rules.delete(rule.RuleId) ? 'done' : undefined;
    },
  },
  {
    name: 'edits weights',
    make: ({ prng, ...reach }) => {
      const group = pickOf(
        prng,
        groupsOf({ prng, ...reach }).filter(({ Servers }) => Servers.length > 1),
      );
      const server = group && prng.pick(group.Servers);
      if (server === undefined) return undefined;
      server.Weight = server.Weight === 0 ? 90 : 0;
      return 'done';
    },
  },
  {
    name: 'makes a rule that shadows',
    make: (reach) => {
      const rule = pickOf(reach.prng, rulesOf(reach));
      return rule && shadowRule(reach.cloud.state, rule);
    },
  },
];

const MSE: readonly Hand[] = [
  {
    name: 'deletes a route',
    make: (reach) => {
      const route = pickOf(reach.prng, routesOf(reach));
      return route && gatewayOf(reach)?.routes.delete(route.Id) ? 'done' : undefined;
    },
  },
  {
    name: 'deletes a service and the routes to it',
    make: (reach) => {
      const gateway = gatewayOf(reach);
      const route = pickOf(reach.prng, routesOf(reach));
      const id = route?.config.Services[0]?.ServiceId;
      if (gateway === undefined || id === undefined) return undefined;
      for (const { Id, config } of gateway.routes.values()) {
        if (config.Services.some(({ ServiceId }) => ServiceId === id)) gateway.routes.delete(Id);
      }
      gateway.services.delete(id);
      return 'done';
    },
  },
  {
    name: 'takes a route offline',
    make: (reach) => {
      const route = pickOf(
        reach.prng,
        routesOf(reach).filter(({ Status }) => Status === 3),
      );
      if (route === undefined) return undefined;
      route.Status = 0;
      delete route.published;
      return 'done';
    },
  },
  {
    name: 'edits percentages',
    make: (reach) => {
      const route = pickOf(
        reach.prng,
        routesOf(reach).filter(({ config, Status }) => Status === 3 && config.Services.length > 1),
      );
      if (route === undefined) return undefined;
      const count = route.config.Services.length;
      for (const config of [route.config, route.published]) {
        config?.Services.forEach((service, index) => {
          service.Percent = index === 0 ? 100 - (count - 1) : 1;
        });
      }
      return 'done';
    },
  },
  {
    name: 'moves a service to other addresses',
    make: (reach) => {
      const services = [...(gatewayOf(reach)?.services.values() ?? [])];
      const one = pickOf(reach.prng, services);
      const other =
        one &&
        pickOf(
          reach.prng,
          services.filter(({ Ips }) => isOfSame(one.Ips, Ips)),
        );
      if (one === undefined || other === undefined) return undefined;
      one.Ips = [...other.Ips];
      return 'done';
    },
  },
  {
    name: 'makes an older route that shadows',
    make: (reach) => {
      const gateway = gatewayOf(reach);
      const route = pickOf(
        reach.prng,
        routesOf(reach).filter(({ Status }) => Status === 3),
      );
      return gateway && route && shadowRoute(gateway, route);
    },
  },
];

export function edit(
  plane: Plane,
  gateway: GatewayName,
  prng: Prng,
): { name: string; undo: (() => void) | undefined } | undefined {
  const hand = prng.pick(gateway === 'alb' ? ALB : MSE);
  const made = hand.make({ cloud: plane.control.cloud, place: plane.placeOf(gateway), prng });
  if (made === undefined) return undefined;
  return { name: `somebody ${hand.name} at ${gateway}`, undo: made === 'done' ? undefined : made };
}

/** Tells whether two address lists differ and belong to one service. */
function isOfSame(one: readonly string[], other: readonly string[]): boolean {
  const serviceOf = ([address = '']: readonly string[]) => ownerOf(address).split('/')[0];
  return one.join() !== other.join() && serviceOf(one) === serviceOf(other);
}

function rulesOf({ cloud, place }: Reach) {
  return [...cloud.state.rules.values()]
    .filter(
      (rule) => rule.ListenerId === place && rule.RuleStatus === 'Available' && !rule.RuleName.startsWith(FOREIGN),
    )
    .sort((a, b) => a.Priority - b.Priority);
}

/** Returns the server groups that rules send to, in the order of the rules. */
function groupsOf(reach: Reach) {
  const ids = rulesOf(reach).flatMap(({ RuleActions }) =>
    RuleActions.flatMap(
      (action) => action.ForwardGroupConfig?.ServerGroupTuples.map(({ ServerGroupId }) => ServerGroupId) ?? [],
    ),
  );
  return [...new Set(ids)].flatMap((id) => reach.cloud.state.serverGroups.get(id) ?? []);
}

function gatewayOf({ cloud, place }: Reach) {
  return cloud.mse.gateways.get(place);
}

function routesOf(reach: Reach) {
  return [...(gatewayOf(reach)?.routes.values() ?? [])].filter(({ Name }) => !Name.startsWith(FOREIGN));
}

function pickOf<T>(prng: Prng, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : prng.pick(items);
}
