import type { DistributionRollout } from '../../../schemas/rollout.ts';
import { contextOf } from '../../core/failover/context.ts';
import type { Traffic } from '../../core/failover/traffic.ts';
import { followingAt, programmedAt } from '../../core/gateway/status.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { RolloutFacts, RolloutGateway } from '../../core/rollout/next-move.ts';
import { type Gainer, gainersOf } from '../../core/rollout/gainers.ts';
import { gainingClusters } from '../../core/rollout/splits.ts';
import { byName, usesDistribution } from '../../core/routing/resolve.ts';
import { readDecisionInput } from '../../engine/failover/decision-input.ts';
import type { Context } from '../context.ts';
import { gatewaysOf, loadFacts, programmedInputOf, followingInputOf } from '../read/resource-facts.ts';
import { type FleetReader, fleetReader } from '../fleet-reader.ts';

/** Reads everything that the next move depends on. Returns undefined when the fleet no longer exists. */
export async function readRolloutFacts(ctx: Context, rollout: DistributionRollout): Promise<RolloutFacts | undefined> {
  const { deps } = ctx;
  const { fleet, distribution: name } = rollout;
  const reader = fleetReader(deps.store, fleet);
  const [owner, distribution] = await Promise.all([
    reader.store.get('fleet', fleet, fleet),
    reader.store.get('distribution', fleet, name),
  ]);
  if (owner === undefined) return undefined;
  const nowMs = deps.clock.now();
  const [gateways, gainers] = await Promise.all([
    distribution ? rolloutGatewaysOf(reader, distribution, nowMs) : [],
    readGainers(ctx, reader, owner, rollout),
  ]);
  return { nowMs, distribution, automation: owner.spec.automation, gateways, gainers };
}

/** Reads what voters and people say about the clusters that gain traffic by the rollout. */
export async function readGainers(
  { deps }: Context,
  reader: FleetReader,
  fleet: Resource<'fleet'>,
  { distribution, from, steps }: Pick<DistributionRollout, 'distribution' | 'from' | 'steps'>,
): Promise<Gainer[]> {
  const { input } = await readDecisionInput({ ...deps, store: reader.store }, fleet.name, fleet.spec);
  const names = gainingClusters(from, steps.at(-1)?.clusters ?? from, byName(await reader.clusters()));
  return gainersOf(names, contextOf(input), await servicesOf(reader, input.traffic, distribution));
}

/** The services whose routes use the distribution, as gateways serve them; looked up only while people have taken any service out of a cluster. */
async function servicesOf(reader: FleetReader, traffic: Traffic, distribution: string): Promise<ReadonlySet<string>> {
  const isAnyHeld = traffic.serviceReturns !== undefined || traffic.shifts.some(({ service }) => service !== undefined);
  if (!isAnyHeld) return new Set();
  const pools = await reader.pools();
  return new Set(pools.filter(({ key }) => usesDistribution(key, distribution)).map(({ service }) => service));
}

async function rolloutGatewaysOf(reader: FleetReader, distribution: Resource<'distribution'>, nowMs: number): Promise<RolloutGateway[]> {
  const facts = await loadFacts(reader.store, reader, 'distribution', [distribution]);
  return gatewaysOf(distribution, facts).map((gateway) => ({
    gateway,
    programmed: programmedAt(distribution, programmedInputOf(distribution, gateway, facts), nowMs),
    following: followingAt(distribution, followingInputOf(distribution, gateway, facts), nowMs),
  }));
}
