import { randomInt } from 'node:crypto';
import { notFound } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import type { Answer } from '../product.ts';
import type { Jobs } from './jobs.ts';
import type { CloudState, DataPlane, Listener, LoadBalancer, Rule, RuleAction, Server, ServerGroup } from './model.ts';
import type { Quotas } from './quotas.ts';

/** What an action works with. */
export interface Context {
  /** In force: what the data plane serves by. */
  state: CloudState;
  /** Being created: shown by reads and counted by quotas, but not in force before their job ends. */
  pending: { rules: Map<string, Rule>; servers: Map<string, Server[]> };
  jobs: Jobs;
  dataPlane: DataPlane;
  quotas: Quotas;
  now: () => number;
  action: string;
  regionId: string;
  /** The caller named the region. */
  regionGiven: boolean;
  /** An injected fault: the job of this call shall stop half-way. */
  partial: boolean;
}

/** Checks a call and returns how to carry it out; nothing changes before that is called. Throws an ApiError. */
export type Action = (context: Context, parameters: Parameters) => () => Answer;

/** Gives parameters their type: the table has checked names, types and presence, the interface only repeats it. */
export function action<Input>(handle: (context: Context, input: Input) => () => Answer): Action {
  return (context, parameters) => handle(context, parameters as Input);
}

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** An id such as `rule-` and 18 letters and digits. */
export function newId(prefix: 'alb' | 'lsn' | 'sgp' | 'rule'): string {
  return `${prefix}-${Array.from({ length: 18 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('')}`;
}

export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** All rules, those in creation too. */
export function rulesOf({ state, pending }: Context): Rule[] {
  return [...state.rules.values(), ...pending.rules.values()];
}

/** All servers of a group, those in creation too. */
export function serversOf({ state, pending }: Context, serverGroupId: string): Server[] {
  return [...(state.serverGroups.get(serverGroupId)?.Servers ?? []), ...(pending.servers.get(serverGroupId) ?? [])];
}

/** The groups that an action forwards or mirrors to. */
export function groupsOfAction(ruleAction: RuleAction): string[] {
  const tuples = [
    ...(ruleAction.ForwardGroupConfig?.ServerGroupTuples ?? []),
    ...(ruleAction.TrafficMirrorConfig?.MirrorGroupConfig.ServerGroupTuples ?? []),
  ];
  return tuples.map(({ ServerGroupId }) => ServerGroupId);
}

/** The groups that a rule refers to, each once. */
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

/** Also a rule that is still being created. */
export function ruleById({ state, pending }: Context, id: string): Rule {
  return found(state.rules.get(id) ?? pending.rules.get(id), 'Rule', id);
}

function found<T>(value: T | undefined, kind: string, id: string): T {
  if (value === undefined) throw notFound(kind, id);
  return value;
}
