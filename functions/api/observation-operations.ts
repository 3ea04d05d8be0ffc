import { ObservationPage } from '../../schemas/cluster.ts';
import { PageQuery } from '../../schemas/common.ts';
import { ObservationBatchInput, ObservationBatchReceipt } from '../../schemas/observation-batch.ts';
import { listObservations } from '../commands/ledger.ts';
import { takeObservations } from '../commands/observations.ts';
import { defineOperation, NO_BODY, NO_QUERY, type Operation } from './operation.ts';
import { pageReply, pageRequest } from './page.ts';
import { InCluster, InFleet } from './params.ts';

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
];
