/** Examples of rollouts of distributions. */

import type * as z from 'zod';
import type { DistributionRollout, DistributionRolloutInput, RolloutOrderInput } from '../../../schemas/rollout.ts';
import { type Example, readExamples } from '../http/example.ts';

const STARTED = '2026-11-23T07:00:00.000Z';
const VERIFIED = '2026-11-23T07:00:04.000Z';

const members = (hangzhou: number, shanghai: number) => [
  { city: 'hangzhou', weight: hangzhou, tier: 0 },
  { city: 'shanghai', weight: shanghai, tier: 0 },
];

const input = {
  clusters: [
    { city: 'hangzhou', weight: 50 },
    { city: 'shanghai', weight: 50 },
  ],
  steps: [
    { percent: 10, waitSeconds: 300 },
    { percent: 50, waitSeconds: 600 },
  ],
  reason: 'shanghai has its new nodes',
} satisfies z.input<typeof DistributionRolloutInput>;

const rollout: DistributionRollout = {
  id: 'rol_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  fleet: 'shop',
  distribution: 'two-cities',
  state: 'running',
  actor: 'ada',
  reason: input.reason,
  createdAt: STARTED,
  updatedAt: VERIFIED,
  from: [
    { city: 'hangzhou', weight: 90 },
    { city: 'shanghai', weight: 10 },
  ],
  steps: [
    {
      ...{ percent: 10, waitSeconds: 300, clusters: members(86, 14), takenAt: STARTED, verifiedAt: VERIFIED },
      ...{ revision: 4, operation: 'opn_01KAR2Z3V4W5X6Y7Z8A9B0C1D2' },
    },
    { percent: 50, waitSeconds: 600, clusters: members(70, 30) },
    { percent: 100, waitSeconds: 0, clusters: input.clusters },
  ],
  step: 0,
  percent: 10,
  uid: 'dst_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  revision: 4,
  nextAt: '2026-11-23T07:05:04.000Z',
};

const order = { reason: 'errors in shanghai' } satisfies z.input<typeof RolloutOrderInput>;

export const rolloutExamples: Record<string, Example> = {
  ...readExamples(['Rollout', 'Rollouts'], rollout),
  startRollout: { body: input, response: rollout, created: rollout },
  pauseRollout: { body: order, response: rollout },
  resumeRollout: { response: rollout },
  undoRollout: { body: order, response: { ...rollout, state: 'undone', percent: 0 } },
};
