/** The endpoints with which a person on call acts on a fleet: one call each. */

import { DataGateAnswerInput } from '../../../schemas/data-gate.ts';
import { Evacuation, EvacuationInput, Return, ReturnInput } from '../../../schemas/evacuation.ts';
import { Fleet, PauseInput } from '../../../schemas/fleet.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import { theFleet } from '../../commands/refusals.ts';
import { applyRecommendation, orderCluster, pauseFleet, resumeFleet } from '../../commands/traffic/automation.ts';
import { answerDataGate } from '../../commands/traffic/data-gates.ts';
import { evacuate, returnTo } from '../../commands/traffic/evacuations.ts';
import { inFleet } from '../http/access.ts';
import { defineEndpoint, type Endpoint, NO_BODY, NO_QUERY, type Success } from '../http/endpoint.ts';
import { InCluster, InDecision, InFleet } from '../http/params.ts';
import { operationHeader, TRAFFIC_ANSWER, trafficReply } from '../http/traffic-reply.ts';
import { BODY_PROBLEMS, writeReply } from './resources.ts';

const FLEET = '/v1/fleets/{fleet}';

const PROBLEMS: readonly ProblemCode[] = ['not-found', 'rule-violated', 'write-conflict'];

const apply = defineEndpoint({
  operationId: 'applyDecision',
  access: inFleet('operate'),
  method: 'post',
  path: `${FLEET}/decisions/{decision}/apply`,
  tag: 'decisions',
  summary: 'Put the recommendation of a decision in force',
  description:
    'In a fleet that is not automatic, the decisions of automation are only recorded. This operation puts one in force, as long as ' +
    'its recommendation is still the present one. Otherwise the answer names the clusters that would now be given something else. ' +
    'A recommendation that is in force already changes nothing.',
  idempotency: 'idempotent',
  write: true,
  params: InDecision,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [TRAFFIC_ANSWER],
  problems: [...PROBLEMS, 'stale-recommendation'],
  handle: async (ctx, { params }) =>
    trafficReply(params.fleet, await applyRecommendation(ctx, params.fleet, params.decision)),
});

const FLEET_ANSWER: Success = {
  status: 200,
  description: 'The fleet. In a dry run, it is the fleet as it would be, with `dryRun` and without headers.',
  schema: Fleet,
  headers: ['ETag', 'Operation-Location'],
};

const pause = defineEndpoint({
  operationId: 'pauseFleet',
  access: inFleet('operate'),
  method: 'post',
  path: `${FLEET}/pause`,
  tag: 'fleets',
  summary: 'Pause automation',
  description:
    'Sets the mode to `paused`, so that automation moves nothing, and leaves the rest of the policy unchanged. The decisions of ' +
    'automation are recorded and recommended. `resume` goes back to the previous mode; declaring another mode ends the pause, too.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: PauseInput,
  successes: [FLEET_ANSWER],
  problems: [...BODY_PROBLEMS, 'not-found', 'write-conflict'],
  handle: async (ctx, { params: { fleet }, body: { reason } }) =>
    writeReply(theFleet(fleet), await pauseFleet({ ...ctx, reason: ctx.reason ?? reason }, fleet)),
});

const resume = defineEndpoint({
  operationId: 'resumeFleet',
  access: inFleet('operate'),
  method: 'post',
  path: `${FLEET}/resume`,
  tag: 'fleets',
  summary: 'End a pause',
  description: 'Sets the mode that the fleet had before it was paused. A fleet that is not paused stays unchanged.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [FLEET_ANSWER],
  problems: ['not-found', 'write-conflict'],
  handle: async (ctx, { params: { fleet } }) => writeReply(theFleet(fleet), await resumeFleet(ctx, fleet)),
});

