import type { Json } from '../../../core/gateway/provider-object.ts';
import { equal } from '../../../core/model/digest.ts';
import { chunks } from '../../shared.ts';
import { toParameters } from '../actions.ts';
import { isRule, type RuleChange, type RuleSpec } from '../compile/canonical.ts';
import { tagsFor } from '../compile/marks.ts';
import { moveOrder } from '../compile/priorities.ts';
import { limitsOf } from '../limits/limits.ts';
import type { AlbObserved } from '../observe/facts.ts';

/** The most rules in one call (ALB OpenAPI 2020-06-16). */
const MAX_RULES = 10;
const MAX_DELETES = 100;

interface Update {
  key: string;
  id: string;
  from: RuleSpec;
  to: RuleSpec;
}

interface Creation {
  key: string;
  spec: RuleSpec;
}

interface Deletion {
  key: string;
  id: string;
  /** Keys of the rules that take its place. The rule is not deleted while one of them is refused. */
  unless?: readonly string[] | undefined;
}

/** One write to the rules of a listener. */
export type RuleStep =
  | { action: 'UpdateRulesAttribute'; rules: Update[] }
  | { action: 'CreateRules'; listenerId: string; rules: Creation[] }
  | { action: 'DeleteRules'; rules: Deletion[] };

type Deletes = Extract<RuleStep, { action: 'DeleteRules' }>;

/**
 * Returns the writes that changes of rules take, as lanes that are independent of each other. A listener takes one
 * write at a time, and listeners are independent, so each has a lane with updates, then creates, then deletes. A
 * request thus finds its present rule until another one takes it. When old and new rules together exceed the quota of
 * the load balancer, there is one lane for all listeners, in which just enough rules are deleted before others are
 * created.
 */
export function ruleLanes(changes: readonly RuleChange[], observed: AlbObserved): RuleStep[][] {
  const lanes = [...Map.groupBy(changes, listenerOf)].map(([listenerId, own]) => laneOf(listenerId, own));
  const room = roomFor(observed);
  const coming = lanes.flat().reduce((sum, step) => sum + (step.action === 'CreateRules' ? step.rules.length : 0), 0);
  return coming <= room ? lanes : [tight(lanes.flat(), room)];
}

/**
 * Returns the number of rules that still fit. It is 0 when there are more rules than the documented quota allows: the
 * quota has been raised then, to an unknown value.
 */
function roomFor({ objects, facts }: AlbObserved): number {
  const ours = objects.filter(isRule).length;
  return Math.max(0, limitsOf(facts).rules - ours - facts.otherRules.length);
}

function laneOf(listenerId: string, changes: readonly RuleChange[]): RuleStep[] {
  const creates = changes.flatMap(({ verb, key, after }) =>
    verb === 'create' && after ? [{ key, spec: after.spec }] : [],
  );
  const deletes = changes.flatMap(({ verb, key, before, unless }) =>
    verb === 'delete' && before?.remoteId !== undefined ? [{ key, id: before.remoteId, unless }] : [],
  );
  return [
    ...chunks(updatesOf(changes), MAX_RULES).map((rules) => ({ action: 'UpdateRulesAttribute' as const, rules })),
    ...chunks(creates, MAX_RULES).map((rules) => ({ action: 'CreateRules' as const, listenerId, rules })),
    ...chunks(deletes, MAX_DELETES).map((rules) => ({ action: 'DeleteRules' as const, rules })),
  ];
}

/**
 * Returns the updates of rules. Those that move a rule come first, in an order that inverts no two rules (see
 * priorities.ts).
 */
function updatesOf(changes: readonly RuleChange[]): Update[] {
  const updates = changes.flatMap(({ verb, key, before, after }) =>
    verb === 'update' && before?.remoteId !== undefined && after
      ? [{ key, id: before.remoteId, from: before.spec, to: after.spec }]
      : [],
  );
  const moves = updates.filter(({ from, to }) => from.Priority !== to.Priority);
  const others = updates.filter(({ from, to }) => from.Priority === to.Priority);
  const distance = ({ from, to }: Update) => ({ from: from.Priority, to: to.Priority });
  return [...moves.sort((a, b) => moveOrder(distance(a), distance(b))), ...others];
}

