import type { Action } from '../context.ts';
import { healthActions } from './health.ts';
import { jobActions } from './jobs.ts';
import { listenerActions } from './listeners.ts';
import { loadBalancerActions } from './load-balancers.ts';
import { ruleActions } from './rules.ts';
import { serverGroupActions } from './server-groups.ts';
import { serverActions } from './servers.ts';
import { tagActions } from './tags.ts';

/** The actions that the local cloud carries out. Calls of the table's other actions are checked and then refused. */
export const CARRIED: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    ...loadBalancerActions,
    ...listenerActions,
    ...serverGroupActions,
    ...serverActions,
    ...ruleActions,
    ...jobActions,
    ...healthActions,
    ...tagActions,
  }),
);
