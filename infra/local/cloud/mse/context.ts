import type { Parameters } from '../parameters.ts';
import type { Schedule } from '../schedule.ts';
import { illegalRequest, notFound, Refusal } from './errors.ts';
import type { Domain, Gateway, MseDataPlane, MseState, Owner, Route, Service } from './model.ts';

/** The objects and services that an action works with. */
export interface Context {
  state: MseState;
  schedule: Schedule;
  dataPlane: MseDataPlane;
  /** Milliseconds from a change of a gateway until its Status is 2 (running). */
  gatewayLatencyMs: number;
  /** Milliseconds from publishing a route, or taking it offline, to its effect. */
  publishLatencyMs: number;
  now: () => number;
  regionId: string;
  /** True when the caller named the region. */
  regionGiven: boolean;
}

/** Checks everything, then changes the state; returns `Data` of the answer. Throws a `Refusal` or an `ApiError`. */
export type Action = (context: Context, parameters: Parameters) => unknown;

interface Target {
  GatewayUniqueId: string;
}

/** Gives parameters a type. The table has checked names, types and presence; `Input` repeats that for the compiler. */
export function action<Input>(handle: (context: Context, input: Input) => unknown): Action {
  return (context, parameters) => handle(context, parameters as Input);
}

/** Returns an action that reads a gateway. */
export function reading<Input>(handle: (context: Context, gateway: Gateway, input: Input & Target) => unknown): Action {
  return action((context, input: Input & Target) =>
    handle(context, gatewayById(context, input.GatewayUniqueId), input),
  );
}

/** Returns an action that writes to a gateway, which must be running. */
export function writing<Input>(handle: (context: Context, gateway: Gateway, input: Input & Target) => unknown): Action {
  return reading((context, gateway, input: Input & Target) => {
    if (gateway.Status !== 2) {
      throw new Refusal(
        'GatewayNotRunning',
        `The gateway ${gateway.GatewayUniqueId} has status ${gateway.Status}: the operation is not allowed now.`,
      );
    }
    return handle(context, gateway, input);
  });
}

const lastIds = new WeakMap<MseState, number>();

/** Returns an id that is greater than all earlier ones, so that ids tell which of two objects is older. */
export function newId(state: MseState): number {
  let last = lastIds.get(state) ?? 1000;
  for (const gateway of state.gateways.values()) {
    const { domains, services, routes, slbs } = gateway;
    for (const ids of [[gateway.Id], domains.keys(), services.keys(), routes.keys(), slbs?.keys() ?? []]) {
      for (const id of ids) last = Math.max(last, id);
    }
  }
  lastIds.set(state, last + 1);
  return last + 1;
}

export function timeText({ now }: Pick<Context, 'now'>): string {
  return new Date(now()).toISOString();
}

export function gatewayById({ state }: Context, id: string): Gateway {
  return found(state.gateways.get(id), 'gateway', id);
}

export function domainById({ domains }: Gateway, id: number): Domain {
  return found(domains.get(id), 'domain', id);
}

export function serviceById({ services }: Gateway, id: number): Service {
  return found(services.get(id), 'service', id);
}

export function routeById({ routes }: Gateway, id: number): Route {
  return found(routes.get(id), 'route', id);
}

/** Throws IllegalRequest for an object that the Ingress controller owns. */
export function checkOurs(kind: string, { Name, Type }: { Name: string; Type: Owner }): void {
  if (Type === 'Ingress') throw illegalRequest(`the ${kind} ${Name} belongs to the Ingress controller`);
}

function found<T>(value: T | undefined, kind: string, id: string | number): T {
  if (value === undefined) throw notFound(kind, id);
  return value;
}