function tight(steps: readonly RuleStep[], roomAtFirst: number): RuleStep[] {
  let deletes = steps.filter(isDelete);
  let room = roomAtFirst;
  const writes = steps
    .filter((step) => !isDelete(step))
    .flatMap((step): RuleStep[] => {
      if (step.action !== 'CreateRules') return [step];
      const { taken, left } = takeDeletes(deletes, step.rules.length - room);
      deletes = left;
      room += taken.reduce((sum, { rules }) => sum + rules.length, 0) - step.rules.length;
      return [...taken, step];
    });
  return [...writes, ...deletes];
}

export function isDelete(step: RuleStep): step is Deletes {
  return step.action === 'DeleteRules';
}

/** Takes `count` rules, or all if there are fewer, from the front of the deletes. */
export function takeDeletes(deletes: readonly Deletes[], count: number): { taken: Deletes[]; left: Deletes[] } {
  const [taken, left]: [Deletes[], Deletes[]] = [[], []];
  let lacking = Math.max(0, count);
  for (const { action, rules } of deletes) {
    const [now, later] = [rules.slice(0, lacking), rules.slice(lacking)];
    lacking -= now.length;
    if (now.length > 0) taken.push({ action, rules: now });
    if (later.length > 0) left.push({ action, rules: later });
  }
  return { taken, left };
}

/** Returns the two halves of a step, in their order. */
export function halves(step: RuleStep): RuleStep[] {
  const size = Math.ceil(step.rules.length / 2);
  switch (step.action) {
    case 'UpdateRulesAttribute':
      return chunks(step.rules, size).map((rules) => ({ ...step, rules }));
    case 'CreateRules':
      return chunks(step.rules, size).map((rules) => ({ ...step, rules }));
    case 'DeleteRules':
      return chunks(step.rules, size).map((rules) => ({ ...step, rules }));
  }
}

/**
 * Returns the parameters of a step in the form that the cloud takes. `idOf` returns the id of a server group by its
 * key.
 */
export function ruleParameters(
  step: RuleStep,
  owner: string,
  idOf: (key: string) => string,
): Record<string, Json | undefined> {
  switch (step.action) {
    case 'UpdateRulesAttribute':
      return { Rules: step.rules.map((rule) => difference(rule, idOf)) };
    case 'CreateRules':
      return { ListenerId: step.listenerId, Rules: step.rules.map((rule) => whole(rule, owner, idOf)) };
    case 'DeleteRules':
      return { RuleIds: step.rules.map(({ id }) => id) };
  }
}

/** Returns only the fields that differ. A list that differs is replaced as a whole. */
function difference({ id, from, to }: Update, idOf: (key: string) => string) {
  return {
    RuleId: id,
    RuleName: from.RuleName === to.RuleName ? undefined : to.RuleName,
    Priority: from.Priority === to.Priority ? undefined : to.Priority,
    RuleConditions: equal(from.RuleConditions, to.RuleConditions) ? undefined : to.RuleConditions,
    RuleActions: equal(from.RuleActions, to.RuleActions) ? undefined : toParameters(to.RuleActions, idOf),
  };
}

function whole({ key, spec }: Creation, owner: string, idOf: (key: string) => string) {
  return {
    RuleName: spec.RuleName,
    Priority: spec.Priority,
    RuleConditions: spec.RuleConditions,
    RuleActions: toParameters(spec.RuleActions, idOf),
    Tag: tagsFor(key, owner),
  };
}

function listenerOf({ before, after }: RuleChange): string {
  return (after ?? before)?.spec.ListenerId ?? '';
}

/**
 * Returns the step without the deletes of rules whose replacement is refused, so that the old rules go on serving.
 * `refused` holds keys of rules. The result is undefined when nothing of the step is left.
 */
export function withoutReplaced(step: RuleStep, refused: ReadonlySet<string>): RuleStep | undefined {
  if (!isDelete(step)) return step;
  const rules = step.rules.filter(({ unless = [] }) => !unless.some((key) => refused.has(key)));
  return rules.length === 0 ? undefined : { ...step, rules };
}
