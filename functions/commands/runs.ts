import type { ReconcileResult } from '../../schemas/gateway.ts';
import type { ProbeRound } from '../../schemas/probe-round.ts';
import { runProbeRound } from '../engine/probe.ts';
import { reconcileGateway } from '../engine/reconcile.ts';
import { refuse } from './app-error.ts';
import type { Context } from './context.ts';
import { unknownReference } from './proposal.ts';
import { requireResource } from './resources.ts';

/** Makes the gateway follow what is declared, now. Throws `not-found`. */
export async function reconcileNow(ctx: Context, fleet: string, gateway: string): Promise<ReconcileResult> {
  await requireResource(ctx, { kind: 'gateway', fleet, name: gateway });
  return await reconcileGateway(ctx.deps, fleet, gateway);
}

/** Probes the clusters of one fleet, or of all, and acts upon what is found. Throws `unknown-reference`. */
export async function probeNow(ctx: Context, fleet: string | undefined): Promise<ProbeRound> {
  if (fleet === undefined) return await runProbeRound(ctx.deps);
  const found = await ctx.deps.store.get('fleet', fleet, fleet);
  refuse(found ? [] : [unknownReference('#/fleet', `there is no fleet ${fleet}`)]);
  return await runProbeRound(ctx.deps, { fleet });
}
