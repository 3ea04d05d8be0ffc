import { reconcileGateway } from '../engine/reconcile/reconcile.ts';
import type { Context } from './context.ts';

/**
 * The time for following in the background. Work that outlives its response is cut off after 30 s (Workers, waitUntil);
 * the sweep continues it.
 */
export const FOLLOW_MS = 25_000;

/** Reconciles the gateways until `untilMs`. Failures are only logged. */
export async function followAll(
  ctx: Context,
  fleet: string,
  gateways: readonly string[],
  untilMs: number = ctx.deps.clock.now() + FOLLOW_MS,
): Promise<void> {
  await Promise.all(gateways.map((gateway) => follow(ctx, fleet, gateway, untilMs)));
}

async function follow(ctx: Context, fleet: string, gateway: string, untilMs: number): Promise<void> {
  try {
    await reconcileGateway(ctx.deps, fleet, gateway, { untilMs });
  } catch (error) {
    ctx.deps.log.error('gateway.reconcile-failed', { fleet, gateway, requestId: ctx.requestId }, error);
  }
}
