import type { ProbeRound } from '../../schemas/probe-round.ts';
import { runProbeRound } from '../engine/probe.ts';
import { refuse } from './app-error.ts';
import type { Context } from './context.ts';
import { unknownReference } from './proposal.ts';

/** Probes the clusters of one fleet, or of all, and acts upon what is found. Throws `unknown-reference`. */
export async function probeNow(ctx: Context, fleet: string | undefined, isDry: boolean): Promise<ProbeRound> {
  if (fleet === undefined) return await runProbeRound(ctx.deps, { isDry });
  const found = await ctx.deps.store.get('fleet', fleet, fleet);
  refuse(found ? [] : [unknownReference('#/fleet', `there is no fleet ${fleet}`)]);
  return await runProbeRound(ctx.deps, { fleet, isDry });
}
