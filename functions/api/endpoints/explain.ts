import { PageQuery } from '../../../schemas/common.ts';
import { Explanation } from '../../../schemas/explanation.ts';
import { LossReadiness } from '../../../schemas/loss-readiness.ts';
import { RecommendationScore } from '../../../schemas/recommendation-score.ts';
import { DecisionReplay, LedgerCheck } from '../../../schemas/replay.ts';
import { Simulation, SimulationInput } from '../../../schemas/simulation.ts';
import { FleetStatus } from '../../../schemas/status.ts';
import { explainRoute } from '../../commands/read/explain.ts';
import { scoreRecommendations } from '../../commands/read/recommendation-score.ts';
import { checkLedger, replayDecision } from '../../commands/read/replay.ts';
import { simulate } from '../../commands/read/simulations.ts';
import { getStatus, lossReadiness } from '../../commands/read/status.ts';
import { defineOperation, NO_BODY, NO_QUERY, type Operation } from '../http/operation.ts';
import { pageRequest } from '../http/page.ts';
import { InDecision, InFleet, InRoute } from '../http/params.ts';
import { BODY_PROBLEMS } from './resources.ts';

const replay = defineOperation({
  operationId: 'replayDecision',
  method: 'get',
  path: '/v1/fleets/{fleet}/decisions/{decision}/replay',
  tag: 'decisions',
  summary: 'Take a decision once more, upon what it was taken upon',
  description:
    'Runs the code that decides on the recorded inputs, and compares. Also checks that neither the inputs nor the decision have been ' +
    'altered since. Nothing is changed.',
  idempotency: 'safe',
  params: InDecision,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'What came out.', schema: DecisionReplay }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await replayDecision(ctx, params.fleet, params.decision) }),
});

const ledger = defineOperation({
  operationId: 'checkLedger',
  method: 'get',
  path: '/v1/fleets/{fleet}/ledger',
  tag: 'decisions',
  summary: 'Check that no decision was altered, removed or added',
  description:
    'Decisions form a chain: each carries the hash of the one before it. Checks one page of it, newest first; with the pages that follow, ' +
    'all of it.',
  idempotency: 'safe',
  params: InFleet,
  query: PageQuery,
  body: NO_BODY,
  successes: [{ status: 200, description: 'Whether the links of the page hold.', schema: LedgerCheck }],
  problems: ['not-found', 'invalid-page-token'],
  handle: async (ctx, { params, query }) => ({
    status: 200,
    body: await checkLedger(ctx, params.fleet, pageRequest(query)),
  }),
});

const score = defineOperation({
  operationId: 'scoreRecommendations',
  method: 'get',
  path: '/v1/fleets/{fleet}/recommendations/score',
  tag: 'decisions',
  summary: 'Say how the recommendations of the last week have done',
  description:
    'For fleets that are not automatic: how often automation would have taken traffic away from a failing cluster, which of that was right, ' +
    'and what stayed on clusters that were down. Made of the recorded decisions of the last seven days alone, at most 1,000 of them.',
  idempotency: 'safe',
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The score.', schema: RecommendationScore }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await scoreRecommendations(ctx, params.fleet) }),
});

const losses = defineOperation({
  operationId: 'getLossReadiness',
  method: 'get',
  path: '/v1/fleets/{fleet}/readiness',
  tag: 'fleets',
  summary: 'Say what the fleet could lose',
  description:
    'For each cluster, site and city: whether others could serve what it serves now, within their capacities, and what would be too much for whom. ' +
    'Everything else stays as it is: clusters that are down, drained or waiting count as such. Each service that has nobody else is named.',
  idempotency: 'safe',
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'What was worked out last.', schema: LossReadiness }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await lossReadiness(ctx, params.fleet) }),
});

const status = defineOperation({
  operationId: 'getFleetStatus',
  method: 'get',
  path: '/v1/fleets/{fleet}/status',
  tag: 'fleets',
  summary: 'Say what is the matter with a fleet, and what settles it',
  description:
    'Each cluster with its standing and its points of traffic from what is declared to what was read back, brakes in force, what is recommended, who is ' +
    'not heard, which gateways do not follow; and for each thing that waits for a person the request that settles it, ready to send. Reads what is ' +
    'stored, and changes nothing.',
  idempotency: 'safe',
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The status.', schema: FleetStatus }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await getStatus(ctx, params.fleet) }),
});

const explain = defineOperation({
  operationId: 'explainRoute',
  method: 'get',
  path: '/v1/fleets/{fleet}/routes/{route}/explain',
  tag: 'routes',
  summary: 'Say why each cluster has its share',
  description:
    'Step by step, from what is declared to what the gateways serve: exports, pins, withdrawals with the votes of now, capacity; ' +
    'then how far each gateway follows, and what it makes of it.',
  idempotency: 'safe',
  params: InRoute,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The explanation.', schema: Explanation }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await explainRoute(ctx, params.fleet, params.route) }),
});

const createSimulation = defineOperation({
  operationId: 'createSimulation',
  method: 'post',
  path: '/v1/fleets/{fleet}/simulations',
  tag: 'decisions',
  summary: 'Say what would happen',
  description:
    'Lets clusters fail or flap, or what was observed once happen again, in virtual time and with the code that watches and decides in ' +
    'earnest: by the policy of today and, beside it, by a candidate. Nothing is changed.',
  idempotency: 'safe',
  params: InFleet,
  query: NO_QUERY,
  body: SimulationInput,
  successes: [{ status: 200, description: 'What would happen.', schema: Simulation }],
  problems: [...BODY_PROBLEMS, 'not-found', 'unknown-reference', 'conflicting-declaration'],
  handle: async (ctx, { params, body }) => ({ status: 200, body: await simulate(ctx, params.fleet, body) }),
});

/** Why traffic is where it is, and what would become of it. */
export const explainOperations: readonly Operation[] = [
  status,
  losses,
  replay,
  ledger,
  score,
  explain,
  createSimulation,
];
