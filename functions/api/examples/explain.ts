/** Examples of replays, explanations and simulations. */

import type * as z from 'zod';
import type { Decision } from '../../../schemas/decision.ts';
import type { Explanation } from '../../../schemas/explanation.ts';
import type { LossReadiness } from '../../../schemas/loss-readiness.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { RecommendationScore } from '../../../schemas/recommendation-score.ts';
import type { DecisionReplay, LedgerCheck } from '../../../schemas/replay.ts';
import type { SimulatedCourse, Simulation, SimulationInput } from '../../../schemas/simulation.ts';
import type { Example } from '../http/example.ts';

const AT = '2026-11-23T07:05:00.000Z';
const SINCE = '2026-11-23T07:02:06.000Z';

function replayOf(decision: Decision): DecisionReplay {
  const { outcome, changes, rules, flags, withdrawnBefore, withdrawnAfter } = decision;
  const shown = changes.map(({ evidence: _, points: __, ...change }) => change);
  const same = { outcome, changes: shown, rules, flags, withdrawnBefore, withdrawnAfter };
  return {
    decision: decision.id,
    isSame: true,
    digestMatches: true,
    hashMatches: true,
    chainMatches: true,
    recorded: same,
    replayed: same,
    differences: [],
  };
}

function checkOf({ id, fleet }: Decision): LedgerCheck {
  return { fleet, isIntact: true, checked: 1, newest: id, oldest: id };
}

function readinessOf({ fleet }: Decision): LossReadiness {
  const fine = { survives: true, since: SINCE, overloads: [], strandedServices: [], soleServices: [] };
  const overloads = [{ cluster: 'hangzhou-b', load: 1500, requestsPerSecond: 1200 }];
  return {
    fleet,
    at: AT,
    ageSeconds: 12,
    skipped: 0,
    losses: [
      { type: 'cluster', name: 'hangzhou-a', clusters: ['hangzhou-a'], ...fine, survives: false, overloads },
      { type: 'cluster', name: 'hangzhou-b', clusters: ['hangzhou-b'], ...fine },
    ],
  };
}

function scoreOf({ id, fleet }: Decision): RecommendationScore {
  const found = { cluster: 'hangzhou-a', decision: id, since: SINCE, until: '2026-11-23T07:12:06.000Z' };
  return {
    fleet,
    automation: 'recommend',
    since: '2026-11-17T07:00:00.000Z',
    until: '2026-11-24T07:00:00.000Z',
    isWholeWeek: true,
    flapSeconds: 42,
    failovers: 1,
    confirmed: 1,
    regretted: 0,
    open: 0,
    percentSeconds: 42_000,
    requests: 420_000,
    failures: [{ ...found, assessment: 'confirmed', percentSeconds: 42_000, requests: 420_000 }],
    conclusion:
      'In the last 7 days automation would have taken traffic away from failing clusters once: 1 confirmed, 0 regretted, 0 open; without it, ' +
      'clusters that were down kept as much as all traffic of the fleet in 420 s, about 420000 requests.',
  };
}

const gateways: Explanation['gateways'] = [
  {
    gateway: 'edge',
    provider: 'alb',
    state: 'Verified',
    text: 'It has the route and the shares, as it was last read.',
    conditions: [],
    readAt: '2026-11-23T07:02:07.400Z',
    pushedAt: '2026-11-23T07:02:07.000Z',
    verifiedAt: '2026-11-23T07:02:08.000Z',
    backends: [
      {
        service: 'checkout',
        port: 80,
        clusters: [
          { cluster: 'hangzhou-a', wantedPercent: 0, verifiedPercent: 0 },
          { cluster: 'shanghai-b', wantedPercent: 100, verifiedPercent: 100 },
        ],
      },
    ],
  },
];

