import type { FleetPlan, ManifestChange } from '../../schemas/manifest.ts';
import type { Issue } from '../../schemas/problem.ts';
import { changesOf, type Difference, differences, differencesDigest, KINDS, keyOf } from '../core/desired.ts';
import type { Kind, Resource } from '../core/model.ts';
import type { Commit, Deps, Step, Store } from '../deps.ts';
import { AppError, refuse } from './app-error.ts';
import { type Context, timestamp } from './context.ts';
import { fleetEdit } from './edits.ts';
import { withFleet } from './fleet-store.ts';
import { kinds } from './kinds.ts';
import { auditingRefusals, theFleet } from './refusals.ts';
import { checkEdit, violations } from './safety.ts';
import { affectedGateways, type Change, movedTerms, newReferences } from './transaction.ts';
import { faultsOf, type Placed } from './validate-fleet.ts';
import { type World, worldOf } from './world.ts';

/** How a fleet shall be. */
export interface Desired {
  fleet: string;
  declarations: readonly Placed[];
  /** Of what is not among the declarations: whether it goes. The fleet itself never does. */
  isRemoved(resource: Resource): boolean;
  /** What has been found wrong already, to be told with the rest. */
  faults: readonly Issue[];
}

/** The way there: what would be written, and what would follow. */
export interface Way {
  steps: Step[];
  /** Names of the gateways that have to follow. */
  gateways: string[];
  /** The store as it would be at the end. */
  wouldBe: Store;
  /** What the safety rules were held against, if requests move. */
  checkedAgainst?: Commit['checkedAgainst'];
  shown: Omit<FleetPlan, 'plans'>;
}

/**
 * What it takes to make the fleet as desired. Throws with every fault of what would be: `not-found` for the fleet, what speaks against any
 * of the declarations or deletions, `would-empty-gateway` unless that is allowed; then `rule-violated`.
 */
export async function planFleet(
  ctx: Context,
  { fleet, declarations, isRemoved, faults }: Desired,
  { allowEmpty }: { allowEmpty: boolean },
): Promise<Way> {
  // The counts come first: a referrer that the search misses has raised them by the time of the write.
  const counts = await countsOf(ctx.deps.store, fleet);
  const current = await everything(ctx.deps.store, fleet);
  const wanted = differences(current, declarations, (resource) => resource.kind !== 'fleet' && isRemoved(resource));
  const changes = wanted.map((difference) => changeOf(ctx, fleet, difference, counts));
  const after = applied(current, changes);
  if (!after.some(({ kind }) => kind === 'fleet')) throw new AppError('not-found', `There is no fleet ${fleet}.`);
  const wouldBe = withFleet(ctx.deps.store, fleet, after);
  const world = worldOf(wouldBe, fleet);
  const steps: Step[] = [];
  for (const change of changes) steps.push(await stepOf(change, world));
  const found = await faultsOf(ctx.deps, { current, after, changes, steps, declarations, world, allowEmpty });
  refuse([...faults, ...found]);
  const safety = await safetyOf(ctx.deps, fleet, changes, current, after);
  await auditingRefusals(ctx, theFleet(fleet), 'fleet.refused', async () => refuse(safety?.issues ?? []));
  return {
    steps,
    gateways: [...new Set(steps.flatMap((step) => step.gateways))].sort(),
    wouldBe,
    checkedAgainst: safety?.checkedAgainst,
    shown: {
      fleet,
      digest: differencesDigest(fleet, wanted),
      changes: wanted.map(shown),
    },
  };
}

/** All that moves together is held to the rules of the fleet as it would be; undefined when nothing moves. */
async function safetyOf(
  deps: Deps,
  name: string,
  changes: readonly Change<Kind>[],
  current: readonly Resource[],
  after: readonly Resource[],
): Promise<{ issues: Issue[]; checkedAgainst: Commit['checkedAgainst'] } | undefined> {
  const edit = fleetEdit(changes, current, after);
  const before = current.find(isFleet);
  const declared = after.find(isFleet);
  // Nothing is in force yet in a fleet that is only about to be.
  if (edit === undefined || before === undefined || declared === undefined) return undefined;
  const { results, checkedAgainst } = await checkEdit(deps, { ...declared, revision: before.revision }, edit);
  return { issues: violations(results, name), checkedAgainst };
}

function isFleet(resource: Resource): resource is Resource<'fleet'> {
  return resource.kind === 'fleet';
}

function shown(difference: Difference): ManifestChange {
  const { verb, kind, name } = difference;
  return { verb, kind, name, fields: changesOf(difference).changes };
}

function applied(current: readonly Resource[], changes: readonly Change<Kind>[]): Resource[] {
  const after = new Map(current.map((resource) => [keyOf(resource), resource]));
  for (const { verb, resource } of changes) {
    if (verb === 'delete') after.delete(keyOf(resource));
    else after.set(keyOf(resource), resource);
  }
  return [...after.values()];
}

/** Everything that is declared in the fleet, and the fleet. */
export async function everything(store: Store, fleet: string): Promise<Resource[]> {
  const [self, ...others] = await Promise.all([
    store.get('fleet', fleet, fleet),
    ...KINDS.filter((kind) => kind !== 'fleet').map((kind): Promise<Resource[]> => store.all(kind, fleet)),
  ]);
  return [...(self ? [self] : []), ...others.flat()];
}

type Counts = ReadonlyMap<Kind, ReadonlyMap<string, number>>;

/** Of the kinds that others refer to. That the fleet itself is referred to keeps no one from changing it. */
async function countsOf(store: Store, fleet: string): Promise<Counts> {
  const referred = KINDS.filter((kind) => kind !== 'fleet' && kinds[kind].referredBy.length > 0);
  const counts = await Promise.all(
    referred.map(async (kind) => [kind, await store.referenceCounts(kind, fleet)] as const),
  );
  return new Map(counts);
}

function changeOf(
  ctx: Context,
  fleet: string,
  { verb, kind, name, spec, before }: Difference,
  counts: Counts,
): Change<Kind> {
  const now = timestamp(ctx.deps.clock.now());
  const referenceCount = before && counts.get(kind)?.get(name);
  if (verb === 'delete') return { verb, resource: before, before, referenceCount };
  const identity = before ?? {
    uid: `${kinds[kind].uidPrefix}_${ctx.deps.ids.ulid()}`,
    revision: 0,
    createdAt: now,
  };
  const { uid, revision, createdAt } = identity;
  const resource = { kind, fleet, name, uid, revision: revision + 1, createdAt, updatedAt: now, spec };
  return { verb, resource, before, referenceCount };
}

/** Gateways take part as they would be at the end: those that go follow nothing, and those that are to come do. */
async function stepOf(change: Change<Kind>, world: World): Promise<Step> {
  const { verb, resource, before, referenceCount } = change;
  const staying = new Set((await world.gateways()).map(({ name }) => name));
  return {
    verb,
    resource,
    references: newReferences(resource, before),
    ...(referenceCount !== undefined && { referenceCount }),
    gateways: (await affectedGateways(change, world)).filter((name) => staying.has(name)),
    movedTerms: movedTerms(change),
  };
}
