import type { Change } from '../../core/provider-object.ts';
import type { Observed } from '../provider.ts';
import { applyGroups } from './apply-groups.ts';
import { applyRules } from './apply-rules.ts';
import type { AlbSession } from './calls.ts';
import { RULE, SERVER_GROUP } from './canonical.ts';
import { createJobs } from './jobs.ts';

/**
 * Applies a batch and waits until the cloud has finished it. What is found done already is not done again. Throws the CloudError of the
 * first change that failed, once no other change is under way.
 */
export async function apply(batch: readonly Change[], observed: Observed, session: AlbSession): Promise<void> {
  const jobs = createJobs(session);
  await applyGroups(
    batch.filter((change) => change.kind === SERVER_GROUP),
    session,
    jobs,
  );
  await applyRules(
    batch.filter((change) => change.kind === RULE),
    observed,
    session,
    jobs,
  );
}
