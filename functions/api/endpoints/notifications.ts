import * as z from 'zod';
import { Delivery, DeliveryPage, DeliveryQuery, NotificationTestInput } from '../../../schemas/notification.ts';
import { getDelivery, listDeliveries, testNotification } from '../../commands/read/deliveries.ts';
import { inFleet } from '../../core/access/access.ts';
import type { Endpoint, Reply } from '../http/endpoint.ts';
import { InFleet } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { createdReply, writeEndpoint } from '../http/writes.ts';

const InDelivery = InFleet.extend({
  delivery: z
    .string()
    .regex(/^dlv_[A-Za-z0-9-]{1,128}$/, 'must be the id of a delivery')
    .meta({ examples: ['dlv_01KAR2Z3V4W5X6Y7Z8A9B0C1D2-0-on-call'] }),
});

const DELIVERIES = '/v1/fleets/{fleet}/deliveries';

const reads = readEndpoints({
  names: ['Delivery', 'Deliveries'],
  tag: 'notifications',
  path: DELIVERIES,
  member: 'delivery',
  list: {
    params: InFleet,
    summary: 'List deliveries to targets, with their results',
    description: 'Lists the deliveries of the last 30 days.',
    query: DeliveryQuery,
    page: DeliveryPage,
    read: (ctx, { fleet }, page, asked) => listDeliveries(ctx, fleet, page, asked),
  },
  get: {
    params: InDelivery,
    summary: 'Get a delivery with its attempts',
    found: 'The delivery.',
    schema: Delivery,
    read: (ctx, { fleet, delivery }) => getDelivery(ctx, fleet, delivery),
  },
});

const test = writeEndpoint({
  operationId: 'testNotification',
  access: inFleet('operate'),
  method: 'post',
  path: '/v1/fleets/{fleet}/notifications/test',
  tag: 'notifications',
  summary: 'Send a test to a target',
  description:
    'Answers after the first attempt. A target that did not accept the test is tried again, as with any other event. Without an ' +
    'Idempotency-Key, another request is another test.',
  idempotency: 'repeatable',
  params: InFleet,
  body: NotificationTestInput,
  successes: [
    { status: 200, description: 'The delivery that would be sent, in a dry run.', schema: Delivery },
    { status: 201, description: 'The delivery after its first attempt.', schema: Delivery, headers: ['Location'] },
  ],
  problems: ['not-found', 'unknown-reference'],
  handle: async (ctx, { params: { fleet }, body }): Promise<Reply> => {
    const delivery = await testNotification(ctx, fleet, body.target);
    if (ctx.isDry) return { status: 200, body: delivery };
    return createdReply(`${DELIVERIES.replace('{fleet}', fleet)}/${delivery.id}`, delivery);
  },
});

export const notificationEndpoints: readonly Endpoint[] = [...reads, test];
