/**
 * Faults in the limits that hold members back, and in what gives way to traffic that has nowhere to go, and in which
 * order.
 */

import { type Fault, ignoresReason, keepsReason, replacedStage, stages } from '../plant.ts';

const GIVE_WAY = [
  'turn',
  'ramp',
  'drill',
  'impaired',
  'dwell',
  'drained',
  'consent',
  'mode',
  'joining',
  'down',
  'grace',
  'gate',
] as const;

export const ALLOCATION_FAULTS: readonly Fault[] = [
  ...GIVE_WAY.map(keepsReason),
  ...(['drained', 'down'] as const).map(ignoresReason),
  replacedStage('the headroom is no limit', 'headroom', { room: Number.POSITIVE_INFINITY }),
  replacedStage('warm is hot', 'warm', { room: Number.POSITIVE_INFINITY }),
  replacedStage('nobody gets hot', 'hot', { room: 1.1 }),
  replacedStage('clusters that went down together are not believed', 'down together', { believesTogether: false }),
  replacedStage('clusters that fell are never trusted with more', 'fallen', { roomOfFallen: 1 }),
  stages('stage order', 'consent comes after the dead', (sets) =>
    sets.map((set) => (set.has('down') ? set : new Set([...set].filter((reason) => reason !== 'consent')))),
  ),
];
