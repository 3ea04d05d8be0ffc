import type { AuditEvent } from '../../schemas/audit.ts';
import { changesBetween } from '../core/diff.ts';
import { canonicalJson } from '../core/digest.ts';
import { termsOf } from '../core/lookup.ts';
import type { Kind, Ref, Resource } from '../core/model.ts';
import type { Commit, OperationRecord } from '../deps.ts';
import { reconcileGateway } from '../engine/reconcile/reconcile.ts';
import { AppError } from './app-error.ts';
import { type Context, timestamp } from './context.ts';
import { kinds, referencesOf } from './kinds.ts';
import type { World } from './world.ts';

/** A transaction of the store holds this many items; the resource, its revision, the audit event, the operation, what was derived from it and what it was checked against take eight. */
const MAX_ITEMS = 92;

/** What the store keeps of one resource, in bytes of JSON. */
const MAX_SPEC_BYTES = 380_000;

/** A change of a resource and what follows from it. */
export interface Change<K extends Kind> {
  verb: Commit['verb'];
  resource: Resource<K>;
  before: Resource<K> | undefined;
  referenceCount?: number | undefined;
  /** What the safety rules were checked against, if it moves requests. */
  checkedAgainst?: Commit['checkedAgainst'];
}

/**
 * The resource with its audit event and a row for every gateway that has to follow; on success the gateways follow in the background,
 * and the sweep sees to what that leaves.
 */
export async function commitChange<K extends Kind>(ctx: Context, change: Change<K>, world: World) {
  const { store } = ctx.deps;
  const { resource, before, verb, referenceCount, checkedAgainst } = change;
  const { fleet, kind, name } = resource;
  const revision = verb === 'delete' ? resource.revision + 1 : resource.revision;
  const gateways = await affectedGateways(change, world);
  const references = newReferences(resource, before);
  const exceeded = limitExceeded(change, references.length, gateways.length);
  if (exceeded !== undefined) throw new AppError('limit-exceeded', exceeded);
  const at = timestamp(ctx.deps.clock.now());
  const operation = gateways.length > 0 ? operationOf(ctx, change, gateways, at) : undefined;
  const operations = operation ? [operation.id] : [];
  const outcome = await store.commit({
    resource,
    verb,
    before,
    references,
    referenceCount,
    audit: auditOf(ctx, change, at),
    outbox: gateways.map((gateway) => ({ fleet, gateway, kind, name, revision, requestedAt: at, operations })),
    operation,
    checkedAgainst,
  });
  if (outcome.result === 'ok') ctx.waitUntil(followAll(ctx, fleet, gateways));
  return { ...outcome, operation };
}

/** Names of those that follow the resource as it was or as it is. One that is deleted follows nothing. */
export async function affectedGateways<K extends Kind>({ verb, resource, before }: Change<K>, world: World) {
  if (verb === 'delete' && resource.kind === 'gateway') return [];
  const descriptor = kinds[resource.kind];
  const named = [before, resource].flatMap((item) => (item && descriptor.gateways(item)) ?? []);
  if (descriptor.gateways(resource) !== undefined) return [...new Set(named)];
  return (await world.gateways()).map((gateway) => gateway.name);
}

/**
 * What is referred to now and was not before. The rest needs no guard: whoever wants to delete it finds the reference, be it in the
 * revision before or in this one.
 */
export function newReferences<K extends Kind>(resource: Resource<K>, before: Resource<K> | undefined): Ref[] {
  const { fleet } = resource;
  const held = new Set(before && referencesOf(before).map((item) => `${item.kind}/${item.name}`));
  const taken = new Map(referencesOf(resource).map((item) => [`${item.kind}/${item.name}`, item]));
  const added = [...taken].filter(([key]) => !held.has(key)).map(([, { kind, name }]) => ({ kind, fleet, name }));
  const isNewInFleet = before === undefined && resource.kind !== 'fleet';
  return isNewInFleet ? [{ kind: 'fleet', fleet, name: fleet }, ...added] : added;
}

/** What of a write the store cannot keep, if anything. */
export function limitExceeded<K extends Kind>(
  change: Change<K>,
  references: number,
  gateways: number,
): string | undefined {
  const { resource } = change;
  const room = MAX_ITEMS - gateways;
  const parts = references + movedTerms(change);
  if (parts > room) {
    return `One write can change ${room} references and host names and this one changes ${parts}: declare them in several steps.`;
  }
  const bytes = new TextEncoder().encode(canonicalJson(resource.spec)).length;
  return bytes > MAX_SPEC_BYTES
    ? `A declaration holds at most ${MAX_SPEC_BYTES} bytes; this one has ${bytes}.`
    : undefined;
}

/** How many of the terms by which a route is found come or go; each is an item of its own. */
export function movedTerms<K extends Kind>({ verb, resource, before }: Change<K>): number {
  const terms = (item: Resource | undefined) => (item && 'rules' in item.spec ? termsOf(item.spec) : []);
  const names = (item: Resource | undefined) => new Set(terms(item).map(({ kind, name }) => `${kind}/${name}`));
  const [then, now] = [names(before), names(verb === 'delete' ? undefined : resource)];
  return [...new Set([...then, ...now])].filter((name) => then.has(name) !== now.has(name)).length;
}

function auditOf<K extends Kind>(ctx: Context, { verb, resource, before }: Change<K>, at: string): AuditEvent {
  const { kind, fleet, name, revision } = resource;
  return {
    id: `aud_${ctx.deps.ids.ulid()}`,
    at,
    actor: ctx.actor,
    action: `${kind}.${verb}`,
    target: { kind, fleet, name },
    requestId: ctx.requestId,
    ...(ctx.reason !== undefined && { reason: ctx.reason }),
    before: before?.revision ?? 0,
    after: verb === 'delete' ? 0 : revision,
    ...changesBetween(before?.spec ?? {}, verb === 'delete' ? {} : resource.spec),
  };
}

/** The push that a change leads to. */
function operationOf<K extends Kind>(
  ctx: Context,
  { verb, resource }: Change<K>,
  gateways: string[],
  createdAt: string,
): OperationRecord {
  const { kind, fleet, name } = resource;
  return {
    id: `opn_${ctx.deps.ids.ulid()}`,
    fleet,
    action: `${kind}.${verb}`,
    target: { kind, name },
    actor: ctx.actor,
    requestId: ctx.requestId,
    ...(ctx.reason !== undefined && { reason: ctx.reason }),
    createdAt,
    gateways,
  };
}

/** Work that outlives its answer is cut after 30 s (Workers, waitUntil); the sweep goes on. */
export const FOLLOW_MS = 25_000;

/** The gateways follow in the background, as far as there is time. */
export async function followAll(
  ctx: Context,
  fleet: string,
  gateways: readonly string[],
  untilMs: number = ctx.deps.clock.now() + FOLLOW_MS,
): Promise<void> {
  await Promise.all(gateways.map((gateway) => follow(ctx, fleet, gateway, untilMs)));
}

async function follow(ctx: Context, fleet: string, gateway: string, untilMs: number): Promise<void> {
  try {
    await reconcileGateway(ctx.deps, fleet, gateway, { untilMs });
  } catch (error) {
    ctx.deps.log.error('gateway.reconcile-failed', { fleet, gateway, requestId: ctx.requestId }, error);
  }
}
