import * as z from 'zod';
import { AlertNotificationInput, AlertReceipt } from '../../../schemas/alerts.ts';
import { ObservationPage } from '../../../schemas/cluster.ts';
import { Name, PageQuery } from '../../../schemas/common.ts';
import { ObservationBatchInput, ObservationBatchReceipt } from '../../../schemas/observation-batch.ts';
import { receiveAlerts } from '../../commands/evidence/alerts.ts';
import { takeObservations } from '../../commands/evidence/observations.ts';
import { listObservations } from '../../commands/read/ledger.ts';
import { defineOperation, NO_BODY, NO_QUERY, type Operation } from '../http/operation.ts';
import { pageReply, pageRequest } from '../http/page.ts';
import { InCluster, InFleet } from '../http/params.ts';

const InVoter = z.strictObject({ fleet: Name, voter: Name });

export const observationOperations: readonly Operation[] = [
  defineOperation({
    operationId: 'listObservations',
    method: 'get',
    path: '/v1/fleets/{fleet}/clusters/{cluster}/observations',
    tag: 'clusters',
    summary: 'List what probers saw of a cluster',
    idempotency: 'safe',
    params: InCluster,
    query: PageQuery,
    body: NO_BODY,
    successes: [{ status: 200, description: 'One page, newest first.', schema: ObservationPage }],
    problems: ['not-found', 'invalid-page-token'],
    handle: async (ctx, { params, query }) =>
      pageReply(await listObservations(ctx, params.fleet, params.cluster, pageRequest(query))),
  }),
  defineOperation({
    operationId: 'createObservations',
    method: 'post',
    path: '/v1/fleets/{fleet}/observations',
    tag: 'clusters',
    summary: 'Tell what an agent has seen',
    description:
      'Signed by the agent: only what the holder of its key has seen counts. Either the batch is refused, or each of its observations has a ' +
      'receipt. Sent again it is refused: what was lost is told by the next batch.',
    idempotency: 'idempotent',
    signed: true,
    params: InFleet,
    query: NO_QUERY,
    body: ObservationBatchInput,
    successes: [{ status: 200, description: 'What was taken, and decided.', schema: ObservationBatchReceipt }],
    problems: [
      'malformed-json',
      'body-too-large',
      'unsupported-media-type',
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
  defineOperation({
    operationId: 'createAlerts',
    method: 'post',
    path: '/v1/fleets/{fleet}/voters/{voter}/alerts',
    tag: 'clusters',
    summary: 'Tell which alerts fire',
    description:
      'A webhook of Prometheus Alertmanager, with the bearer token of the voter: no token of the control plane is needed. Alerts of clusters ' +
      'that the voter does not watch are ignored, and their receipts say so.',
    idempotency: 'idempotent',
    hasOwnToken: true,
    params: InVoter,
    query: NO_QUERY,
    body: AlertNotificationInput,
    successes: [{ status: 200, description: 'What was taken, and decided.', schema: AlertReceipt }],
    problems: ['malformed-json', 'body-too-large', 'unsupported-media-type', 'invalid-token', 'truncated-alerts'],
    handle: async (ctx, { params, body, token }) => ({
      status: 200,
      body: await receiveAlerts(ctx, { ...params, token: token() }, body),
    }),
  }),
];