/** Creates an endpoint with which people overrule the standing of a cluster. */
function orderOperation(
  order: Parameters<typeof orderCluster>[3],
  { summary, description }: { summary: string; description: string },
): Endpoint {
  return defineEndpoint({
    operationId: `${order}Cluster`,
    access: inFleet('operate'),
    method: 'post',
    path: `${FLEET}/clusters/{cluster}/${order}`,
    tag: 'clusters',
    summary,
    description,
    idempotency: 'idempotent',
    write: true,
    params: InCluster,
    query: NO_QUERY,
    body: NO_BODY,
    successes: [TRAFFIC_ANSWER],
    problems: PROBLEMS,
    handle: async (ctx, { params }) =>
      trafficReply(params.fleet, await orderCluster(ctx, params.fleet, params.cluster, order)),
  });
}

const orders = [
  orderOperation('resume', {
    summary: 'Take out a cluster that a brake keeps in',
    description:
      'A cluster that fails is suspected, and keeps its traffic, when the policy asks people after clusters of several sites have ' +
      'failed together, or when it allows no more removals. This operation confirms that the cluster does fail.',
  }),
  orderOperation('dismiss', {
    summary: 'Dismiss the suspicion of a cluster',
    description: 'For an hour, automation does not take the cluster out, whatever its voters say.',
  }),
  orderOperation('restore', {
    summary: 'Let a waiting cluster return',
    description: 'The cluster has recovered, and waits for its dwell time, or for this call when failback is manual.',
  }),
];

const evacuation = defineEndpoint({
  operationId: 'createEvacuation',
  access: inFleet('operate'),
  method: 'post',
  path: `${FLEET}/evacuations`,
  tag: 'shifts',
  summary: 'Take everything out of a cluster, a site or a city',
  description:
    'Creates one shift for each cluster, all of them or none; other shifts of these clusters end. Sending the request again ' +
    'changes nothing. A drain keeps traffic when no other cluster can serve, and an isolation does not. A dry run shows the loads, ' +
    'and the rules that would forbid the evacuation.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: EvacuationInput,
  successes: [
    {
      status: 200,
      description: 'The clusters that are taken out, and the loads that others have to serve then.',
      schema: Evacuation,
      headers: ['Operation-Location'],
    },
  ],
  problems: [...BODY_PROBLEMS, ...PROBLEMS, 'unknown-reference'],
  handle: async (ctx, { params: { fleet }, body }) => {
    const { answer, operation } = await evacuate(ctx, fleet, body);
    return { status: 200, body: answer, headers: operationHeader(fleet, operation) };
  },
});

const giveBack = defineEndpoint({
  operationId: 'createReturn',
  access: inFleet('operate'),
  method: 'post',
  path: `${FLEET}/returns`,
  tag: 'shifts',
  summary: 'Give a cluster, a site or a city its traffic back',
  description:
    'Ends the shifts that have taken the clusters of the place out, whoever created them, and gives consent to clusters that wait ' +
    'for it. The clusters return as after a failure: the answer shows what each of them still waits for. Sending the request again ' +
    'changes nothing.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: ReturnInput,
  successes: [
    { status: 200, description: 'The progress of each cluster.', schema: Return, headers: ['Operation-Location'] },
  ],
  problems: [...BODY_PROBLEMS, ...PROBLEMS, 'unknown-reference'],
  handle: async (ctx, { params: { fleet }, body }) => {
    const { answer, operation } = await returnTo(ctx, fleet, body);
    return { status: 200, body: answer, headers: operationHeader(fleet, operation) };
  },
});

const answerGate = defineEndpoint({
  operationId: 'answerDataGate',
  access: inFleet('operate'),
  method: 'post',
  path: `${FLEET}/data-gate-answers`,
  tag: 'fleets',
  summary: 'Answer whether a city may be left or regained',
  description:
    'The data gate of a city asks before automation leaves the city, and before automation regains it. The status of the fleet ' +
    'shows the question, its deadline, and what happens without an answer. A `stay` may be followed by a `go`. Sending the request ' +
    'again changes nothing.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: DataGateAnswerInput,
  successes: [TRAFFIC_ANSWER],
  problems: [...BODY_PROBLEMS, ...PROBLEMS, 'nothing-asked'],
  handle: async (ctx, { params: { fleet }, body }) => trafficReply(fleet, await answerDataGate(ctx, fleet, body)),
});

export const buttonEndpoints: readonly Endpoint[] = [apply, pause, resume, ...orders, evacuation, giveBack, answerGate];
