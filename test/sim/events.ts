import type { SafetyRuleName } from '../../schemas/failover.ts';

/** Faults of gateways towards the control plane. */
export const GATEWAY_FAULTS = ['unreachable', 'unwritable', 'throttled', 'unanswered', 'partial', 'eventual'] as const;

/** Faults of the control plane itself. */
export const SHELL_FAULTS = ['stall', 'refuse', 'crash', 'twice', 'stale'] as const;

/**
 * What an adversary does to a fleet: from `tick` on, for `seconds`. Every event stands alone, so that any of them can be left out of a trace.
 * - down, shaky, slow: what clusters are; a shaky one answers some requests, a slow one answers late. wave: down and up again every `period` seconds. site: its clusters are
 *   down, and the agents in it are silent.
 * - partition: the voters reach none of the clusters. blind: they get no results. confused: theirs say nothing. late: theirs arrive up to
 *   `period` seconds later, in any order, some twice. replay: what they saw before is sent again. skew: their clocks are `period` seconds off.
 * - unreachable, unwritable: gateways cannot be read and written, or only read. throttled, unanswered, partial, eventual: they refuse most
 *   calls, apply without an answer, apply a part, show later what they have.
 * - tamper: somebody changes the weights at a gateway.
 * - stall: the control plane does not run. refuse: the store takes few decisions. crash: it dies after it has recorded one. twice: each tick is
 *   delivered twice. stale: another version of it decides upon a state that is over.
 * - surge, shrink: the load, or a capacity, is `percent` of what it was.
 * - the others are people, with edits of policies and pools and clusters, modes, shifts, break-glasses, drills and orders.
 */
export type FleetEvent = { tick: number; seconds: number } & (
  | { type: 'down' | 'shaky' | 'slow'; clusters: string[]; cause: 'Ingress' | 'Cluster' }
  | { type: 'wave'; clusters: string[]; period: number }
  | { type: 'site'; site: string }
  | { type: 'partition' | 'blind' | 'confused'; voters: string[]; clusters: string[] }
  | { type: 'late' | 'replay' | 'skew'; voters: string[]; period: number }
  | { type: (typeof GATEWAY_FAULTS)[number] | 'tamper'; gateways: string[] }
  | { type: (typeof SHELL_FAULTS)[number] }
  | { type: 'surge'; percent: number }
  | { type: 'shrink'; clusters: string[]; percent: number }
  | { type: 'mode'; mode: 'automatic' | 'recommend' | 'paused' }
  | { type: 'gate' | 'freeze' }
  | { type: 'tune'; field: TunedField; value: number }
  | { type: 'failback'; mode: 'auto' | 'ramp' | 'manual' }
  | { type: 'voters'; names: string[] }
  | { type: 'weight' | 'tier'; pool: number; member: number; value: number }
  | { type: 'pin'; pool: number }
  | { type: 'join'; cluster: string }
  | { type: 'leave' | 'recreate'; cluster: string }
  | ShiftEvent
  | { type: 'break-glass'; rules: SafetyRuleName[] }
  | { type: 'drill'; isAborted: boolean }
  | ({ type: 'order' } & OrderEvent)
);

export type OrderEvent = { order: 'restore' | 'dismiss' | 'resume'; cluster: string } | { order: 'resume' | 'apply' };

export type TunedField = 'thresholds' | 'dwell' | 'cooldown' | 'headroom' | 'ask';

export interface ShiftEvent {
  type: 'shift';
  cluster: string;
  mode: 'drain' | 'isolate' | 'keep';
  percent: number;
  stepPercent: number;
  stepSeconds: number;
  isEnded: boolean;
}

export type EventOf<T extends FleetEvent['type']> = FleetEvent & { type: T };

export function isActive({ tick, seconds }: FleetEvent, now: number): boolean {
  return tick <= now && now < tick + seconds;
}

export function describeEvent(event: FleetEvent): string {
  const { tick, seconds, type, ...rest } = event;
  return `tick ${tick}: ${type} for ${seconds} s ${JSON.stringify(rest)}`;
}
