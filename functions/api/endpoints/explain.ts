import { PageQuery } from '../../../schemas/common.ts';
import { Decision, DecisionPage } from '../../../schemas/decision.ts';
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
import { inFleet } from '../http/access.ts';
import { defineEndpoint, type Endpoint, NO_BODY, NO_QUERY } from '../http/endpoint.ts';
import { pageRequest } from '../http/page.ts';
import { InDecision, InFleet, InRoute } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { BODY_PROBLEMS } from './resources.ts';

export const decisionEndpoints: readonly Endpoint[] = readEndpoints({
  names: ['Decision', 'Decisions'],
  tag: 'decisions',
  path: '/v1/fleets/{fleet}/decisions',
  member: 'decision',
  list: {
    params: InFleet,
    summary: 'List decisions, which say why traffic moved',
    page: DecisionPage,
    read: (ctx, { fleet }, page) => listDecisions(ctx, fleet, page),
  },
  get: {
    params: InDecision,
    summary: 'Get a decision with its evidence',
    found: 'The decision.',
    schema: Decision,
    read: (ctx, { fleet, decision }) => getDecision(ctx, fleet, decision),
  },
});

const replay = defineEndpoint({
  operationId: 'replayDecision',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/decisions/{decision}/replay',
  tag: 'decisions',
  summary: 'Decide once more from the recorded inputs of a decision',
  description:
    'Runs the deciding code on the recorded inputs, and compares the outcomes. It also checks that neither the inputs nor the ' +
    'decision have been altered since. Nothing is changed.',
  idempotency: 'safe',
  params: InDecision,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The result.', schema: DecisionReplay }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await replayDecision(ctx, params.fleet, params.decision) }),
});

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
  body: NO_BODY,
  successes: [{ status: 200, description: 'The result of checking the links of the page.', schema: LedgerCheck }],
  problems: ['not-found', 'invalid-page-token'],
  handle: async (ctx, { params, query }) => ({
    status: 200,
    body: await checkLedger(ctx, params.fleet, pageRequest(query)),
  }),
});

const score = defineEndpoint({
  operationId: 'scoreRecommendations',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/recommendations/score',
  tag: 'decisions',
  summary: 'Score the recommendations of the last week',
  description:
    'Shows, for a fleet that is not automatic, how often automation would have taken traffic away from a failing cluster, which of ' +
    'these times were right, and how much traffic stayed on clusters that were down. The score is made of the recorded decisions ' +
    'of the last seven days alone, at most 1,000 of them.',
  idempotency: 'safe',
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The score.', schema: RecommendationScore }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await scoreRecommendations(ctx, params.fleet) }),
});

const losses = defineEndpoint({
  operationId: 'getLossReadiness',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/readiness',
  tag: 'fleets',
  summary: 'Show which losses the fleet could survive',
  description:
    'Shows for each cluster, site and city whether the other clusters could serve its present traffic within their capacities, and ' +
    'which of them would be overloaded. Everything else is left as it is: clusters that are down, drained or waiting count as ' +
    'such. Each service that has no other cluster is named.',
  idempotency: 'safe',
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The last result that was worked out.', schema: LossReadiness }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await lossReadiness(ctx, params.fleet) }),
});

const status = defineEndpoint({
  operationId: 'getFleetStatus',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/status',
  tag: 'fleets',
  summary: 'Show the problems of a fleet, and the requests that settle them',
  description:
    'Shows each cluster with its standing and its points of traffic, from the declaration to the last read; the brakes in force; ' +
    'the recommendation; the voters that are not heard; the gateways that do not follow; and, for each matter that waits for a ' +
    'person, the request that settles it, ready to send. The status is read from stored records, and nothing is changed.',
  idempotency: 'safe',
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The status.', schema: FleetStatus }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await getStatus(ctx, params.fleet) }),
});

const explain = defineEndpoint({
  operationId: 'explainRoute',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/routes/{route}/explain',
  tag: 'routes',
  summary: 'Explain why each cluster has its share',
  description:
    'Explains the shares step by step, from the declaration to the traffic of the gateways: exports, pins, withdrawals with the ' +
    'present votes, and capacity; then how far each gateway follows, and the shares that it gives.',
  idempotency: 'safe',
  params: InRoute,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The explanation.', schema: Explanation }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await explainRoute(ctx, params.fleet, params.route) }),
});

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
  query: NO_QUERY,
  body: SimulationInput,
  successes: [{ status: 200, description: 'The result of the simulation.', schema: Simulation }],
  problems: [...BODY_PROBLEMS, 'not-found', 'unknown-reference', 'conflicting-declaration'],
  handle: async (ctx, { params, body }) => ({ status: 200, body: await simulate(ctx, params.fleet, body) }),
});

/** The endpoints that explain where traffic is, and predict where it would go. */
export const explainEndpoints: readonly Endpoint[] = [status, losses, replay, ledger, score, explain, createSimulation];
