import { say } from '../../../schemas/messages/index.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';
import { auditEvent } from '../../core/model/audit.ts';
import type { RefTo, Resource } from '../../core/model/resource.ts';
import type { WrittenDistribution } from '../../core/rollout/changes.ts';
import { isOwn } from '../../core/rollout/next-move.ts';
import type { StoredDocument } from '../../deps.ts';
import { AppError } from '../app-error.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
import { editResource, type Written } from '../write/resource.ts';

/** Identifies a rollout of a distribution. */
export interface RolloutRef {
  fleet: string;
  distribution: string;
  rollout: string;
}

/** The time for which an ended rollout is kept, in seconds. */
const KEPT_SECONDS = 90 * 86_400;

/** Returns the document of a rollout. Throws `not-found`. */
export async function loadRollout(ctx: Context, ref: RolloutRef): Promise<StoredDocument<'rollout'>> {
  const { fleet, distribution, rollout: id } = ref;
  const found = await ctx.deps.store.document(fleet, 'rollout', id);
  if (found?.body.distribution === distribution) return found;
  throw new AppError('not-found', say('NoRollout', { name: id, distribution, fleet }));
}

export function distributionOf({ fleet, distribution: name }: Pick<RolloutRef, 'fleet' | 'distribution'>) {
  return { kind: 'distribution', fleet, name } satisfies RefTo<'distribution'>;
}

/** Returns the document of a rollout that replaces `before`, or the first one. */
export function documentOf(body: DistributionRollout, before?: StoredDocument<'rollout'>): StoredDocument<'rollout'> {
  const { fleet, id, state, endedAt } = body;
  const isPending = state === 'running' || state === 'stopped';
  const ttl = endedAt === undefined ? {} : { ttl: Math.floor(Date.parse(endedAt) / 1000) + KEPT_SECONDS };
  return { fleet, kind: 'rollout', id, version: (before?.version ?? 0) + 1, body, isPending, ...ttl };
}

/**
 * Records a change of a rollout that leaves its distribution unchanged; `event` is added to the audit log of the fleet.
 * Returns false when the rollout has been changed meanwhile.
 */
export async function recordRollout(
  ctx: Context,
  before: StoredDocument<'rollout'>,
  body: DistributionRollout,
  event?: string,
): Promise<boolean> {
  const { deps } = ctx;
  const target = distributionOf(body);
  const reason = [`${body.id}`, ctx.reason].filter((part) => part !== undefined).join(': ');
  const stamp = { at: timestamp(deps.clock.now()), ulid: deps.ids.ulid() };
  const audit =
    event === undefined ? undefined : auditEvent({ ...authorOf(ctx), reason }, stamp, { action: event, target });
  return await deps.store.putDocument(documentOf(body, before), audit);
}

/** A write of a rollout to its distribution: the members to declare, and the rollout once they are written. */
export interface RolloutWrite {
  before: StoredDocument<'rollout'>;
  clusters: DistributionRollout['from'];
  after(written: WrittenDistribution): DistributionRollout;
}

/**
 * Writes the distribution and its rollout in one transaction, so that nobody else can take the same step. `write` is
 * called again after each write that came first. Throws `already-ended` once somebody else has changed the
 * distribution, what `write` throws, and the faults of the declaration.
 */
export async function writeRollout(
  ctx: Context,
  ref: RolloutRef,
  write: (before: StoredDocument<'rollout'>) => RolloutWrite,
): Promise<{ rollout: DistributionRollout; written: Written<'distribution'> }> {
  let asked: RolloutWrite | undefined;
  let after: DistributionRollout | undefined;
  const written = await editResource(
    ctx,
    distributionOf(ref),
    async (distribution) => {
      asked = write(await loadRollout(ctx, ref));
      requireOwn(asked.before.body, distribution);
      return withMembers(distribution.spec, asked.clusters);
    },
    {
      beside: ({ revision, updatedAt }, operation) => {
        if (asked === undefined) throw new Error('A rollout is asked for before it is written.');
        after = asked.after({ revision, updatedAt, operation });
        return [documentOf(after, asked.before)];
      },
    },
  );
  if (asked === undefined) throw new Error('A rollout is asked for before it is written.');
  return { rollout: after ?? asked.before.body, written };
}

/** Returns the specification with other members. Labels and other fields are kept. */
export function withMembers(
  spec: Resource<'distribution'>['spec'],
  clusters: DistributionRollout['from'],
): Resource<'distribution'>['spec'] {
  return { ...spec, strategy: 'weighted', clusters };
}

function requireOwn(rollout: DistributionRollout, distribution: Resource<'distribution'>): void {
  if (isOwn(rollout, distribution)) return;
  const { id, revision } = rollout;
  const { name, revision: now } = distribution;
  throw new AppError('already-ended', say('RolloutOvertaken', { rollout: id, distribution: name, revision, now }));
}