const backendsOf = (decision: string): Explanation['backends'] => [
  {
    service: 'checkout',
    port: 80,
    clusters: [
      {
        cluster: 'hangzhou-a',
        declaredPercent: 70,
        effectivePercent: 0,
        reason: 'Down',
        message: sentenceOf('Down', {}),
      },
      {
        cluster: 'shanghai-b',
        declaredPercent: 30,
        effectivePercent: 100,
        reason: 'TakesOver',
        message: sentenceOf('TakesOver', {}),
      },
    ],
    steps: [
      { step: 'declared', cluster: 'hangzhou-a', text: 'weight 70 in tier 0', after: 70 },
      { step: 'declared', cluster: 'shanghai-b', text: 'weight 30 in tier 0', after: 30 },
      {
        step: 'withdrawal',
        cluster: 'hangzhou-a',
        reason: 'Down',
        text: 'Withdrawn. A majority of its voters see it fail. (unhealthy: 1 of 1 voters see it fail)',
        before: 70,
        after: 0,
        withdrawal: {
          percent: 0,
          cause: 'failure',
          since: SINCE,
          reason: 'unhealthy: 1 of 1 voters see it fail',
          decision,
        },
        votes: [
          {
            voter: 'edge',
            state: 'unhealthy',
            since: SINCE,
            failures: 5,
            consecutiveFailures: 20,
            consecutiveSuccesses: 0,
            observedAt: AT,
            isFresh: true,
            isSuspect: false,
            detail: 'http: 503',
          },
        ],
      },
      {
        step: 'withdrawal',
        cluster: 'shanghai-b',
        text: 'serves what hangzhou-a does not',
        before: 30,
        after: 100,
      },
    ],
  },
];

function explanationOf({ id, fleet, version }: Decision): Explanation {
  return {
    fleet,
    route: 'checkout',
    at: AT,
    revision: 3,
    trafficVersion: version,
    decision: id,
    backends: backendsOf(id),
    gateways,
  };
}

const simulationInput = {
  scenario: { type: 'fail', clusters: ['hangzhou-a'], atSeconds: 60 },
  durationSeconds: 600,
} satisfies z.input<typeof SimulationInput>;

const course: SimulatedCourse = {
  simulatedSeconds: 600,
  evaluations: 124,
  decisions: [
    {
      atSeconds: 73,
      outcome: 'applied',
      changes: [
        {
          cluster: 'hangzhou-a',
          action: 'withdraw',
          fromPercent: 100,
          toPercent: 0,
          reason: 'unhealthy: 1 of 1 voters see it fail',
        },
      ],
      failedRules: [],
      flags: ['overload'],
    },
  ],
  phases: [
    {
      atSeconds: 0,
      shares: [
        {
          services: ['checkout'],
          clusters: [
            { cluster: 'hangzhou-a', percent: 70 },
            { cluster: 'shanghai-b', percent: 30 },
          ],
        },
      ],
    },
    {
      atSeconds: 73,
      shares: [
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
  loads: [
    { cluster: 'hangzhou-a', most: 700, mostAtSeconds: 0, atEnd: 0, isOverloaded: false },
    { cluster: 'shanghai-b', capacity: 800, most: 1000, mostAtSeconds: 73, atEnd: 1000, isOverloaded: true },
  ],
  detections: [{ cluster: 'hangzhou-a', failedAtSeconds: 60, detectionSeconds: 13, movedSeconds: 13 }],
  blockingRules: [],
  directionChanges: { 'hangzhou-a': 0, 'shanghai-b': 0 },
  pushes: [{ gateway: 'edge', pushes: 1, calls: 2, mostCalls: 2, estimatedSeconds: 2 }],
};

const simulation: Simulation = {
  fleet: 'shop',
  at: AT,
  trafficVersion: 7,
  durationSeconds: 600,
  today: course,
  warnings: [],
  assumptions: ['Gateways follow a decision, and are verified, 5 s after it.'],
};

export function explainExamples(decision: Decision): Record<string, Example> {
  return {
    replayDecision: { response: replayOf(decision) },
    scoreRecommendations: { response: scoreOf(decision) },
    getLossReadiness: { response: readinessOf(decision) },
    checkLedger: { response: checkOf(decision) },
    explainRoute: { response: explanationOf(decision) },
    createSimulation: { body: simulationInput, response: simulation },
  };
}
