import { DigestQuery } from '../../../schemas/common.ts';
import { Operation, OperationPage, OperationQuery } from '../../../schemas/operation.ts';
import { GatewayPlan } from '../../../schemas/plan.ts';
import { getOperation, listOperations, watchOperation } from '../../commands/read/operations.ts';
import { applyGateway, planGateway } from '../../commands/read/plans.ts';
import { inFleet } from '../../core/access/access.ts';
import { defineEndpoint, type Endpoint, type Reply } from '../http/endpoint.ts';
import { InFleet, InGateway, idOf } from '../http/params.ts';
import { listEndpoint } from '../http/reads.ts';
import { writeEndpoint } from '../http/writes.ts';

const InOperation = InFleet.extend({ operation: idOf('opn', 'operation') });

const OPERATIONS = '/v1/fleets/{fleet}/operations';

const POLL_SECONDS = '1';

/** Returns the reply to the request that started an operation: with its URL unless it was a dry run, and with status 202 until it has ended. */
export function operationReply(operation: Operation): Reply {
  if (operation.dryRun) return { status: 200, body: operation };
  const Location = `${OPERATIONS.replace('{fleet}', operation.fleet)}/${operation.id}`;
  if (operation.endedAt !== undefined) return { status: 200, body: operation, headers: { Location } };
  return { status: 202, body: operation, headers: { Location, 'Retry-After': POLL_SECONDS } };
}

const plan = defineEndpoint({
  operationId: 'planGateway',
  access: inFleet('read'),
  method: 'post',
  path: '/v1/fleets/{fleet}/gateways/{gateway}/plan',
  tag: 'gateways',
  summary: 'Plan what an apply would do',
  description:
    'Compares the gateway with the declaration, and shows the changes, the calls to the cloud that make them, the shares that ' +
    'move, and the objections. When the cloud offers a dry run, it is asked. Nothing is changed.',
  idempotency: 'safe',
  params: InGateway,
  successes: [{ status: 200, description: 'The plan.', schema: GatewayPlan }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await planGateway(ctx, params.fleet, params.gateway) }),
});

const apply = writeEndpoint({
  operationId: 'applyGateway',
  access: inFleet('operate'),
  method: 'post',
  path: '/v1/fleets/{fleet}/gateways/{gateway}/apply',
  tag: 'gateways',
  summary: 'Make a gateway follow its declaration now',
  description:
    'Pushes the differences, undoes what somebody changed at the gateway, and reads the result back. Gateways follow by themselves ' +
    'after every write; this operation is for those who do not want to wait, and for drift. With the digest of a plan, the plan is ' +
    'applied only if it is still the present one. A second apply finds nothing to do.',
  idempotency: 'repeatable',
  params: InGateway,
  query: DigestQuery,
  successes: [
    {
      status: 200,
      description: 'The operation, which has ended. In a dry run, it is the operation that would begin.',
      schema: Operation,
      headers: ['Location'],
    },
    {
      status: 202,
      description: 'The operation, which goes on.',
      schema: Operation,
      headers: ['Location', 'Retry-After'],
    },
  ],
  problems: ['not-found', 'stale-plan', 'write-conflict'],
  handle: async (ctx, { params, query }) =>
    operationReply(await applyGateway(ctx, params.fleet, params.gateway, query.digest)),
});

const list = listEndpoint(
  { operationId: 'listOperations', tag: 'operations', path: OPERATIONS },
  {
    params: InFleet,
    summary: 'List pushes, with their results',
    query: OperationQuery,
    page: OperationPage,
    read: (ctx, { fleet }, page, asked) => listOperations(ctx, fleet, page, asked),
  },
);

const get = defineEndpoint({
  operationId: 'getOperation',
  access: inFleet('read'),
  method: 'get',
  path: `${OPERATIONS}/{operation}`,
  tag: 'operations',
  summary: 'Get a push and its progress',
  idempotency: 'safe',
  params: InOperation,
  successes: [{ status: 200, description: 'The operation.', schema: Operation, headers: ['Retry-After'] }],
  problems: ['not-found'],
  handle: async (ctx, { params }): Promise<Reply> => {
    const {
      status: _,
      headers = {},
      ...reply
    } = operationReply(await getOperation(ctx, params.fleet, params.operation));
    const { Location: __, ...rest } = headers;
    return { ...reply, status: 200, headers: rest };
  },
});

const watch = defineEndpoint({
  operationId: 'watchOperation',
  access: inFleet('read'),
  method: 'get',
  path: `${OPERATIONS}/{operation}/events`,
  tag: 'operations',
  summary: 'Watch the progress of a push',
  description:
    'Sends the whole operation as a server-sent event (`operation`), at once and whenever it changes, until it has ended or for ' +
    'most of a minute. An EventSource reconnects by itself.',
  idempotency: 'safe',
  params: InOperation,
  successes: [{ status: 200, description: 'A stream of events.', mediaType: 'text/event-stream' }],
  problems: ['not-found'],
  handle: async (ctx, { params }) =>
    eventStream('operation', await watchOperation(ctx, params.fleet, params.operation)),
});

/** The operations that plan and push the configuration of a gateway. */
export const gatewayPushEndpoints: readonly Endpoint[] = [plan, apply];
/** The operations that show pushes and their results. */
export const operationEndpoints: readonly Endpoint[] = [list, get, watch];

/**
 * Returns a stream of server-sent events (WHATWG HTML, section 9.2), one for each value. It ends with the values, or when
 * nobody listens any more.
 */
export function eventStream(event: string, values: AsyncGenerator<object>): Reply {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await values.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`));
    },
    cancel: async () => {
      await values.return(undefined);
    },
  });
  return { status: 200, body, headers: { 'Content-Type': 'text/event-stream' } };
}
