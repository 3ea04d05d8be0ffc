import type { Server } from '../../infra/local/cloud/alb/model.ts';
import type { Route } from '../../infra/local/cloud/mse/model.ts';
import type { LocalCloud } from '../../infra/local/cloud/server.ts';

/** What somebody does to objects of the local cloud, at whichever gateway, without a call. `of`: a part of their names or conditions. */

export function deleteRules({ state, mse }: LocalCloud, of: string): void {
  const rules = [...state.rules].filter(([, rule]) => JSON.stringify(rule).includes(of));
  for (const [id] of rules) state.rules.delete(id);
  for (const { routes } of mse.gateways.values()) {
    const found = [...routes].filter(([, { Name }]) => Name.includes(of));
    for (const [id] of found) routes.delete(id);
  }
}

export function dropTags({ state }: LocalCloud, of: string): void {
  for (const group of groupsOf(state, of)) group.Tags = [];
}

/** `weightOf`: of the n-th server of a group. `addresses`: what services of MSE get instead of theirs. */
export function movePoints(
  { state, mse }: LocalCloud,
  of: string,
  weightOf: (server: Server, n: number) => number,
  addresses: string[],
): void {
  for (const { Servers } of groupsOf(state, of)) {
    for (const [n, server] of Servers.entries()) server.Weight = weightOf(server, n);
  }
  const services = [...mse.gateways.values()].flatMap((gateway) => [...gateway.services.values()]);
  for (const service of services.filter(({ Name }) => Name.includes(of))) service.Ips = addresses;
}

/** Edited and published, as by the console. */
export function editPercentages({ mse }: LocalCloud, percents: readonly number[]): void {
  const routes = [...mse.gateways.values()].flatMap((gateway) => [...gateway.routes.values()]);
  for (const { Services } of routes.flatMap(configsOf)) {
    if (Services.length !== percents.length) continue;
    for (const [n, service] of Services.entries()) service.Percent = percents[n] ?? 0;
  }
}

/** The service that a route of MSE names first, and every route that names it. */
export function deleteServiceOf({ mse }: LocalCloud, of: string): void {
  for (const { routes, services } of mse.gateways.values()) {
    const route = [...routes.values()].find(({ Name }) => Name.includes(of));
    const id = route?.config.Services[0]?.ServiceId ?? 0;
    const users = [...routes].filter(([, { config }]) => config.Services.some(({ ServiceId }) => ServiceId === id));
    for (const [key] of users) routes.delete(key);
    services.delete(id);
  }
}

function groupsOf({ serverGroups }: LocalCloud['state'], of: string) {
  return [...serverGroups.values()].filter(({ ServerGroupName }) => ServerGroupName.includes(of));
}

function configsOf({ config, published = config }: Route) {
  return [config, published];
}
