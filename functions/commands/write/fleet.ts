import type { FleetPlan, ManifestChange } from '../../../schemas/manifest.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Operation } from '../../../schemas/operation.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { auditEvent, pushOperation } from '../../core/model/audit.ts';
import {
  changesOf,
  type Declaration,
  type Difference,
  differences,
  differencesDigest,
  KINDS,
  keyOf,
} from '../../core/model/declarations.ts';
import type { Kind, Resource } from '../../core/model/resource.ts';
import type { Deps, OperationRecord, Store } from '../../deps.ts';
import { continueManifestWrite } from '../../engine/schedule/manifest-writes.ts';
import { AppError } from '../app-error.ts';
import { type Change, type ChangeSet, changeSetOf, declarationOf, deletionOf, followersOf } from '../change-set.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
import { fleetReader } from '../fleet-reader.ts';
import { FOLLOW_MS, followAll } from '../follow.ts';
import { kinds } from '../kinds.ts';
import { missing } from '../load.ts';
import { viewOperation } from '../read/operations.ts';
import { theFleet } from '../refusals.ts';
import { untilWritten } from '../until-written.ts';
import { clearChanges } from './approval.ts';
import { checkChanges } from './check.ts';
import { planWrite } from './plan-write.ts';

/**
 * A declaration, and the pointer to its spec in the request or in the fleet, such as `documents/17#/spec` or
 * `routes/checkout#`.
 */
export interface PointedDeclaration extends Declaration {
  pointer: string;
}

/** The desired state of a fleet. */
export interface Desired {
  fleet: string;
  declarations: readonly PointedDeclaration[];
  /** Tells whether a resource that is not declared is to be deleted. The fleet itself is never deleted. */
  isRemoved(resource: Resource): boolean;
  /** The faults that have been found already. They are reported together with the others. */
  faults: readonly Issue[];
}

export interface ApplyOptions {
  /** The digest of the approved plan. */
  digest?: string | undefined;
  /** True when gateways may be left without routes. */
  allowEmpty: boolean;
}

/** The result of an apply: an operation, or the plan when nothing is written. */
export type Applied = { operation: Operation; plan?: undefined } | { plan: FleetPlan; operation?: undefined };

/**
 * Brings the fleet to the desired state in one operation. The steps are stored before the first one is written, so that
 * they are completed even if this process dies, and gateways follow once all are written. Throws `not-found` for the
 * fleet, all faults of the resulting fleet, `would-empty-gateway` unless that is allowed, `stale-plan`, what
 * `clearChanges` throws, and `write-conflict` while another such operation is being written.
 */
export async function applyDesired(
  ctx: Context,
  action: 'manifest.apply' | 'fleet.rollback',
  desired: Desired,
  { digest, allowEmpty }: ApplyOptions,
): Promise<Applied> {
  const { store } = ctx.deps;
  const { fleet } = desired;
  const attempt = async (): Promise<Applied | undefined> => {
    const holder = await store.hold(fleet);
    if (holder !== undefined) throw held(holder);
    const { set, checkedAgainst, shown } = await planFleet(ctx, desired, allowEmpty);
    if (digest !== undefined && digest !== shown.digest) throw stale(shown.digest);
    const gateways = followersOf(set);
    const cleared = await clearChanges(ctx, set, { prunes: true });
    if (ctx.isDry) {
      const plans = await planWrite(ctx.deps, set.then.store, fleet, gateways);
      return { plan: { ...shown, plans, ...(cleared.need && { approval: cleared.need }) } };
    }
    if (set.steps.length === 0) return { plan: { ...shown, plans: [] } };
    const operation = operationOf(ctx, action, fleet, gateways);
    const audit = await auditOf(cleared.ctx, operation, set);
    const { documents } = cleared;
    if (!(await store.beginManifestWrite(operation, audit, [...set.steps], checkedAgainst, documents)))
      return undefined;
    ctx.waitUntil(finish(ctx, fleet, gateways));
    return { operation: await viewOperation(store, operation) };
  };
  return await untilWritten(attempt, { lost: async () => held(await store.hold(fleet)) });
}

