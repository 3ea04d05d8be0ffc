/** What a person does at night with one call. */

import { DataGateAnswerInput } from '../../../schemas/data-gate.ts';
import { Evacuation, EvacuationInput, Return, ReturnInput } from '../../../schemas/evacuation.ts';
import { Fleet, PauseInput } from '../../../schemas/fleet.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import { theFleet } from '../../commands/refusals.ts';
import { applyRecommendation, orderCluster, pauseFleet, resumeFleet } from '../../commands/traffic/automation.ts';
import { answerDataGate } from '../../commands/traffic/data-gates.ts';
import { evacuate, returnTo } from '../../commands/traffic/evacuations.ts';
import { defineOperation, NO_BODY, NO_QUERY, type Operation, type Success } from '../http/operation.ts';
import { InCluster, InDecision, InFleet } from '../http/params.ts';
import { operationHeader, TRAFFIC_ANSWER, trafficReply } from '../http/traffic-reply.ts';
import { BODY_PROBLEMS, writeReply } from './resources.ts';

const FLEET = '/v1/fleets/{fleet}';

const PROBLEMS: readonly ProblemCode[] = ['not-found', 'rule-violated', 'write-conflict'];

const apply = defineOperation({
  operationId: 'applyDecision',
  method: 'post',
  path: `${FLEET}/decisions/{decision}/apply`,
  tag: 'decisions',
  summary: 'Give gateways what a decision recommends',
  description:
    'In a fleet that is not automatic, the decisions of automation are recorded. This puts one in force, as long as what it recommends is ' +
    'recommended now; otherwise the answer tells which clusters would be given something else. What is in force already changes nothing.',
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
  description: 'The fleet. Of a dry run: as it would be, with `dryRun`, and without headers.',
  schema: Fleet,
  headers: ['ETag', 'Operation-Location'],
};

const pause = defineOperation({
  operationId: 'pauseFleet',
  method: 'post',
  path: `${FLEET}/pause`,
  tag: 'fleets',
  summary: 'Have automation move nothing',
  description:
    'Makes the mode `paused`, and leaves the rest of the policy alone. What automation would do is recorded and recommended. `resume` goes back to ' +
    'the mode of before; declaring another mode ends the pause, too.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: PauseInput,
  successes: [FLEET_ANSWER],
  problems: [...BODY_PROBLEMS, 'not-found', 'write-conflict'],
  handle: async (ctx, { params: { fleet }, body: { reason } }) =>
    writeReply('', theFleet(fleet), await pauseFleet({ ...ctx, reason: ctx.reason ?? reason }, fleet)),
});

const resume = defineOperation({
  operationId: 'resumeFleet',
  method: 'post',
  path: `${FLEET}/resume`,
  tag: 'fleets',
  summary: 'End a pause',
  description: 'The fleet has the mode that it had before it was paused. One that is not paused stays as it is.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [FLEET_ANSWER],
  problems: ['not-found', 'write-conflict'],
  handle: async (ctx, { params: { fleet } }) => writeReply('', theFleet(fleet), await resumeFleet(ctx, fleet)),
});

/** What people say of the standing of a cluster. */
function orderOperation(
  order: Parameters<typeof orderCluster>[3],
  { summary, description }: { summary: string; description: string },
): Operation {
  return defineOperation({
    operationId: `${order}Cluster`,
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
      'A cluster that fails is suspected, and keeps its traffic, where the policy asks after clusters of several sites have failed together, or allows no ' +
      'more removals. This says that it does fail.',
  }),
  orderOperation('dismiss', {
    summary: 'Say that a suspected cluster does not fail',
    description: 'For an hour, automation does not take it out, whatever its voters say.',
  }),
  orderOperation('restore', {
    summary: 'Let a cluster return that waits',
    description:
      'It has recovered, and waits for its dwell time, or for somebody to say this where failback is manual.',
  }),
];

const evacuation = defineOperation({
  operationId: 'createEvacuation',
  method: 'post',
  path: `${FLEET}/evacuations`,
  tag: 'shifts',
  summary: 'Take everything out of a cluster, a site or a city',
  description:
    'One shift of each cluster, all of them or none; other shifts of these clusters end. Sent again it changes nothing. A drain keeps traffic ' +
    'where nobody else can serve, an isolation does not. A dry run tells loads, and what would forbid it.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: EvacuationInput,
  successes: [
    {
      status: 200,
      description: 'What is taken out, and what others have to serve then.',
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

const giveBack = defineOperation({
  operationId: 'createReturn',
  method: 'post',
  path: `${FLEET}/returns`,
  tag: 'shifts',
  summary: 'Give a cluster, a site or a city its traffic back',
  description:
    'Ends the shifts that have taken its clusters out, whoever has made them, and gives consent to those that wait for it. They return as after a ' +
    'failure: the answer says what each of them waits for still. Sent again it changes nothing.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: ReturnInput,
  successes: [
    { status: 200, description: 'How far each cluster is.', schema: Return, headers: ['Operation-Location'] },
  ],
  problems: [...BODY_PROBLEMS, ...PROBLEMS, 'unknown-reference'],
  handle: async (ctx, { params: { fleet }, body }) => {
    const { answer, operation } = await returnTo(ctx, fleet, body);
    return { status: 200, body: answer, headers: operationHeader(fleet, operation) };
  },
});

const answerGate = defineOperation({
  operationId: 'answerDataGate',
  method: 'post',
  path: `${FLEET}/data-gate-answers`,
  tag: 'fleets',
  summary: 'Say whether a city may be left, or regained',
  description:
    'The data gate of a city asks before automation leaves it, and before it regains it. The status of the fleet tells what is asked, until when, and what happens ' +
    'without an answer. A `stay` may be followed by a `go`. Sent again it changes nothing.',
  idempotency: 'idempotent',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: DataGateAnswerInput,
  successes: [TRAFFIC_ANSWER],
  problems: [...BODY_PROBLEMS, ...PROBLEMS, 'nothing-asked'],
  handle: async (ctx, { params: { fleet }, body }) => trafficReply(fleet, await answerDataGate(ctx, fleet, body)),
});

export const buttonOperations: readonly Operation[] = [
  apply,
  pause,
  resume,
  ...orders,
  evacuation,
  giveBack,
  answerGate,
];
