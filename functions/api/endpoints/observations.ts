import * as z from 'zod';
import { AlertNotificationInput, AlertReceipt } from '../../../schemas/alerts.ts';
import { ObservationPage, ObservationQuery } from '../../../schemas/cluster.ts';
import { WriteQuery } from '../../../schemas/common.ts';
import { ObservationBatchInput, ObservationBatchReceipt } from '../../../schemas/observation-batch.ts';
import { ProbeRound, ProbeRoundInput } from '../../../schemas/probe-round.ts';
import { receiveAlerts } from '../../commands/evidence/alerts.ts';
import { takeObservations } from '../../commands/evidence/observations.ts';
import { probeNow } from '../../commands/evidence/runs.ts';
import { listObservations } from '../../commands/read/ledger.ts';
import { defineEndpoint, type Endpoint } from '../http/endpoint.ts';
import { InCluster, InFleet, InVoter } from '../http/params.ts';
import { listEndpoint } from '../http/reads.ts';

export const observationEndpoints: readonly Endpoint[] = [
  listEndpoint(
    { operationId: 'listObservations', tag: 'clusters', path: '/v1/fleets/{fleet}/clusters/{cluster}/observations' },
    {
      params: InCluster,
      summary: 'List the observations of a cluster',
      query: ObservationQuery,
      page: ObservationPage,
      read: (ctx, params, page, asked) => listObservations(ctx, params, page, asked),
    },
  ),
  defineEndpoint({
    operationId: 'createObservations',
    access: { permission: 'observe', place: 'body-voter' },
    method: 'post',
    path: '/v1/fleets/{fleet}/observations',
    tag: 'clusters',
    summary: 'Send the observations of an agent',
    description:
      'The body is signed by the agent: only observations of the holder of its key count. Either the batch is refused, or each of ' +
      'its observations gets a receipt. A batch that is sent again is refused: observations that were lost are replaced by those of ' +
      'the next batch.',
    idempotency: 'idempotent',
    signed: true,
    params: InFleet,
    body: ObservationBatchInput,
    successes: [
      { status: 200, description: 'The receipts, and the decision if there was one.', schema: ObservationBatchReceipt },
    ],
    problems: [
      'not-found',
      'unknown-voter',
      'invalid-signature',
      'wrong-fleet',
      'replayed',
      'from-the-future',
      'stale-observations',
    ],
    handle: async (ctx, { params, body, signed }) => ({
      status: 200,
      body: await takeObservations(ctx, params.fleet, body, await signed()),
    }),
  }),
  defineEndpoint({
    operationId: 'createAlerts',
    method: 'post',
    path: '/v1/fleets/{fleet}/voters/{voter}/alerts',
    tag: 'clusters',
    summary: 'Send the alerts of a monitoring system',
    description:
      'This operation is a webhook for Prometheus Alertmanager. It takes the bearer token of the voter, or a token with the role ' +
      '`alert` for the voter. Alerts of clusters that the voter does not watch are ignored, and their receipts say so.',
    idempotency: 'idempotent',
    access: { permission: 'alert', place: 'path-voter' },
    params: InVoter,
    body: AlertNotificationInput,
    successes: [{ status: 200, description: 'The receipts, and the decision if there was one.', schema: AlertReceipt }],
    problems: ['not-found', 'truncated-alerts'],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await receiveAlerts(ctx, params, body),
    }),
  }),
];

export const probeEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    operationId: 'createProbeRound',
    access: { permission: 'probe', place: 'body-fleet' },
    method: 'post',
    path: '/v1/probe-rounds',
    tag: 'probe-rounds',
    summary: 'Probe clusters now and act on the results',
    description:
      'This operation is for schedulers besides the built-in one. It ignores Idempotency-Key: another round is another ' +
      'observation, and there are never two rounds at a time: the second one is answered with busy.',
    idempotency: 'repeatable',
    params: z.strictObject({}),
    query: WriteQuery.pick({ dryRun: true }),
    body: ProbeRoundInput,
    successes: [{ status: 200, description: 'The observations and the decisions.', schema: ProbeRound }],
    problems: ['unknown-reference'],
    handle: async (ctx, { body, query }) => ({
      status: 200,
      body: await probeNow(ctx, body, query.dryRun === 'true'),
    }),
  }),
];
