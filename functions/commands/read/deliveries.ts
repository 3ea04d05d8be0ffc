import { say } from '../../../schemas/messages/index.ts';
import type { Delivery, DeliveryQuery, Event } from '../../../schemas/notification.ts';
import { auditEvent } from '../../core/model/audit.ts';
import { deliveryOf } from '../../core/notification/events.ts';
import type { Page, PageRequest, StoredDocument } from '../../deps.ts';
import { deliver } from '../../engine/notify/deliver.ts';
import { throwFaults } from '../app-error.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
import { unknownReference } from '../issues.ts';
import { missing, requireFleet } from '../load.ts';
import { theFleet } from '../refusals.ts';
import { type ListOf, selectionOf } from '../selection.ts';

const deliveryList: ListOf<StoredDocument<'delivery'>, DeliveryQuery> = {
  filters: {
    state: ({ body }, asked) => body.state === asked,
    target: ({ body }, asked) => body.target === asked,
    type: ({ body }, asked) => body.event.type === asked,
  },
};

/** Lists the deliveries of events to targets, sent or pending. Throws `not-found`. */
export async function listDeliveries(
  ctx: Context,
  fleet: string,
  page: PageRequest,
  query: DeliveryQuery,
): Promise<Page<Delivery>> {
  await requireFleet(ctx, fleet);
  const selection = selectionOf(deliveryList, query);
  const { items, nextToken } = await ctx.deps.store.documents(fleet, 'delivery', page, selection);
  return { items: items.map(({ body }) => body), nextToken };
}

/** Returns a delivery. Throws `not-found`. */
export async function getDelivery(ctx: Context, fleet: string, id: string): Promise<Delivery> {
  const document = await ctx.deps.store.document(fleet, 'delivery', id);
  if (document === undefined) throw missing('delivery', id, fleet);
  return document.body;
}

/**
 * Sends a test event to a target, whatever notifications the fleet has asked for; a dry run only shows it. Throws
 * `not-found`, `unknown-reference`.
 */
export async function testNotification(ctx: Context, fleet: string, target: string): Promise<Delivery> {
  const { deps, principal } = ctx;
  await requireFleet(ctx, fleet);
  const isKnown = deps.settings.notificationTargets.includes(target);
  throwFaults(isKnown ? [] : [unknownReference('#/target', say('NoTarget', { name: target }))]);
  const at = timestamp(deps.clock.now());
  const event: Event = {
    id: `evt_${deps.ids.ulid()}`,
    type: 'notification.test',
    fleet,
    at,
    summary: say('TestWanted', { actor: principal.actor }).text,
    clusters: [],
  };
  const delivery = deliveryOf(event, target);
  if (ctx.isDry) return delivery;
  const told = { action: 'notification.test', target: theFleet(fleet) };
  await deps.store.appendAudit(fleet, auditEvent(authorOf(ctx), { at, ulid: deps.ids.ulid() }, told));
  return await deliver(deps, delivery, 0);
}
