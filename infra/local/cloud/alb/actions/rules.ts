import { ApiError, illegal } from '../../errors.ts';
import {
  type Action,
  action,
  type Context,
  groupsOfRule,
  listenerById,
  loadBalancerById,
  newId,
  ruleById,
  rulesOf,
} from '../context.ts';
import type { Effect, OperateType } from '../jobs.ts';
import type { Listener, Rule, RuleAction, RuleCondition, ServerGroupTuple, Tag } from '../model.ts';
import { among, equals, hasTags, type PageInput, page, type TagFilter } from '../page.ts';
import { byEdition, withinQuota } from '../quotas.ts';
import { checkReferences } from '../references.ts';
import { checkActions } from '../rule-actions.ts';
import { checkConditions } from '../rule-conditions.ts';
import { checkName, checkTags, toTags } from '../values.ts';
import { checkForward, checkRunning } from './listeners.ts';
import { checkActive } from './load-balancers.ts';

interface RuleFields {
  Priority?: number;
  RuleName?: string;
  RuleConditions?: RuleCondition[];
  RuleActions?: RuleAction[];
}

interface NewRule extends Required<RuleFields> {
  Direction?: string;
  Tag?: Partial<Tag>[];
}

interface RuleUpdate extends RuleFields {
  RuleId: string;
}

interface CommonFields {
  ClientToken?: string;
  DryRun?: boolean;
}

function createRules(
  context: Context,
  listenerId: string,
  inputs: readonly NewRule[],
  path: (index: number) => string,
) {
  const listener = listenerById(context, listenerId);
  const rules = inputs.map((input, index) => newRule(listener, input, path(index)));
  checkRules(context, rules, path);
  const { LoadBalancerId } = listener;
  const usage = rulesOf(context).filter((rule) => rule.LoadBalancerId === LoadBalancerId).length + rules.length;
  const limit = byEdition(context.quotas, loadBalancerById(context, LoadBalancerId), 'rulesPerLoadBalancer');
  withinQuota('LoadBalancerRulesNum', LoadBalancerId, usage, limit);
  return () => {
    for (const rule of rules) context.pending.rules.set(rule.RuleId, rule);
    const effects = rules.map((rule): Effect => {
      const leavePending = () => context.pending.rules.delete(rule.RuleId);
      return {
        apply: () => {
          leavePending();
          rule.RuleStatus = 'Available';
          context.state.rules.set(rule.RuleId, rule);
        },
        revert: leavePending,
      };
    });
    return { rules, JobId: startJob(context, 'Create', rules, effects) };
  };
}

function newRule(listener: Listener, input: NewRule, path: string): Rule {
  const { Direction = 'Request' } = input;
  if (Direction !== 'Request' && Direction !== 'Response') {
    throw illegal(`${path}Direction`, 'it must be Request or Response');
  }
  checkTags(input.Tag, `${path}Tag`);
  return {
    RuleId: newId('rule'),
    ListenerId: listener.ListenerId,
    LoadBalancerId: listener.LoadBalancerId,
    RuleName: input.RuleName,
    Direction,
    Priority: input.Priority,
    RuleStatus: 'Provisioning',
    RuleConditions: input.RuleConditions,
    RuleActions: input.RuleActions,
    Tags: toTags(input.Tag),
  };
}

/**
 * Checks rules in the form that the call gives them: each by itself, then together and against the other rules of their
 * listeners. Fills in defaults.
 */
function checkRules(context: Context, rules: readonly Rule[], path: (index: number) => string): void {
  for (const listenerId of new Set(rules.map(({ ListenerId }) => ListenerId))) {
    const listener = listenerById(context, listenerId);
    checkActive(loadBalancerById(context, listener.LoadBalancerId));
    checkRunning(listener);
  }
  for (const [index, rule] of rules.entries()) {
    checkRule(context, rule, path(index));
    rule.RuleActions = rule.RuleActions.map(withDefaults);
  }
  checkPriorities(context, rules);
  checkReferences(context, { rules });
}

function checkRule(context: Context, rule: Rule, path: string): void {
  const loadBalancer = loadBalancerById(context, rule.LoadBalancerId);
  const listener = listenerById(context, rule.ListenerId);
  const isBasic = loadBalancer.LoadBalancerEdition === 'Basic';
  checkName(rule.RuleName, `${path}RuleName`);
  if (rule.Priority < 1 || rule.Priority > 10_000) throw illegal(`${path}Priority`, 'it must be 1 to 10000');
  checkConditions(rule, isBasic, byEdition(context.quotas, loadBalancer, 'matchValuesPerRule'), path);
  checkActions(rule, isBasic, path);
  const toHttp = rule.RuleActions.some(({ RedirectConfig }) => RedirectConfig?.Protocol === 'HTTP');
  if (toHttp && listener.ListenerProtocol !== 'HTTP') {
    throw illegal(`${path}RuleActions`, 'HTTPS listeners redirect to HTTPS only');
  }
  for (const id of groupsOfRule(rule)) checkForward(context, listener, loadBalancer, id);
}

/** Returns the action with defaults: a weight of 100 for each tuple, and stickiness of 1000 s. */
function withDefaults(ruleAction: RuleAction): RuleAction {
  const { ForwardGroupConfig, TrafficMirrorConfig } = ruleAction;
  const weighted = (tuple: ServerGroupTuple) => ({ ...tuple, Weight: tuple.Weight ?? 100 });
  const sticky = ForwardGroupConfig?.ServerGroupStickySession;
  return {
    ...ruleAction,
    ...(ForwardGroupConfig && {
      ForwardGroupConfig: {
        ServerGroupTuples: ForwardGroupConfig.ServerGroupTuples.map(weighted),
        ...(sticky && {
          ServerGroupStickySession: { Enabled: sticky.Enabled ?? false, Timeout: sticky.Timeout ?? 1000 },
        }),
      },
    }),
    ...(TrafficMirrorConfig && {
      TrafficMirrorConfig: {
        ...TrafficMirrorConfig,
        MirrorGroupConfig: {
          ServerGroupTuples: TrafficMirrorConfig.MirrorGroupConfig.ServerGroupTuples.map(weighted),
        },
      },
    }),
  };
}

