import type { SafetyRuleName } from '../../schemas/failover.ts';

/** Faults of gateways towards the control plane. */
export const GATEWAY_FAULTS = ['unreachable', 'unwritable', 'throttled', 'unanswered', 'partial', 'eventual'] as const;

/** Faults of the control plane itself. */
export const SHELL_FAULTS = ['stall', 'refuse', 'crash', 'twice', 'stale'] as const;

/**
 * An event that befalls a fleet from `tick` on, for `seconds`. Every event stands alone, so that any of them can be left
 * out of a trace.
 * - Clusters: `down` ones answer nothing, `shaky` ones some requests, `slow` ones late. `wave` takes them down and up
 *   again every `period` seconds. `site` takes the clusters of a site down and silences the agents in it.
 * - Voters: with `partition` they do not reach the clusters, with `blind` they get no results, with `confused` their
 *   results are inconclusive, with `late` these arrive up to `period` seconds later, in any order and some twice, with
 *   `replay` old ones are sent again, and with `skew` the clocks are `period` seconds off.
 * - Gateways: `unreachable` ones can be neither read nor written, `unwritable` ones only read. `throttled` ones refuse
 *   most calls, `unanswered` ones apply without an answer, `partial` ones apply a part, and `eventual` ones show later
 *   what they have. With `tamper` somebody changes the weights.
 * - The control plane: with `stall` it does not run, with `refuse` the store takes few decisions, with `crash` it dies
 *   after it has recorded one, with `twice` each tick is delivered twice, and with `stale` another version of it decides
 *   upon a state that is over.
 * - Numbers: with `surge` the load, and with `shrink` a capacity, is `percent` of what it was.
 * - People, by all other events: edits of policies, pools and clusters, modes, shifts, break-glasses, drills and orders.
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
