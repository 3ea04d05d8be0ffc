import * as z from 'zod';
import { Name, PageQuery } from '../../../schemas/common.ts';
import { Delivery, DeliveryPage, NotificationTestInput } from '../../../schemas/notification.ts';
import { getDelivery, listDeliveries, testNotification } from '../../commands/read/deliveries.ts';
import { inFleet } from '../http/access.ts';
import { defineEndpoint, NO_BODY, NO_QUERY, type Endpoint, type Reply } from '../http/endpoint.ts';
import { pageReply, pageRequest } from '../http/page.ts';
import { InFleet } from '../http/params.ts';

const InDelivery = z.strictObject({
  fleet: Name,
  delivery: z
    .string()
    .regex(/^dlv_[A-Za-z0-9-]{1,128}$/, 'must be the id of a delivery')
    .meta({ examples: ['dlv_01KAR2Z3V4W5X6Y7Z8A9B0C1D2-0-on-call'] }),
});

const list = defineEndpoint({
  operationId: 'listDeliveries',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/deliveries',
  tag: 'notifications',
  summary: 'List deliveries to targets, with their results',
  description: 'Lists the deliveries of the last 30 days.',
  idempotency: 'safe',
  params: InFleet,
  query: PageQuery,
  body: NO_BODY,
  successes: [{ status: 200, description: 'One page, newest first.', schema: DeliveryPage }],
  problems: ['not-found', 'invalid-page-token'],
  handle: async (ctx, { params, query }) => pageReply(await listDeliveries(ctx, params.fleet, pageRequest(query))),
});

const get = defineEndpoint({
  operationId: 'getDelivery',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/deliveries/{delivery}',
  tag: 'notifications',
  summary: 'Get a delivery with its attempts',
  idempotency: 'safe',
  params: InDelivery,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The delivery.', schema: Delivery }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await getDelivery(ctx, params.fleet, params.delivery) }),
});

const test = defineEndpoint({
  operationId: 'testNotification',
  access: inFleet('operate'),
  method: 'post',
  path: '/v1/fleets/{fleet}/notifications/test',
  tag: 'notifications',
  summary: 'Send a test to a target',
  description:
    'Answers after the first attempt. A target that did not accept the test is tried again, as with any other event. The request ' +
    'needs no Idempotency-Key: another test is another event.',
  idempotency: 'repeatable',
  write: true,
  params: InFleet,
  query: NO_QUERY,
  body: NotificationTestInput,
  successes: [
    { status: 200, description: 'The delivery that would be sent, in a dry run.', schema: Delivery },
    { status: 201, description: 'The delivery after its first attempt.', schema: Delivery, headers: ['Location'] },
  ],
  problems: ['malformed-json', 'body-too-large', 'unsupported-media-type', 'not-found', 'unknown-reference'],
  handle: async (ctx, { params: { fleet }, body }): Promise<Reply> => {
    const delivery = await testNotification(ctx, fleet, body.target);
    if (ctx.isDry) return { status: 200, body: delivery };
    return { status: 201, body: delivery, headers: { Location: `/v1/fleets/${fleet}/deliveries/${delivery.id}` } };
  },
});

export const notificationEndpoints: readonly Endpoint[] = [list, get, test];
