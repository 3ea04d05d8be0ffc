/** What is known of gateways and clusters, what is remembered, and what people have asked for. */

import { type Fault, given, remembered } from '../plant.ts';

type Clusters = Parameters<Parameters<typeof given>[2]>[0]['clusters'];

/** Clusters are taken for other ones. */
function described(breaks: string, name: string, see: (facts: Clusters[number]) => Clusters[number]): Fault {
  return given(breaks, name, (input) => ({ ...input, clusters: input.clusters.map(see) }));
}

export const STATE_FAULTS: readonly Fault[] = [
  given('gateways', 'steps do not wait for gateways', (input) => ({
    ...input,
    verifiedAtMs: input.nowMs,
  })),
  given('gateways', 'gateways never follow', ({ verifiedAtMs: _, ...input }) => input),
  described('cluster site', 'all sites return together', (facts) => ({ ...facts, site: 'everywhere' })),
  described('reason capacity', 'nobody has a capacity', ({ capacity: _, ...facts }) => facts),
  described('cluster joins', 'new clusters serve at once', (facts) => ({ ...facts, joins: 'at-once' })),
  remembered('memory of falls', 'clusters that fell are trusted with more', ({ clusters }) => ({
    clusters: clusters.map((item) => ({ ...item, fallsMs: [] })),
  })),
  remembered('memory of failures', 'failures are forgotten at once', ({ clusters }) => ({
    clusters: clusters.map((item) => ({ ...item, failuresMs: [] })),
  })),
  remembered('memory of identity', 'a cluster that is created again is the same one', ({ clusters }) => ({
    clusters: clusters.map((item) => ({ ...item, uid: '' })),
  })),
  remembered('break-glasses', 'a break-glass has no effect', () => ({ breakGlasses: [] })),
  remembered('reason isolated', 'isolated clusters are drained', ({ shifts }) => ({
    shifts: shifts.map((shift) => ({ ...shift, mode: shift.mode === 'isolate' ? 'drain' : shift.mode })),
  })),
  remembered('shifts', 'drained clusters keep half', ({ shifts }) => ({
    shifts: shifts.map((shift) => ({ ...shift, percent: 50, currentPercent: 50 })),
  })),
  remembered('shifts', 'kept clusters are not believed', ({ shifts }) => ({
    shifts: shifts.filter(({ mode }) => mode !== 'keep'),
  })),
  remembered('shifts', 'shifts never expire', ({ shifts }) => ({
    shifts: shifts.map((shift) => ({ ...shift, expiresAtMs: Number.MAX_SAFE_INTEGER })),
  })),
];
