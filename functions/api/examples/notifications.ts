/** Examples of notifications and their deliveries. */

import type { Delivery } from '../../../schemas/notification.ts';
import { type Example, readExamples } from '../http/example.ts';

const DECIDED = '2026-11-23T07:02:06.000Z';

const delivery: Delivery = {
  id: 'dlv_01KAR2Z3V4W5X6Y7Z8A9B0C1D2-0-on-call',
  event: {
    id: 'evt_01KAR2Z3V4W5X6Y7Z8A9B0C1D2-0',
    type: 'decision.applied',
    fleet: 'shop',
    at: DECIDED,
    summary: 'withdraw hangzhou-a (100 % to 0 %): 3 failed observations in a row',
    clusters: ['hangzhou-a'],
    decision: 'dcn_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  },
  target: 'on-call',
  state: 'pending',
  attempts: [{ at: DECIDED, outcome: 'HTTP 503' }],
  nextAttemptAt: '2026-11-23T07:02:16.000Z',
};

const opened: Delivery = {
  id: 'dlv_01KAR2Z3V400000K00A1B2C3D4-on-call',
  event: {
    id: 'evt_01KAR2Z3V400000K00A1B2C3D4',
    type: 'gateway.behind',
    fleet: 'shop',
    at: DECIDED,
    summary:
      'Gateway edge is behind: it has yet to follow 1 change, the first since 2026-11-23T07:01:06.000Z. Among them is a change of traffic.',
    clusters: [],
    incident: { key: 'shop/gateway/edge/behind', state: 'opened', severity: 'critical', openedAt: DECIDED },
  },
  target: 'on-call',
  state: 'delivered',
  attempts: [{ at: DECIDED, outcome: 'HTTP 204' }],
};

const test: Delivery = {
  id: 'dlv_01KAR2Z3V4W5X6Y7Z8A9B0C1D3-on-call',
  event: {
    id: 'evt_01KAR2Z3V4W5X6Y7Z8A9B0C1D3',
    type: 'notification.test',
    fleet: 'shop',
    at: DECIDED,
    summary: 'ada wants to know whether notifications arrive',
    clusters: [],
  },
  target: 'on-call',
  state: 'delivered',
  attempts: [{ at: DECIDED, outcome: 'HTTP 204' }],
};

export const notificationExamples: Record<string, Example> = {
  ...readExamples(['Delivery', 'Deliveries'], delivery, opened),
  testNotification: { body: { target: 'on-call' }, response: test },
};
