import type { Change } from '../../../core/gateway/provider-object.ts';
import { chunks } from '../../shared.ts';
import { isRouteChange } from '../compile/changes.ts';

/** The number of objects that are written in parallel. */
const PER_BATCH = 20;

/**
 * Cuts changes into batches: domains and services first, so that routes find them; then routes that are created or
 * updated, then routes that are deleted; and last the services that no route refers to any more.
 */
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
