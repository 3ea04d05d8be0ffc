/** The endpoints with which a person on call acts on a fleet: one call each. */

import { DataGateAnswerInput } from '../../../schemas/data-gate.ts';
import { Evacuation, EvacuationInput, Return, ReturnInput } from '../../../schemas/evacuation.ts';
import { Fleet, PauseInput } from '../../../schemas/fleet.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import { theFleet } from '../../commands/refusals.ts';
import { applyRecommendation, orderCluster, pauseFleet, resumeFleet } from '../../commands/traffic/automation.ts';
import { answerDataGate } from '../../commands/traffic/data-gates.ts';
import { evacuate, returnTo } from '../../commands/traffic/evacuations.ts';
import type { Endpoint, Success } from '../http/endpoint.ts';
import { InCluster, InDecision, InFleet } from '../http/params.ts';
import { answerReply, trafficEndpoint, trafficReply } from '../http/writes.ts';
import { writeReply } from './resources.ts';

const FLEET = '/v1/fleets/{fleet}';

const PROBLEMS: readonly ProblemCode[] = ['not-found', 'rule-violated', 'write-conflict'];

const apply = trafficEndpoint({
  operationId: 'applyDecision',
  path: `${FLEET}/decisions/{decision}/apply`,
  tag: 'decisions',
  summary: 'Put the recommendation of a decision in force',
  description:
    'In a fleet that is not automatic, the decisions of automation are only recorded. This operation puts one in force, as long as ' +
    'its recommendation is still the present one. Otherwise the answer names the clusters that would now be given something else. ' +
    'A recommendation that is in force already changes nothing.',
  params: InDecision,
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

const pause = trafficEndpoint({
  operationId: 'pauseFleet',
  path: `${FLEET}/pause`,
  tag: 'fleets',
  summary: 'Pause automation',
  description:
    'Sets the mode to `paused`, so that automation moves nothing, and leaves the rest of the policy unchanged. The decisions of ' +
    'automation are recorded and recommended. `resume` goes back to the previous mode; declaring another mode ends the pause, too.',
  params: InFleet,
  body: PauseInput,
  successes: [FLEET_ANSWER],
  problems: ['not-found', 'write-conflict'],
  handle: async (ctx, { params: { fleet }, body: { reason } }) =>
    writeReply(theFleet(fleet), await pauseFleet({ ...ctx, reason: ctx.reason ?? reason }, fleet)),
});

const resume = trafficEndpoint({
  operationId: 'resumeFleet',
  path: `${FLEET}/resume`,
  tag: 'fleets',
  summary: 'End a pause',
  description: 'Sets the mode that the fleet had before it was paused. A fleet that is not paused stays unchanged.',
  params: InFleet,
  successes: [FLEET_ANSWER],
  problems: ['not-found', 'write-conflict'],
  handle: async (ctx, { params: { fleet } }) => writeReply(theFleet(fleet), await resumeFleet(ctx, fleet)),
});

/** Creates an endpoint with which people overrule the standing of a cluster. */
function orderEndpoint(
  order: Parameters<typeof orderCluster>[3],
  { summary, description }: { summary: string; description: string },
): Endpoint {
  return trafficEndpoint({
    operationId: `${order}Cluster`,
    path: `${FLEET}/clusters/{cluster}/${order}`,
    tag: 'clusters',
    summary,
    description,
    params: InCluster,
    problems: PROBLEMS,
    handle: async (ctx, { params }) =>
      trafficReply(params.fleet, await orderCluster(ctx, params.fleet, params.cluster, order)),
  });
}

const orders = [
  orderEndpoint('resume', {
    summary: 'Take out a cluster that a brake keeps in',
    description:
      'A cluster that fails is suspected, and keeps its traffic, when the policy asks people after clusters of several sites have ' +
      'failed together, or when it allows no more removals. This operation confirms that the cluster does fail.',
  }),
  orderEndpoint('dismiss', {
    summary: 'Dismiss the suspicion of a cluster',
    description: 'For an hour, automation does not take the cluster out, whatever its voters say.',
  }),
  orderEndpoint('restore', {
    summary: 'Let a waiting cluster return',
    description: 'The cluster has recovered, and waits for its dwell time, or for this call when failback is manual.',
  }),
];

const evacuation = trafficEndpoint({
  operationId: 'createEvacuation',
  path: `${FLEET}/evacuations`,
  tag: 'shifts',
  summary: 'Take everything out of a cluster, a site or a city',
  description:
    'Creates one shift for each cluster, all of them or none; other shifts of these clusters end. Sending the request again ' +
    'changes nothing. A drain keeps traffic when no other cluster can serve, and an isolation does not. A dry run shows the loads, ' +
    'and the rules that would forbid the evacuation.',
  params: InFleet,
  body: EvacuationInput,
  successes: [
    {
      status: 200,
      description: 'The clusters that are taken out, and the loads that others have to serve then.',
      schema: Evacuation,
      headers: ['Operation-Location'],
    },
  ],
  problems: [...PROBLEMS, 'unknown-reference'],
  handle: async (ctx, { params: { fleet }, body }) => {
    const { answer, operation } = await evacuate(ctx, fleet, body);
    return answerReply(fleet, answer, operation);
  },
});

const giveBack = trafficEndpoint({
  operationId: 'createReturn',
  path: `${FLEET}/returns`,
  tag: 'shifts',
  summary: 'Give a cluster, a site or a city its traffic back',
  description:
    'Ends the shifts that have taken the clusters of the place out, whoever created them, and gives consent to clusters that wait ' +
    'for it. The clusters return as after a failure: the answer shows what each of them still waits for. Sending the request again ' +
    'changes nothing.',
  params: InFleet,
  body: ReturnInput,
  successes: [
    { status: 200, description: 'The progress of each cluster.', schema: Return, headers: ['Operation-Location'] },
  ],
  problems: [...PROBLEMS, 'unknown-reference'],
  handle: async (ctx, { params: { fleet }, body }) => {
    const { answer, operation } = await returnTo(ctx, fleet, body);
    return answerReply(fleet, answer, operation);
  },
});

const answerGate = trafficEndpoint({
  operationId: 'answerDataGate',
  path: `${FLEET}/data-gate-answers`,
  tag: 'fleets',
  summary: 'Answer whether a city may be left or regained',
  description:
    'The data gate of a city asks before automation leaves the city, and before automation regains it. The status of the fleet ' +
    'shows the question, its deadline, and what happens without an answer. A `stay` may be followed by a `go`. Sending the request ' +
    'again changes nothing.',
  params: InFleet,
  body: DataGateAnswerInput,
  problems: [...PROBLEMS, 'nothing-asked'],
  handle: async (ctx, { params: { fleet }, body }) => trafficReply(fleet, await answerDataGate(ctx, fleet, body)),
});

export const buttonEndpoints: readonly Endpoint[] = [apply, pause, resume, ...orders, evacuation, giveBack, answerGate];
