/** Examples of drill runs. */

import type * as z from 'zod';
import type { Decision, TrafficAnswer } from '../../../schemas/decision.ts';
import type { DrillRun } from '../../../schemas/drill.ts';
import type { DrillReport, DrillRunInput } from '../../../schemas/drill-report.ts';
import { type Example, readExamples } from '../http/example.ts';

const STARTED = '2026-11-23T07:00:00.000Z';
const VERIFIED = '2026-11-23T07:00:04.000Z';

const run: DrillRun = {
  id: 'drl_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  fleet: 'shop',
  drill: 'lose-hangzhou',
  cluster: 'hangzhou-a',
  clusters: ['hangzhou-a'],
  actor: 'ada',
  state: 'holding',
  startedAt: STARTED,
  verifiedAt: VERIFIED,
  recoverySeconds: 4,
  recoveryTargetSeconds: 60,
  percent: 0,
  events: [
    { at: STARTED, type: 'moving', detail: 'gateways are told to give hangzhou-a 0 % of its share' },
    { at: VERIFIED, type: 'holding', detail: 'gateways were read to give hangzhou-a nothing' },
  ],
};

/** Returns the examples of drill runs by operation id. `decision` stands for the decisions of the run. */
export function drillExamples(decision: Decision): Record<string, Example> {
  const answer: TrafficAnswer = { decision };
  const report: DrillReport = {
    run,
    local: {
      timeZone: 'Asia/Shanghai',
      startedAt: '2026-11-23 15:00:00 GMT+08:00',
      verifiedAt: '2026-11-23 15:00:04 GMT+08:00',
    },
    isTargetMet: true,
    lostRequests: { aboveCapacity: 0, notKnown: ['No load is declared of checkout: it counts as none.'] },
    shares: [
      {
        at: VERIFIED,
        moment: 'holding',
        backends: [
          {
            services: ['checkout'],
            clusters: [
              { cluster: 'hangzhou-a', percent: 0 },
              { cluster: 'shanghai-b', percent: 100 },
            ],
          },
        ],
      },
    ],
    decisions: [decision],
    evidenceHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  };
  return {
    ...readExamples(['DrillRun', 'DrillRuns'], run),
    startDrillRun: {
      body: { drill: 'lose-hangzhou' } satisfies z.input<typeof DrillRunInput>,
      response: answer,
      created: run,
    },
    abortDrillRun: { response: answer },
    getDrillReport: { response: report },
  };
}
