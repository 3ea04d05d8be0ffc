/** The fleets of an episode and what happens to them, as plain data. */

import type { ClusterFacts, Policy } from '../../functions/core/model/fleet-facts.ts';
import type { Pool } from '../../functions/core/model/ir.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import type { FleetEvent } from './events.ts';

/** Monday, 5 January 2026. A tick is one second. */
export const START_MS = Date.UTC(2026, 0, 5);
export const SECOND_MS = 1000;

export function msAt(tick: number): number {
  return START_MS + tick * SECOND_MS;
}

/** A fleet at the beginning of an episode. */
export interface FleetScenario {
  name: string;
  policy: Policy;
  clusters: ClusterFacts[];
  pools: Pool[];
  gateways: { name: string; latencySeconds: number }[];
  /** Percent of the requests of a voter that are lost on its way to clusters, by name. */
  loss: Record<string, number>;
  /** Makes the fleet find out a voter that reaches nothing. */
  hasControlTargets: boolean;
  /** Seconds after which somebody restores and resumes what waits for people; absent when nobody ever comes. */
  attentionSeconds?: number | undefined;
  /** Makes people take suspicions for false ones. */
  dismisses?: boolean | undefined;
  /** The stored state that a release before this one has left. */
  formerTraffic?: object | undefined;
}

/**
 * Times at which the release before this one took clusters out that it had not taken back, as far as its state tells.
 */
export function formerRemovals({ formerTraffic }: FleetScenario): { cluster: string; tick: number }[] {
  const { automation } = (formerTraffic ?? { automation: { outages: [] } }) as {
    automation: { outages: { cluster: string; phase: string; sinceMs: number }[] };
  };
  return automation.outages
    .filter(({ phase }) => phase !== 'joining')
    .map(({ cluster, sinceMs }) => ({ cluster, tick: (sinceMs - START_MS) / SECOND_MS }));
}

export interface Scenario {
  /** Seed of everything that happens by chance meanwhile. */
  seed: number;
  /** Ticks with an adversary; afterwards all faults end, and the fleet has time to come to rest. */
  ticks: number;
  fleets: FleetScenario[];
  /** Events of the first fleet; the others are never disturbed. */
  events: FleetEvent[];
}

export type PolicyInput = Parameters<typeof FleetInput.parse>[0];

/** Builds a fleet; `sites` names the sites where agents stand. */
export function policyOf(input: PolicyInput, sites: Record<string, string> = {}): Policy {
  const { automation, health, voters, controlTargets, failover, safety, drills } = FleetInput.parse(input);
  const placed = voters.map((voter) => {
    const site = voter.type === 'agent' ? sites[voter.name] : undefined;
    return { ...voter, ...(site !== undefined && { site }) };
  });
  return { automation, health, voters: placed, controlTargets, failover, safety, drills };
}

export function cluster(name: string, fields: Partial<ClusterFacts> = {}): ClusterFacts {
  return { name, uid: `${name}/1`, site: name, joins: 'when-healthy', createdAtMs: 0, voters: [], ...fields };
}

export interface MemberInput {
  cluster: string;
  weight?: number;
  tier?: number;
}

export function pool(key: string, members: readonly MemberInput[], fields: Partial<Pool> = {}): Pool {
  return {
    key,
    service: `shop/${key}`,
    port: 80,
    protocol: 'HTTP',
    healthCheck: { type: 'tcp' },
    pinned: false,
    members: sorted(members.map((member) => ({ weight: 1, tier: 0, endpoints: [], ...member }))),
    ...fields,
  } as Pool;
}

/** Sorts by tier, then by name. */
export function sorted<T extends { cluster: string; tier: number }>(members: readonly T[]): T[] {
  return [...members].sort((a, b) => a.tier - b.tier || (a.cluster < b.cluster ? -1 : 1));
}

export const VOTER_TYPES = ['edge', 'gateway-path', 'agent', 'gateway-view'] as const;
const PUBLIC_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

/** Voters of the kinds, named by their position. */
export function votersOf(types: readonly (typeof VOTER_TYPES)[number][]): object[] {
  return types.map((type, index) => ({
    name: `v${index}`,
    type,
    ...(type === 'gateway-path' && { gateway: 'g0', url: 'http://shop.example.com/healthz' }),
    ...(type === 'gateway-view' && { gateway: 'g0' }),
    ...(type === 'agent' && { publicKey: PUBLIC_KEY }),
  }));
}
