import type { Change } from '../../../core/gateway/provider-object.ts';
import { chunks } from '../../shared.ts';
import { isGroupChange, isRuleChange } from '../compile/canonical.ts';

/** The number of server groups that are written in parallel. */
const GROUPS_PER_BATCH = 20;

/**
 * Cuts changes into batches. Server groups come first, so that rules find them. The rules follow, all in one batch,
 * because some may have to be deleted before others can be created when the rule quota is full (see `applyRules`). The
 * groups that nothing refers to any more come last.
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
