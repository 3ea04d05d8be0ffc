/** The endpoints of rollouts, which change distributions step by step. */

import type { ProblemCode } from '../../../schemas/problem.ts';
import {
  DistributionRollout,
  DistributionRolloutInput,
  DistributionRolloutPage,
  DistributionRolloutQuery,
  RolloutOrderInput,
} from '../../../schemas/rollout.ts';
import { pauseRollout, resumeRollout, undoRollout } from '../../commands/rollouts/orders.ts';
import { getRollout, listRollouts } from '../../commands/rollouts/show.ts';
import { type StartedRollout, startRollout } from '../../commands/rollouts/start.ts';
import { inFleet } from '../../core/access/access.ts';
import type { Endpoint, Reply, Success } from '../http/endpoint.ts';
import { InDistribution, idOf } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { answerReply, createdReply, operationHeader, trafficEndpoint, writeEndpoint } from '../http/writes.ts';

const InRollout = InDistribution.extend({ rollout: idOf('rol', 'rollout') });

const ROLLOUTS = '/v1/fleets/{fleet}/distributions/{distribution}/rollouts';

/** The problems that a write of the distribution can have. */
const WRITE_PROBLEMS: readonly ProblemCode[] = [
  'not-found',
  'unknown-reference',
  'conflicting-declaration',
  'quota-exceeded',
  'unsupported-feature',
  'backend-without-cluster',
  'limit-exceeded',
  'rule-violated',
  'write-conflict',
];

const reads = readEndpoints({
  names: ['Rollout', 'Rollouts'],
  tag: 'distributions',
  path: ROLLOUTS,
  member: 'rollout',
  list: {
    params: InDistribution,
    summary: 'List the rollouts of a distribution',
    description: 'Rollouts that have ended are kept for 90 days.',
    query: DistributionRolloutQuery,
    page: DistributionRolloutPage,
    read: listRollouts,
  },
  get: {
    params: InRollout,
    summary: 'Get a rollout, its progress, and the conditions that it waits for',
    found: 'The rollout.',
    schema: DistributionRollout,
    read: getRollout,
  },
});

const start = writeEndpoint({
  operationId: 'startRollout',
  access: inFleet('declare'),
  method: 'post',
  path: ROLLOUTS,
  tag: 'distributions',
  summary: 'Change the weights of a distribution step by step',
  description:
    'The first step is taken at once. The next step is taken when every gateway was read to follow the last one, its wait is over, ' +
    'and every cluster that is to get more is up and healthy. Otherwise the rollout stops, and the distribution stays at the ' +
    'present step. A write of the distribution by somebody else ends the rollout. A dry run shows the split of each step, and the ' +
    'safety rules that would forbid it now. While a rollout of the distribution is live, there is no second one.',
  idempotency: 'repeatable',
  params: InDistribution,
  body: DistributionRolloutInput,
  successes: [
    { status: 200, description: 'The rollout as it would be, in a dry run.', schema: DistributionRollout },
    {
      status: 201,
      description: 'The rollout has begun.',
      schema: DistributionRollout,
      headers: ['Location', 'Operation-Location'],
    },
  ],
  problems: [...WRITE_PROBLEMS, 'already-live'],
  handle: async (ctx, { params, body }): Promise<Reply> => {
    const { rollout, operation } = await startRollout(ctx, params, body);
    if (ctx.isDry) return { status: 200, body: rollout };
    const path = ROLLOUTS.replace('{fleet}', params.fleet).replace('{distribution}', params.distribution);
    return createdReply(`${path}/${rollout.id}`, rollout, operationHeader(params.fleet, operation));
  },
});

const ANSWER: Success = {
  status: 200,
  description: 'The rollout. In a dry run, it is the rollout as it would be.',
  schema: DistributionRollout,
  headers: ['Operation-Location'],
};

function answer(fleet: string, { rollout, operation }: StartedRollout): Reply {
  return answerReply(fleet, rollout, operation);
}

/** The fields that the endpoints have by which people steer a rollout. */
const order = { tag: 'distributions', params: InRollout, successes: [ANSWER] };

const pause = trafficEndpoint({
  ...order,
  operationId: 'pauseRollout',
  path: `${ROLLOUTS}/{rollout}/pause`,
  summary: 'Stop a rollout at its present step',
  description: 'The distribution stays at the present step. A rollout that has stopped already stays unchanged.',
  body: RolloutOrderInput,
  problems: ['not-found', 'already-ended', 'write-conflict'],
  handle: async (ctx, { params, body }) => answer(params.fleet, await pauseRollout(ctx, params, body.reason)),
});

const resume = trafficEndpoint({
  ...order,
  operationId: 'resumeRollout',
  path: `${ROLLOUTS}/{rollout}/resume`,
  summary: 'Resume a stopped rollout',
  description:
    'The wait of the present step begins anew. The cause of the stop stops the rollout again while it lasts. A running rollout ' +
    'stays unchanged.',
  problems: ['not-found', 'already-ended', 'write-conflict'],
  handle: async (ctx, { params }) => answer(params.fleet, await resumeRollout(ctx, params)),
});

const undo = trafficEndpoint({
  ...order,
  operationId: 'undoRollout',
  path: `${ROLLOUTS}/{rollout}/undo`,
  summary: 'Undo a rollout',
  description:
    'Gives the distribution the members that it had before the rollout, at once and by one write, even when the rollout has ' +
    'finished. The answer is 409 when somebody else has changed the distribution since. A rollout that is undone stays unchanged.',
  body: RolloutOrderInput,
  problems: [...WRITE_PROBLEMS, 'already-ended'],
  handle: async (ctx, { params, body }) => answer(params.fleet, await undoRollout(ctx, params, body.reason)),
});

export const rolloutEndpoints: readonly Endpoint[] = [...reads, start, pause, resume, undo];
