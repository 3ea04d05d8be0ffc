/** Examples of plans and operations. */

import type { Operation } from '../../../schemas/operation.ts';
import type { GatewayPlan } from '../../../schemas/plan.ts';
import { type Example, readExamples } from '../http/example.ts';

const CREATED = '2026-11-23T07:00:00.000Z';
const ENDED = '2026-11-23T07:00:04.000Z';

const gatewayPlan: GatewayPlan = {
  fleet: 'shop',
  gateway: 'edge',
  basis: 'live',
  readAt: CREATED,
  digest: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
  changes: [
    {
      verb: 'update',
      kind: 'ServerGroup',
      key: 'pool/checkout-80-9f86d081884c',
      reason: 'differs in Servers',
      cause: 'declared',
      before: { Servers: [{ ServerId: '10.1.0.8', Port: 80, Weight: 100, RemoteIpEnabled: false }] },
      after: { Servers: [{ ServerId: '10.1.0.8', Port: 80, Weight: 70, RemoteIpEnabled: false }] },
    },
  ],
  drift: [],
  calls: [{ action: 'UpdateServerGroupServersAttribute', objects: ['pool/checkout-80-9f86d081884c'] }],
  shares: [
    {
      pool: 'checkout-80-9f86d081884c',
      service: 'checkout',
      port: 80,
      cluster: 'hangzhou-a',
      beforePercent: 100,
      afterPercent: 70,
    },
  ],
  quotas: [{ quota: 'rules of the load balancer', used: 12, allowed: 100 }],
  findings: [],
  refused: [],
  notices: [],
  foreign: [],
};

export const operation: Operation = {
  id: 'opn_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  fleet: 'shop',
  action: 'gateway.apply',
  target: { kind: 'gateway', name: 'edge' },
  actor: 'api',
  requestId: 'req_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  createdAt: CREATED,
  endedAt: ENDED,
  state: 'Succeeded',
  done: 1,
  total: 1,
  step: 'ended',
  gateways: [
    {
      gateway: 'edge',
      state: 'Verified',
      reason: 'Programmed',
      message: 'Changes applied and read back: 1.',
      attempts: 1,
      progress: { done: 1, total: 1, step: 'ended' },
      endedAt: ENDED,
    },
  ],
};

export const gatewayPushExamples: Record<string, Example> = {
  planGateway: { response: gatewayPlan },
  applyGateway: { response: operation },
};

export const operationExamples: Record<string, Example> = {
  ...readExamples(['Operation', 'Operations'], operation),
  watchOperation: {},
};
