import type { Endpoint } from '../http/endpoint.ts';
import { accessEndpoints } from './access.ts';
import { approvalEndpoints } from './approvals.ts';
import { buttonEndpoints } from './buttons.ts';
import { drillEndpoints } from './drills.ts';
import { enrolmentEndpoints } from './enrolments.ts';
import { decisionEndpoints, explainEndpoints } from './explain.ts';
import { healthEndpoints } from './health.ts';
import { auditEndpoints } from './history.ts';
import {
  clusterEndpoints,
  distributionEndpoints,
  fleetEndpoints,
  gatewayEndpoints,
  routeEndpoints,
  serviceEndpoints,
} from './kinds.ts';
import { manifestEndpoints } from './manifests.ts';
import { notificationEndpoints } from './notifications.ts';
import { observationEndpoints, probeEndpoints } from './observations.ts';
import { gatewayPushEndpoints, operationEndpoints } from './push.ts';
import { rolloutEndpoints } from './rollouts.ts';
import { shiftEndpoints } from './shifts.ts';

/** All endpoints of the API, in the order of the OpenAPI document. */
export const endpoints: readonly Endpoint[] = [
  ...fleetEndpoints,
  ...clusterEndpoints,
  ...observationEndpoints,
  ...gatewayEndpoints,
  ...gatewayPushEndpoints,
  ...serviceEndpoints,
  ...distributionEndpoints,
  ...rolloutEndpoints,
  ...routeEndpoints,
  ...manifestEndpoints,
  ...operationEndpoints,
  ...shiftEndpoints,
  ...drillEndpoints,
  ...buttonEndpoints,
  ...decisionEndpoints,
  ...explainEndpoints,
  ...notificationEndpoints,
  ...auditEndpoints,
  ...probeEndpoints,
  ...approvalEndpoints,
  ...accessEndpoints,
  ...enrolmentEndpoints,
  ...healthEndpoints,
];
