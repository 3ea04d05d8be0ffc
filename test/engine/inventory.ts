import type { LocalCloud } from '../../infra/local/cloud/server.ts';

/** Returns what the names or tags of our objects at the cloud say they are, sorted; a duplicate appears twice. */
export function inventory({ state, mse }: LocalCloud): string[] {
  const alb = [...state.rules.values(), ...state.serverGroups.values()].flatMap((object) =>
    object.Tags.filter((tag) => tag.Key === 'fairlead-key').map((tag) => tag.Value),
  );
  const names = [...mse.gateways.values()].flatMap((gateway) =>
    [...gateway.routes.values(), ...gateway.services.values()].map((object) => object.Name),
  );
  return [...alb, ...names].sort();
}

/** Tells whether each pool at the cloud has somewhere to send requests to. */
export function everyPoolServes({ state, mse }: LocalCloud): boolean {
  const groups = [...state.serverGroups.values()].filter((group) => group.Servers.length > 0);
  const services = [...mse.gateways.values()].flatMap((gateway) => [...gateway.services.values()]);
  return (
    groups.every((group) => group.Servers.some((server) => server.Weight > 0)) &&
    services.every((service) => service.Ips.length > 0)
  );
}
