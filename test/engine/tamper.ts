import type { CloudState, Rule, Server } from '../../infra/local/cloud/alb/model.ts';
import type { Gateway, Route } from '../../infra/local/cloud/mse/model.ts';
import type { LocalCloud } from '../../infra/local/cloud/server.ts';

/**
 * Changes objects of the local cloud at either kind of gateway, without a call of the API. `of` is a part of their
 * names or conditions.
 */

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

/** `weightOf` is given the number of a server in its group. `addresses` replaces the addresses of services of MSE. */
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

/** Edits and publishes a route, as the console does. */
export function editPercentages({ mse }: LocalCloud, percents: readonly number[]): void {
  const routes = [...mse.gateways.values()].flatMap((gateway) => [...gateway.routes.values()]);
  for (const { Services } of routes.flatMap(configsOf)) {
    if (Services.length !== percents.length) continue;
    for (const [n, service] of Services.entries()) service.Percent = percents[n] ?? 0;
  }
}

/** Returns the service that a route of MSE names first, and every route that names it. */
export function deleteServiceOf({ mse }: LocalCloud, of: string): void {
  for (const { routes, services } of mse.gateways.values()) {
    const route = [...routes.values()].find(({ Name }) => Name.includes(of));
    const id = route?.config.Services[0]?.ServiceId ?? 0;
    const users = [...routes].filter(([, { config }]) => config.Services.some(({ ServiceId }) => ServiceId === id));
    for (const [key] of users) routes.delete(key);
    services.delete(id);
  }
}

/** Names of objects that somebody made at a gateway by hand begin with this. */
export const FOREIGN = 'by-hand';

/**
 * Adds a foreign rule that goes first and takes the whole host. Returns how to undo it, or undefined where no priority
 * is left.
 */
export function shadowRule({ rules }: CloudState, rule: Rule): (() => void) | undefined {
  const taken = new Set([...rules.values()].map(({ Priority }) => Priority));
  const smaller = Array.from({ length: rule.Priority - 1 }, (_, index) => rule.Priority - 1 - index);
  const Priority = smaller.find((one) => !taken.has(one));
  if (Priority === undefined) return undefined;
  const RuleId = `rule-${FOREIGN}-${Priority}-${rule.RuleId}`;
  const answer = { HttpCode: '200', Content: 'by hand' };
  rules.set(RuleId, {
    ...rule,
    RuleId,
    Priority,
    RuleName: `${FOREIGN}-${Priority}`,
    RuleConditions: rule.RuleConditions.filter(({ Type }) => Type === 'Host'),
    RuleActions: [{ Type: 'FixedResponse', Order: 1, FixedResponseConfig: answer }],
    Tags: [],
  });
  return () => void rules.delete(RuleId);
}

/** Adds a foreign route that is older and has the same predicates. Returns how to undo it. */
export function shadowRoute({ routes }: Gateway, route: Route): () => void {
  const Id = Math.min(...routes.keys()) - 1;
  const config = {
    ...structuredClone(route.config),
    DestinationType: 'Mock' as const,
    Services: [],
    DirectResponse: { Code: 200, Body: 'by hand' },
  };
  const own = { Id, Name: `${FOREIGN}-${Id}`, GmtCreate: '2020-01-01 00:00:00' };
  routes.set(Id, { ...structuredClone(route), ...own, config, published: config });
  return () => void routes.delete(Id);
}

function groupsOf({ serverGroups }: LocalCloud['state'], of: string) {
  return [...serverGroups.values()].filter(({ ServerGroupName }) => ServerGroupName.includes(of));
}

function configsOf({ config, published = config }: Route) {
  return [config, published];
}
