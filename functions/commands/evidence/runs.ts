import type { ProbeRound, Shard } from '../../../schemas/probe-round.ts';
import { createSignal } from '../../engine/heartbeat.ts';
import { runProbeRound } from '../../engine/probe/probe.ts';
import { throwFaults } from '../app-error.ts';
import type { Context } from '../context.ts';
import { noSuch } from '../issues.ts';

/**
 * Probes the clusters of one fleet, or of all, or a shard of them, and acts on the findings. Throws
 * `unknown-reference`.
 */
export async function probeNow(
  ctx: Context,
  { fleet, shard }: { fleet?: string | undefined; shard?: Shard | undefined },
  isDry: boolean,
): Promise<ProbeRound> {
  if (fleet !== undefined) {
    const found = await ctx.deps.store.get('fleet', fleet, fleet);
    throwFaults(found ? [] : [noSuch('#/fleet', 'fleet', fleet)]);
  }
  const signal = createSignal(ctx.deps);
  const round = await runProbeRound(ctx.deps, { fleet, shard, isDry, signal });
  ctx.waitUntil(signal.idle());
  return round;
}
