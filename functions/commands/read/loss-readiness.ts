import type { LossReadiness } from '../../../schemas/loss-readiness.ts';
import { isoOf } from '../../core/model/time.ts';
import type { Context } from '../context.ts';
import { load } from '../load.ts';

/** What was worked out last of losses of the fleet. Throws `not-found`. */
export async function lossReadiness(ctx: Context, name: string): Promise<LossReadiness> {
  const { deps } = ctx;
  await load(ctx, { kind: 'fleet', fleet: name, name });
  const known = await deps.store.document(name, 'readiness', name);
  if (known === undefined) return { fleet: name, losses: [], skipped: 0 };
  const { atMs, losses, skipped } = known.body;
  const ageSeconds = Math.max(0, Math.floor((deps.clock.now() - atMs) / 1000));
  return { fleet: name, at: isoOf(atMs), ageSeconds, losses, skipped };
}
