import type { SafetyRuleName } from '../../schemas/failover.ts';
import type { FAULTS } from './adversary.ts';

/**
 * What an adversary does to a fleet: from `tick` on, for `seconds`. Every event stands alone, so that any of them can be left out of a trace.
 * - down, slow, cold: what clusters are. cold: it fails less and less. wave: down and up again every `period` seconds.
 * - partition: the voters reach none of the clusters. blind: they get no results. confused: theirs are inconclusive. late: theirs arrive up to
 *   `period` seconds later, in any order, some twice. replay: what they saw before is sent again. skew: their clocks are `period` seconds off.
 * - throttle, unanswered, partial, eventual: gateways refuse, apply without an answer, apply half, show later what they have.
 * - tamper: somebody changes the weights at a gateway.
 * - stall: the control plane does not run. refuse: the store takes no decision. crash: it dies after it has recorded one.
 *   twice: each tick is delivered twice. stale: another decider that has lost its lease writes.
 * - surge, shrink: the load, or a capacity, is `percent` of what it was.
 * - the others are people: `policy` and `pool` and `cluster` edits, modes, shifts, break-glasses, drills.
 */
export type FleetEvent = { tick: number; seconds: number } & (
  | { type: 'down' | 'slow' | 'cold' | 'flicker'; clusters: string[]; cause: 'Ingress' | 'Cluster' }
  | { type: 'wave'; clusters: string[]; period: number }
  | { type: 'partition' | 'blind' | 'confused'; voters: string[]; clusters: string[] }
  | { type: 'late' | 'replay' | 'skew'; voters: string[]; period: number }
  | { type: (typeof FAULTS)[number] }
  | { type: 'tamper' }
  | { type: 'surge'; percent: number }
  | { type: 'shrink'; clusters: string[]; percent: number }
  | { type: 'mode'; mode: 'recommend' | 'paused' }
  | { type: 'gate' }
  | { type: 'freeze' }
  | { type: 'tune'; field: 'thresholds' | 'dwell' | 'cooldown' | 'interval'; value: number }
  | { type: 'voters'; names: string[] }
  | { type: 'weight'; pool: number; member: number; weight: number }
  | { type: 'join' | 'leave' | 'recreate'; cluster: string }
  | { type: 'shift'; cluster: string; percent: number; stepPercent: number; stepSeconds: number; isEnded: boolean }
  | { type: 'break-glass'; rules: SafetyRuleName[] }
  | { type: 'drill'; isAborted: boolean }
);

export type EventType = FleetEvent['type'];

export function isActive({ tick, seconds }: FleetEvent, now: number): boolean {
  return tick <= now && now < tick + seconds;
}
