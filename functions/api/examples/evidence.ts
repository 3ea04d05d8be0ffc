/** Examples of what voters and monitoring systems send, and of probe rounds. */

import type * as z from 'zod';
import type { AlertNotificationInput, AlertReceipt } from '../../../schemas/alerts.ts';
import type { ObservationBatchInput, ObservationBatchReceipt } from '../../../schemas/observation-batch.ts';
import type { ProbeRound, ProbeRoundInput } from '../../../schemas/probe-round.ts';
import type { Example } from '../http/example.ts';
import { failure } from './decisions.ts';

const OBSERVED = '2026-11-23T07:02:05.000Z';

const probeRoundInput = { fleet: 'shop' } satisfies z.input<typeof ProbeRoundInput>;

const probeRound: ProbeRound = {
  startedAt: OBSERVED,
  fleets: [
    {
      fleet: 'shop',
      state: 'done',
      results: [{ cluster: 'hangzhou-a', state: 'unhealthy', observation: failure }],
      skipped: 0,
    },
  ],
};

const observationBatch = {
  fleet: 'shop',
  voter: 'agent-hangzhou',
  sentAt: OBSERVED,
  sequence: 1_795_417_326_000,
  controls: [{ ok: true }],
  observations: [
    { cluster: 'hangzhou-a', observedAt: OBSERVED, outcome: 'ok', latencyMs: 4, detail: 'http: status 200' },
  ],
} satisfies z.input<typeof ObservationBatchInput>;

const observationReceipt: ObservationBatchReceipt = { receipts: [{ cluster: 'hangzhou-a', result: 'accepted' }] };

const alertNotification = {
  version: '4',
  truncatedAlerts: 0,
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'HighErrorRate', cluster: 'hangzhou-a' },
      startsAt: OBSERVED,
      endsAt: '0001-01-01T00:00:00Z',
      fingerprint: '1a30ba71cca2921f',
    },
  ],
} satisfies z.input<typeof AlertNotificationInput>;

const alertReceipt: AlertReceipt = {
  receipts: [{ fingerprint: '1a30ba71cca2921f', cluster: 'hangzhou-a', result: 'accepted' }],
};

export const evidenceExamples = {
  createAlerts: { body: alertNotification, response: alertReceipt },
  createObservations: { body: observationBatch, response: observationReceipt },
  createProbeRound: { body: probeRoundInput, response: probeRound },
} satisfies Record<string, Example>;
