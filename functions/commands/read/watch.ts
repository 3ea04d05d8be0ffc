import type { Operation } from '../../../schemas/operation.ts';
import { equal } from '../../core/model/digest.ts';
import type { Context } from '../context.ts';
import { getOperation } from './operations.ts';

const POLL_MS = 1_000;

/** Long enough to see most pushes through, short enough for the proxies in between. */
const WATCH_MS = 50_000;

/** The operation now and whenever it changes, until it has ended or the time is over. Throws `not-found`. */
export async function watchOperation(ctx: Context, fleet: string, id: string): Promise<AsyncGenerator<Operation>> {
  return changesOf(ctx, await getOperation(ctx, fleet, id));
}

async function* changesOf(ctx: Context, first: Operation): AsyncGenerator<Operation> {
  const { clock } = ctx.deps;
  const untilMs = clock.now() + WATCH_MS;
  let last = first;
  yield last;
  while (last.endedAt === undefined && clock.now() < untilMs) {
    await clock.sleep(POLL_MS);
    const next = await getOperation(ctx, first.fleet, first.id);
    if (!equal(next, last)) yield next;
    last = next;
  }
}
