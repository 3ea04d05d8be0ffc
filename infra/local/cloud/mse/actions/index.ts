import type { Action } from '../context.ts';
import { domainActions } from './domains.ts';
import { gatewayActions } from './gateways.ts';
import { routePolicyActions } from './route-policies.ts';
import { routeActions } from './routes.ts';
import { serviceSettingActions } from './service-settings.ts';
import { serviceActions } from './services.ts';
import { slbActions } from './slbs.ts';

/** The actions that the local cloud carries out. Calls of the table's other actions are checked and then refused. */
export const CARRIED: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    ...gatewayActions,
    ...slbActions,
    ...domainActions,
    ...serviceActions,
    ...serviceSettingActions,
    ...routeActions,
    ...routePolicyActions,
  }),
);
