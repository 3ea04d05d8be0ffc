import type { Change } from '../../../core/gateway/provider-object.ts';
import { chunks } from '../../shared.ts';
import { isRouteChange } from '../compile/changes.ts';

/** Objects that are written side by side. */
const PER_BATCH = 20;

/** Domains and services first, so that routes find them; then routes come, and after that go; last the services that none refers to. */
export function batch(changes: readonly Change[]): Change[][] {
  const isDelete = ({ verb }: Change) => verb === 'delete';
  const steps = [
    changes.filter((change) => !isRouteChange(change) && !isDelete(change)),
    changes.filter((change) => isRouteChange(change) && !isDelete(change)),
    changes.filter((change) => isRouteChange(change) && isDelete(change)),
    changes.filter((change) => !isRouteChange(change) && isDelete(change)),
  ];
  return steps.flatMap((step) => chunks(step, PER_BATCH));
}