/** Plans and checks the changes that bring the fleet to the desired state. */
async function planFleet(ctx: Context, { fleet, declarations, isRemoved, faults }: Desired, allowEmpty: boolean) {
  // The counts are read first: a referrer that the search misses will have raised its count by the time of the write.
  const counts = await countsOf(ctx.deps.store, fleet);
  const now = fleetReader(ctx.deps.store, fleet);
  const current = await everything(now.store, fleet);
  const wanted = differences(current, declarations, (resource) => resource.kind !== 'fleet' && isRemoved(resource));
  const pointers = new Map(declarations.map((declaration) => [keyOf(declaration), declaration.pointer]));
  const changes = wanted.map((difference) => changeOf(ctx.deps, fleet, difference, counts));
  const set = await changeSetOf(now, changes, pointers);
  if (!(await set.then.store.get('fleet', fleet, fleet))) {
    throw missing('fleet', fleet);
  }
  const checkedAgainst = await checkChanges(ctx, set, { allowEmpty, faults, target: theFleet(fleet) });
  return {
    set,
    checkedAgainst,
    shown: { fleet, digest: differencesDigest(fleet, wanted), changes: wanted.map(shownChange) },
  };
}

function shownChange(difference: Difference): ManifestChange {
  const { verb, kind, name } = difference;
  return { verb, kind, name, fields: changesOf(difference).changes };
}

/** Reads the fleet and everything that is declared in it. */
export async function everything(store: Store, fleet: string): Promise<Resource[]> {
  const [self, ...others] = await Promise.all([
    store.get('fleet', fleet, fleet),
    ...KINDS.filter((kind) => kind !== 'fleet').map((kind): Promise<Resource[]> => store.all(kind, fleet)),
  ]);
  return [...(self ? [self] : []), ...others.flat()];
}

type Counts = ReadonlyMap<Kind, ReadonlyMap<string, number>>;

/**
 * Reads the reference counts of the kinds that others refer to. The fleet is left out, because references to it do not
 * prevent changes.
 */
async function countsOf(store: Store, fleet: string): Promise<Counts> {
  const referred = KINDS.filter((kind) => kind !== 'fleet' && kinds[kind].referredBy.length > 0);
  const counts = await Promise.all(
    referred.map(async (kind) => [kind, await store.referenceCounts(kind, fleet)] as const),
  );
  return new Map(counts);
}

function changeOf(deps: Deps, fleet: string, { kind, name, spec, before }: Difference, counts: Counts): Change {
  const referenceCount = before && counts.get(kind)?.get(name);
  if (spec === undefined) return deletionOf(before, referenceCount);
  return declarationOf(deps, { kind, fleet, name }, spec, before, referenceCount);
}

/** Writes the steps and lets the gateways follow, as far as time permits; the sweep continues. */
async function finish(ctx: Context, fleet: string, gateways: readonly string[]): Promise<void> {
  const { deps, requestId } = ctx;
  const untilMs = deps.clock.now() + FOLLOW_MS;
  try {
    await continueManifestWrite(deps, fleet, untilMs);
    if ((await deps.store.hold(fleet)) === undefined) await followAll(ctx, fleet, gateways, untilMs);
  } catch (error) {
    deps.log.error('manifest.failed', { fleet, requestId }, error);
  }
}

function held(operation: string | undefined): AppError {
  return new AppError('write-conflict', say('BeingWritten', { operation }));
}

function stale(digest: string): AppError {
  return new AppError('stale-plan', say('StalePlan', { of: 'fleet', digest }));
}

function operationOf(ctx: Context, action: string, fleet: string, gateways: string[]): OperationRecord {
  const stamp = { at: timestamp(ctx.deps.clock.now()), ulid: ctx.deps.ids.ulid() };
  return pushOperation(authorOf(ctx), stamp, { fleet, action, target: { kind: 'fleet', name: fleet }, gateways });
}

/** Returns the audit event of the operation as a whole. Each step has its own event besides. */
async function auditOf(ctx: Context, { fleet, action, createdAt: at }: OperationRecord, set: ChangeSet) {
  const revision = (await set.now.store.get('fleet', fleet, fleet))?.revision ?? 0;
  return auditEvent(
    authorOf(ctx),
    { at, ulid: ctx.deps.ids.ulid() },
    {
      action,
      target: theFleet(fleet),
      before: revision,
      after: set.changes.some(({ resource }) => resource.kind === 'fleet') ? revision + 1 : revision,
      changeCount: set.changes.length,
    },
  );
}