/**
 * Throws when a priority is taken. Priorities are unique per listener and direction, within the batch and against all
 * current rules: a priority that another rule of the same batch gives up is not free yet (assumed).
 */
function checkPriorities(context: Context, rules: readonly Rule[]): void {
  const slot = ({ ListenerId, Direction, Priority }: Rule) => `${ListenerId} ${Direction} ${Priority}`;
  const taken = new Map(rulesOf(context).map((rule) => [slot(rule), rule.RuleId]));
  for (const rule of rules) {
    const holder = taken.get(slot(rule)) ?? rule.RuleId;
    if (holder !== rule.RuleId) {
      throw new ApiError('Conflict.Priority', `The priority ${rule.Priority} is taken by ${holder}.`);
    }
    taken.set(slot(rule), rule.RuleId);
  }
}

/** Starts a job, and sets the listeners to `Configuring` until it ends, because rule writes are serial per listener. */
function startJob(
  context: Context,
  operateType: OperateType,
  rules: readonly Rule[],
  effects: readonly Effect[],
): string {
  const listeners = [...new Set(rules.map(({ ListenerId }) => listenerById(context, ListenerId)))];
  for (const listener of listeners) listener.ListenerStatus = 'Configuring';
  return context.jobs.start({
    apiName: context.action,
    operateType,
    resourceType: 'rule',
    resourceIds: rules.map(({ RuleId }) => RuleId),
    effects,
    release: () => {
      for (const listener of listeners) listener.ListenerStatus = 'Running';
    },
    partial: context.partial,
  });
}

function updateRules(context: Context, inputs: readonly RuleUpdate[], path: (index: number) => string) {
  const rules = inputs.map(({ RuleId }) => ruleById(context, RuleId));
  if (new Set(rules).size < rules.length) throw illegal('Rules', 'a rule is given twice');
  const updated = rules.map((rule, index): Rule => ({ ...rule, ...inputs[index], RuleStatus: 'Available' }));
  checkRules(context, updated, path);
  return () => {
    const effects = rules.map((rule, index): Effect => {
      rule.RuleStatus = 'Configuring';
      return {
        apply: () => void Object.assign(rule, updated[index]),
        revert: () => {
          rule.RuleStatus = 'Available';
        },
      };
    });
    return { JobId: startJob(context, 'Update', rules, effects) };
  };
}

function deleteRules(context: Context, ids: readonly string[]) {
  const rules = ids.map((id) => ruleById(context, id));
  if (new Set(rules).size < rules.length) throw illegal('RuleIds', 'a rule is given twice');
  for (const { ListenerId } of rules) checkRunning(listenerById(context, ListenerId));
  return () => {
    const effects = rules.map((rule): Effect => {
      rule.RuleStatus = 'Deleting';
      return {
        apply: () => void context.state.rules.delete(rule.RuleId),
        revert: () => {
          rule.RuleStatus = 'Available';
        },
      };
    });
    return { JobId: startJob(context, 'Delete', rules, effects) };
  };
}

interface ListInput extends PageInput, TagFilter {
  RuleIds?: string[];
  ListenerIds?: string[];
  LoadBalancerIds?: string[];
  Direction?: string;
}

const listRules = action((context, input: ListInput) => {
  const wanted = rulesOf(context).filter(
    (rule) =>
      among(rule.RuleId, input.RuleIds) &&
      among(rule.ListenerId, input.ListenerIds) &&
      among(rule.LoadBalancerId, input.LoadBalancerIds) &&
      equals(rule.Direction, input.Direction ?? 'Request') &&
      hasTags(rule.Tags, input),
  );
  const { items, ...rest } = page(wanted, input);
  return () => ({ Rules: items, ...rest });
});

const inBatch = (index: number) => `Rules.${index + 1}.`;
const alone = () => '';

export const ruleActions: Record<string, Action> = {
  CreateRule: action((context, input: NewRule & { ListenerId: string }) => {
    const create = createRules(context, input.ListenerId, [input], alone);
    return () => {
      const { rules, JobId } = create();
      return { RuleId: rules[0]?.RuleId, JobId };
    };
  }),
  CreateRules: action((context, input: { ListenerId: string; Rules: NewRule[] }) => {
    const create = createRules(context, input.ListenerId, input.Rules, inBatch);
    return () => {
      const { rules, JobId } = create();
      return { RuleIds: rules.map(({ Priority, RuleId }) => ({ Priority, RuleId })), JobId };
    };
  }),
  UpdateRuleAttribute: action((context, input: RuleUpdate & CommonFields) => {
    const { ClientToken, DryRun, ...update } = input;
    return updateRules(context, [update], alone);
  }),
  UpdateRulesAttribute: action((context, input: { Rules: RuleUpdate[] }) => updateRules(context, input.Rules, inBatch)),
  DeleteRule: action((context, { RuleId }: { RuleId: string }) => deleteRules(context, [RuleId])),
  DeleteRules: action((context, { RuleIds }: { RuleIds: string[] }) => deleteRules(context, RuleIds)),
  ListRules: listRules,
};
