import type { Operation } from '../http/operation.ts';
import { buttonOperations } from './buttons.ts';
import { drillOperations } from './drills.ts';
import { decisionOperations, explainOperations } from './explain.ts';
import { healthOperations } from './health.ts';
import { auditOperations } from './history.ts';
import {
  clusterOperations,
  distributionOperations,
  fleetOperations,
  gatewayOperations,
  routeOperations,
  serviceOperations,
} from './kinds.ts';
import { manifestOperations } from './manifests.ts';
import { notificationOperations } from './notifications.ts';
import { observationOperations, probeOperations } from './observations.ts';
import { gatewayPushOperations, operationOperations } from './push.ts';
import { rolloutOperations } from './rollouts.ts';
import { shiftOperations } from './shifts.ts';

/** All operations of the API, in the order of the OpenAPI document. */
export const operations: readonly Operation[] = [
  ...fleetOperations,
  ...clusterOperations,
  ...observationOperations,
  ...gatewayOperations,
  ...gatewayPushOperations,
  ...serviceOperations,
  ...distributionOperations,
  ...rolloutOperations,
  ...routeOperations,
  ...manifestOperations,
  ...operationOperations,
  ...shiftOperations,
  ...drillOperations,
  ...buttonOperations,
  ...decisionOperations,
  ...explainOperations,
  ...notificationOperations,
  ...auditOperations,
  ...probeOperations,
  ...healthOperations,
];
