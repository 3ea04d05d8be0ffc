import { PageQuery } from '../../../schemas/common.ts';
import { Decision, DecisionPage, DecisionQuery } from '../../../schemas/decision.ts';
import { Explanation } from '../../../schemas/explanation.ts';
import { LossReadiness } from '../../../schemas/loss-readiness.ts';
import { RecommendationScore } from '../../../schemas/recommendation-score.ts';
import { DecisionReplay, LedgerCheck } from '../../../schemas/replay.ts';
import { Simulation, SimulationInput } from '../../../schemas/simulation.ts';
import { FleetStatus } from '../../../schemas/status.ts';
import { explainRoute } from '../../commands/read/explain.ts';
import { getDecision, listDecisions } from '../../commands/read/ledger.ts';
import { scoreRecommendations } from '../../commands/read/recommendation-score.ts';
import { checkLedger, replayDecision } from '../../commands/read/replay.ts';
import { simulate } from '../../commands/read/simulations.ts';
import { getStatus, lossReadiness } from '../../commands/read/status.ts';
import { inFleet } from '../../core/access/access.ts';
import { defineEndpoint, type Endpoint } from '../http/endpoint.ts';
import { InDecision, InFleet, InRoute } from '../http/params.ts';
import { getEndpoint, pageRequest, readEndpoints } from '../http/reads.ts';

export const decisionEndpoints: readonly Endpoint[] = readEndpoints({
  names: ['Decision', 'Decisions'],
  tag: 'decisions',
  path: '/v1/fleets/{fleet}/decisions',
  member: 'decision',
  list: {
    params: InFleet,
    summary: 'List decisions, which say why traffic moved',
    query: DecisionQuery,
    page: DecisionPage,
    read: (ctx, { fleet }, page, asked) => listDecisions(ctx, fleet, page, asked),
  },
  get: {
    params: InDecision,
    summary: 'Get a decision with its evidence',
    found: 'The decision.',
    schema: Decision,
    read: (ctx, { fleet, decision }) => getDecision(ctx, fleet, decision),
  },
});

const replay = getEndpoint(
  { operationId: 'replayDecision', tag: 'decisions', path: '/v1/fleets/{fleet}/decisions/{decision}/replay' },
  {
    params: InDecision,
    summary: 'Decide once more from the recorded inputs of a decision',
    description:
      'Runs the deciding code on the recorded inputs, and compares the outcomes. It also checks that neither the inputs nor the ' +
      'decision have been altered since. Nothing is changed.',
    found: 'The result.',
    schema: DecisionReplay,
    read: (ctx, params) => replayDecision(ctx, params.fleet, params.decision),
  },
);

const ledger = defineEndpoint({
  operationId: 'checkLedger',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/ledger',
  tag: 'decisions',
  summary: 'Check that no decision was altered, removed or added',
  description:
    'Decisions form a chain: each carries the hash of the one before it. This operation checks one page of the chain, newest ' +
    'first; following the pages checks all of it.',
  idempotency: 'safe',
  params: InFleet,
  query: PageQuery,
  successes: [{ status: 200, description: 'The result of checking the links of the page.', schema: LedgerCheck }],
  problems: ['not-found', 'invalid-page-token'],
  handle: async (ctx, { params, query }) => ({
    status: 200,
    body: await checkLedger(ctx, params.fleet, pageRequest(query)),
  }),
});

const score = getEndpoint(
  { operationId: 'scoreRecommendations', tag: 'decisions', path: '/v1/fleets/{fleet}/recommendations/score' },
  {
    params: InFleet,
    summary: 'Score the recommendations of the last week',
    description:
      'Shows, for a fleet that is not automatic, how often automation would have taken traffic away from a failing cluster, which of ' +
      'these times were right, and how much traffic stayed on clusters that were down. The score is made of the recorded decisions ' +
      'of the last seven days alone, at most 1,000 of them.',
    found: 'The score.',
    schema: RecommendationScore,
    read: (ctx, params) => scoreRecommendations(ctx, params.fleet),
  },
);

const losses = getEndpoint(
  { operationId: 'getLossReadiness', tag: 'fleets', path: '/v1/fleets/{fleet}/readiness' },
  {
    params: InFleet,
    summary: 'Show which losses the fleet could survive',
    description:
      'Shows for each cluster, site and city whether the other clusters could serve its present traffic within their capacities, and ' +
      'which of them would be overloaded. Everything else is left as it is: clusters that are down, drained or waiting count as ' +
      'such. Each service that has no other cluster is named.',
    found: 'The last result that was worked out.',
    schema: LossReadiness,
    read: (ctx, params) => lossReadiness(ctx, params.fleet),
  },
);

const status = getEndpoint(
  { operationId: 'getFleetStatus', tag: 'fleets', path: '/v1/fleets/{fleet}/status' },
  {
    params: InFleet,
    summary: 'Show the problems of a fleet, and the requests that settle them',
    description:
      'Shows each cluster with its standing and its points of traffic, from the declaration to the last read; the brakes in force; ' +
      'the recommendation; the voters that are not heard; the gateways that do not follow; and, for each matter that waits for a ' +
      'person, the request that settles it, ready to send. The status is read from stored records, and nothing is changed.',
    found: 'The status.',
    schema: FleetStatus,
    read: (ctx, params) => getStatus(ctx, params.fleet),
  },
);

const explain = getEndpoint(
  { operationId: 'explainRoute', tag: 'routes', path: '/v1/fleets/{fleet}/routes/{route}/explain' },
  {
    params: InRoute,
    summary: 'Explain why each cluster has its share',
    description:
      'Explains the shares step by step, from the declaration to the traffic of the gateways: exports, pins, withdrawals with the ' +
      'present votes, and capacity; then how far each gateway follows, and the shares that it gives.',
    found: 'The explanation.',
    schema: Explanation,
    read: (ctx, params) => explainRoute(ctx, params.fleet, params.route),
  },
);

const createSimulation = defineEndpoint({
  operationId: 'createSimulation',
  access: inFleet('read'),
  method: 'post',
  path: '/v1/fleets/{fleet}/simulations',
  tag: 'decisions',
  summary: 'Simulate failures or recorded observations',
  description:
    'Lets clusters fail or flap, or recorded observations happen again, in virtual time and with the code that watches and decides ' +
    'in production: with the present policy and, beside it, with a candidate. Nothing is changed.',
  idempotency: 'safe',
  params: InFleet,
  body: SimulationInput,
  successes: [{ status: 200, description: 'The result of the simulation.', schema: Simulation }],
  problems: ['not-found', 'unknown-reference', 'conflicting-declaration'],
  handle: async (ctx, { params, body }) => ({ status: 200, body: await simulate(ctx, params.fleet, body) }),
});

/** The endpoints that explain where traffic is, and predict where it would go. */
export const explainEndpoints: readonly Endpoint[] = [status, losses, replay, ledger, score, explain, createSimulation];
