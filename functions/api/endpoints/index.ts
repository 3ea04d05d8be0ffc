import type { Endpoint } from '../http/endpoint.ts';
import { buttonEndpoints } from './buttons.ts';
import { drillEndpoints } from './drills.ts';
import { decisionOperations, explainEndpoints } from './explain.ts';
import { healthEndpoints } from './health.ts';
import { auditEndpoints } from './history.ts';
import {
  clusterOperations,
  distributionOperations,
  fleetOperations,
  gatewayOperations,
  routeOperations,
  serviceOperations,
} from './kinds.ts';
import { manifestEndpoints } from './manifests.ts';
import { notificationEndpoints } from './notifications.ts';
import { observationEndpoints, probeOperations } from './observations.ts';
import { gatewayPushEndpoints, operationEndpoints } from './push.ts';
import { rolloutEndpoints } from './rollouts.ts';
import { shiftEndpoints } from './shifts.ts';

/** All endpoints of the API, in the order of the OpenAPI document. */
export const endpoints: readonly Endpoint[] = [
  ...fleetOperations,
  ...clusterOperations,
  ...observationEndpoints,
  ...gatewayOperations,
  ...gatewayPushEndpoints,
  ...serviceOperations,
  ...distributionOperations,
  ...rolloutEndpoints,
  ...routeOperations,
  ...manifestEndpoints,
  ...operationEndpoints,
  ...shiftEndpoints,
  ...drillEndpoints,
  ...buttonEndpoints,
  ...decisionOperations,
  ...explainEndpoints,
  ...notificationEndpoints,
  ...auditEndpoints,
  ...probeOperations,
  ...healthEndpoints,
];
