import { issueAt, type Message, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { DistributionRollout, DistributionRolloutSpec } from '../../../schemas/rollout.ts';
import type { Resource } from '../../core/model/resource.ts';
import { withStep } from '../../core/rollout/changes.ts';
import { isOwn } from '../../core/rollout/next-move.ts';
import { rolloutFaults, splitsBetween } from '../../core/rollout/splits.ts';
import { byName } from '../../core/routing/resolve.ts';
import { rolloutsIn } from '../../engine/live-rollouts.ts';
import { AppError, throwFaults } from '../app-error.ts';
import { type ChangeSet, changeSetOf, declarationOf } from '../change-set.ts';
import { type Context, timestamp } from '../context.ts';
import { type FleetReader, fleetReader } from '../fleet-reader.ts';
import { conflict } from '../issues.ts';
import { load } from '../load.ts';
import { auditingRefusals } from '../refusals.ts';
import { faultsOf } from '../write/check.ts';
import { newFindings } from '../write/findings.ts';
import { editResource } from '../write/resource.ts';
import { checkEdit } from '../write/safety.ts';
import { readGainers } from './facts.ts';
import { distributionOf, documentOf, type RolloutRef, withMembers } from './records.ts';

type Distribution = Resource<'distribution'>;

/** A rollout that has begun, or, in a dry run, that would begin, and the operation of its first step. */
export interface StartedRollout {
  rollout: DistributionRollout;
  operation?: string | undefined;
}

/**
 * Begins to change a distribution step by step, and takes the first step. A dry run changes nothing and shows for each
 * step which safety rules would hold it now. Throws `already-live` while another rollout is live, the faults of a
 * change that cannot be made step by step, the faults of the final distribution, and `rule-violated` for a cluster that
 * must not get more traffic or for the first step.
 */
export async function startRollout(
  ctx: Context,
  key: Pick<RolloutRef, 'fleet' | 'distribution'>,
  spec: DistributionRolloutSpec,
): Promise<StartedRollout> {
  const ref = distributionOf(key);
  const because = { ...ctx, reason: ctx.reason ?? spec.reason };
  if (ctx.isDry) return { rollout: await checkedSteps(because, await plan(because, await load(ctx, ref), spec)) };
  let planned: Planned | undefined;
  let begun: DistributionRollout | undefined;
  const { operation } = await editResource(
    because,
    ref,
    async (before) => {
      planned = await auditingRefusals(ctx, ref, 'rollout.refused', () => plan(because, before, spec));
      return withMembers(before.spec, planned.rollout.steps[0]?.clusters ?? planned.rollout.from);
    },
    {
      beside: ({ revision, updatedAt }, pushed) => {
        if (planned === undefined) throw new Error('A rollout is planned before it is written.');
        begun = withStep(planned.rollout, 0, { revision, updatedAt, operation: pushed });
        return [documentOf(begun)];
      },
    },
  );
  if (begun === undefined) throw new Error('The first step of a rollout is a write.');
  return { rollout: begun, operation };
}

/** A rollout before its first step, and what it was planned on. */
interface Planned {
  rollout: DistributionRollout;
  before: Distribution;
  reader: FleetReader;
}

async function plan(ctx: Context, before: Distribution, spec: DistributionRolloutSpec): Promise<Planned> {
  const { fleet, name: distribution, uid, revision } = before;
  const { store, clock, ids } = ctx.deps;
  const reader = fleetReader(store, fleet);
  await requireNone(ctx, before);
  const { strategy, clusters: from } = before.spec;
  if (strategy !== 'weighted') return refuseReplicas(distribution);
  const clusters = byName(await reader.clusters());
  const asked = spec.steps.at(-1)?.percent === 100 ? spec.steps : [...spec.steps, { percent: 100, waitSeconds: 0 }];
  const percents = asked.map(({ percent }) => percent);
  throwFaults([
    ...rolloutFaults(from, spec.clusters, percents, clusters),
    ...(await faultsOfEnd(ctx, reader, before, spec)),
  ]);
  const splits = splitsBetween(from, spec.clusters, percents, clusters);
  const steps = asked.map((step, index) => ({ ...step, clusters: splits[index] ?? spec.clusters }));
  const at = timestamp(clock.now());
  const rollout: DistributionRollout = {
    ...{
      id: `rol_${ids.ulid()}`,
      fleet,
      distribution,
      state: 'running',
      actor: ctx.principal.actor,
      reason: spec.reason,
    },
    ...{ createdAt: at, updatedAt: at, from, steps, step: 0, percent: 0, uid, revision },
  };
  throwFaults(await heldBack(ctx, reader, rollout));
  return { rollout, before, reader };
}

/**
 * Throws `already-live` when the distribution has a live rollout. Starting one writes the distribution, so that of two
 * concurrent starts one is retried and then finds the other.
 */
async function requireNone(ctx: Context, distribution: Distribution): Promise<void> {
  const live = (await rolloutsIn(ctx.deps.store, distribution.fleet)).find(
    (rollout) => rollout.distribution === distribution.name && isOwn(rollout, distribution),
  );
  if (live === undefined) return;
  const { id, state } = live;
  throw new AppError('already-live', say('RolloutLive', { rollout: id, distribution: distribution.name, state }));
}

function refuseReplicas(name: string): never {
  throwFaults([conflict('#/clusters', say('GoesByReplicas', { distribution: name }))]);
  throw new Error('A fault is refused.');
}

/** Returns the faults of the last step, so that they are known before the first one is taken. */
async function faultsOfEnd(
  ctx: Context,
  reader: FleetReader,
  before: Distribution,
  { clusters }: DistributionRolloutSpec,
): Promise<Issue[]> {
  const set = await changeTo(ctx, reader, before, clusters);
  const faults = await faultsOf(ctx, set);
  return faults.length > 0 ? faults : await newFindings(ctx.deps.store, set);
}

async function changeTo(
  { deps }: Context,
  reader: FleetReader,
  before: Distribution,
  clusters: DistributionRollout['from'],
): Promise<ChangeSet> {
  return await changeSetOf(reader, [
    declarationOf(deps, before, withMembers(before.spec, clusters), before, undefined),
  ]);
}

/** Returns the violations that keep the first step from being taken. They are the same as for all other steps. */
async function heldBack(ctx: Context, reader: FleetReader, rollout: DistributionRollout): Promise<Issue[]> {
  const fleet = await load(ctx, { kind: 'fleet', fleet: rollout.fleet, name: rollout.fleet });
  const failing = (await readGainers(ctx, reader, fleet, rollout)).flatMap(({ cluster, fault }) =>
    fault === undefined ? [] : [violation(`clusters/${cluster}`, say('MustNotGain', { fault }))],
  );
  if (fleet.spec.automation !== 'paused') return failing;
  return [...failing, violation(`fleets/${fleet.name}#/automation`, say('RolloutWhilePaused'))];
}

function violation(pointer: string, message: Message): Issue {
  return issueAt(pointer, 'rule-violated', message);
}

async function checkedSteps(ctx: Context, { rollout, before, reader }: Planned): Promise<DistributionRollout> {
  const steps: DistributionRollout['steps'] = [];
  for (const step of rollout.steps) {
    const checked = await checkEdit(ctx.deps, await changeTo(ctx, reader, before, step.clusters));
    const broken = (checked?.results ?? []).filter(({ passed, overriddenBy }) => !passed && overriddenBy === undefined);
    steps.push({ ...step, heldBy: broken });
  }
  return { ...rollout, steps };
}
