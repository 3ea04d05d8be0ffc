import { notFound } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import type { Answer } from '../product.ts';
import type { Jobs } from './jobs.ts';
import type { CloudState, DataPlane, Listener, LoadBalancer, Rule, RuleAction, Server, ServerGroup } from './model.ts';
import type { Quotas } from './quotas.ts';

/** The objects and services that an action works with. */
export interface Context {
  /** The objects in force, by which the data plane serves. */
  state: CloudState;
  /** Objects in creation: reads show them and quotas count them, but they are not in force before their job ends. */
  pending: { rules: Map<string, Rule>; servers: Map<string, Server[]> };
  jobs: Jobs;
  dataPlane: DataPlane;
  quotas: Quotas;
  now: () => number;
  action: string;
  regionId: string;
  /** True when the caller named the region. */
  regionGiven: boolean;
  /** True when an injected fault makes the job of this call stop half-way. */
  partial: boolean;
}

/**
 * Checks a call and returns a function that carries it out; nothing changes before that function is called. Throws an
 * `ApiError`.
 */
export type Action = (context: Context, parameters: Parameters) => () => Answer;

/** Gives parameters a type. The table has checked names, types and presence; `Input` repeats that for the compiler. */
export function action<Input>(handle: (context: Context, input: Input) => () => Answer): Action {
  return (context, parameters) => handle(context, parameters as Input);
}

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Returns a new id, such as `rule-` followed by 18 letters and digits. They are drawn by the global `crypto`, which the
 * recording of examples replaces by a fixed source.
 */
export function newId(prefix: 'alb' | 'lsn' | 'sgp' | 'rule'): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return `${prefix}-${Array.from(bytes, (byte) => ID_LETTERS[byte % ID_LETTERS.length]).join('')}`;
}

export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Returns all rules, including those in creation. */
export function rulesOf({ state, pending }: Context): Rule[] {
  return [...state.rules.values(), ...pending.rules.values()];
}

/** Returns all servers of a group, including those in creation. */
export function serversOf({ state, pending }: Context, serverGroupId: string): Server[] {
  return [...(state.serverGroups.get(serverGroupId)?.Servers ?? []), ...(pending.servers.get(serverGroupId) ?? [])];
}

/** Returns the ids of the groups that an action forwards or mirrors to. */
export function groupsOfAction(ruleAction: RuleAction): string[] {
  const tuples = [
    ...(ruleAction.ForwardGroupConfig?.ServerGroupTuples ?? []),
    ...(ruleAction.TrafficMirrorConfig?.MirrorGroupConfig.ServerGroupTuples ?? []),
  ];
  return tuples.map(({ ServerGroupId }) => ServerGroupId);
}

/** Returns the ids of the groups that a rule refers to, each once. */
export function groupsOfRule(rule: Rule): string[] {
  return [...new Set(rule.RuleActions.flatMap(groupsOfAction))];
}

export function loadBalancerById({ state }: Context, id: string): LoadBalancer {
  return found(state.loadBalancers.get(id), 'LoadBalancer', id);
}

export function listenerById({ state }: Context, id: string): Listener {
  return found(state.listeners.get(id), 'Listener', id);
}

export function serverGroupById({ state }: Context, id: string): ServerGroup {
  return found(state.serverGroups.get(id), 'ServerGroup', id);
}

/** Finds a rule, including one in creation. Throws when there is none. */
export function ruleById({ state, pending }: Context, id: string): Rule {
  return found(state.rules.get(id) ?? pending.rules.get(id), 'Rule', id);
}

function found<T>(value: T | undefined, kind: string, id: string): T {
  if (value === undefined) throw notFound(kind, id);
  return value;
}
