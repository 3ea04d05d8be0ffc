import { illegalRequest } from './errors.ts';
import type { Gateway, Route, RouteConfig } from './model.ts';

/** Throws IllegalRequest while a route, as edited or as published, uses the domain. */
export function checkDomainUnused(gateway: Gateway, id: number): void {
  checkUnused(gateway, `the domain ${id}`, ({ DomainIds }) => DomainIds.includes(id));
}

/** Throws IllegalRequest while a route, as edited or as published, uses the service, even if only as a fallback. */
export function checkServiceUnused(gateway: Gateway, id: number): void {
  checkUnused(gateway, `the service ${id}`, ({ Services, FallbackServices }) =>
    [...Services, ...FallbackServices].some(({ ServiceId }) => ServiceId === id),
  );
}

function checkUnused({ routes }: Gateway, what: string, uses: (config: RouteConfig) => boolean): void {
  const user = [...routes.values()].find((route) => configsOf(route).some(uses));
  if (user) throw illegalRequest(`${what} is in use by the route ${user.Name}`);
}

function configsOf({ config, published }: Route): RouteConfig[] {
  return published === undefined ? [config] : [config, published];
}
