import type { LossReadiness } from '../../../schemas/loss-readiness.ts';
import type { FleetStatus } from '../../../schemas/status.ts';
import { observedAt } from '../../core/gateway/data-plane.ts';
import { followingAt, programmedAt } from '../../core/gateway/status.ts';
import { silentVoters } from '../../core/health/silence.ts';
import { providerOf } from '../../core/model/resource.ts';
import { isoOf } from '../../core/model/time.ts';
import type { GatewayStatusInput } from '../../core/status/gateways.ts';
import { statusOf } from '../../core/status/status.ts';
import { readDecisionInput } from '../../engine/failover/decision-input.ts';
import { rolloutsIn } from '../../engine/live-rollouts.ts';
import { readHeard } from '../../engine/probe/heard-voters.ts';
import type { Context } from '../context.ts';
import { load } from '../load.ts';
import { type FleetReader, fleetReader } from '../fleet-reader.ts';
import { loadFacts, programmedInputOf, followingInputOf } from './resource-facts.ts';
import { modeAfterPause } from './mode-after-pause.ts';

/** Returns the status of a fleet from what is stored now. Writes nothing. Throws `not-found`. */
export async function getStatus({ deps, ...rest }: Context, fleet: string): Promise<FleetStatus> {
  const reader = fleetReader(deps.store, fleet);
  const declared = await load(
    { ...rest, deps: { ...deps, store: reader.store } },
    { kind: 'fleet', fleet, name: fleet },
  );
  const [{ input }, gateways, clusters, heard, resumesTo, rollouts] = await Promise.all([
    readDecisionInput({ ...deps, store: reader.store }, fleet, declared.spec),
    gatewaysOf(reader, deps.clock.now()),
    reader.clusters(),
    readHeard(deps.store, fleet),
    modeAfterPause(deps.store, declared),
    rolloutsIn(deps.store, fleet),
  ]);
  const silent = silentVoters(declared, clusters, heard, input.nowMs);
  return statusOf({ input, declared, resumesTo, gateways, silent, rollouts });
}

async function gatewaysOf(reader: FleetReader, nowMs: number): Promise<GatewayStatusInput[]> {
  const gateways = await reader.gateways();
  const facts = await loadFacts(reader.store, reader, 'gateway', gateways);
  return gateways.map((resource) => {
    const { name, spec } = resource;
    const reading = facts.readings.find(({ gateway }) => gateway === name);
    return {
      gateway: name,
      provider: providerOf(spec),
      reading,
      observed: observedAt(resource, reading, facts.requests.get(name)),
      states: [
        programmedAt(resource, programmedInputOf(resource, name, facts), nowMs),
        followingAt(resource, followingInputOf(resource, name, facts), nowMs),
      ],
    };
  });
}

/** Returns the last assessment of the losses that the fleet could survive. Throws `not-found`. */
export async function lossReadiness(ctx: Context, name: string): Promise<LossReadiness> {
  const { deps } = ctx;
  await load(ctx, { kind: 'fleet', fleet: name, name });
  const known = await deps.store.document(name, 'readiness', name);
  if (known === undefined) return { fleet: name, losses: [], skipped: 0 };
  const { atMs, losses, skipped } = known.body;
  const ageSeconds = Math.max(0, Math.floor((deps.clock.now() - atMs) / 1000));
  return { fleet: name, at: isoOf(atMs), ageSeconds, losses, skipped };
}
