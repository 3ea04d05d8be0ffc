import { reconcileGateway } from '../engine/reconcile/reconcile.ts';
import type { Context } from './context.ts';

/** Work that outlives its answer is cut after 30 s (Workers, waitUntil); the sweep goes on. */
export const FOLLOW_MS = 25_000;

/** The gateways follow in the background, as far as there is time. */
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
