import type { Change } from '../../../core/gateway/provider-object.ts';
import { chunks } from '../../shared.ts';
import { isGroupChange, isRuleChange } from '../compile/canonical.ts';

/** Server groups that are written side by side. */
const GROUPS_PER_BATCH = 20;

/**
 * Server groups first, so that rules find them; then the rules, all in one batch, because when the rule quota is full some must go
 * before others can come (see `applyRules`); then the groups that nothing refers to any more.
 */
export function batch(changes: readonly Change[]): Change[][] {
  const groups = changes.filter(isGroupChange);
  const rules = changes.filter(isRuleChange);
  return [
    ...chunks(
      groups.filter((change) => change.verb !== 'delete'),
      GROUPS_PER_BATCH,
    ),
    ...(rules.length > 0 ? [rules] : []),
    ...chunks(
      groups.filter((change) => change.verb === 'delete'),
      GROUPS_PER_BATCH,
    ),
  ];
}
