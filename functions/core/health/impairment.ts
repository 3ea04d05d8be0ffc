/** An impairment speaks against a cluster that still answers. By itself it never makes a cluster unhealthy. */

import { say } from '../../../schemas/messages/index.ts';
import type { CurrentVote, Impairment } from './types.ts';

/**
 * Returns the impairment of a cluster that a quorum finds slow. `slow` holds the votes that do, at least `quorum` of
 * them; the impairment began when the quorum was complete.
 */
export function slowness(slow: readonly CurrentVote[], voters: number, quorum: number): Impairment {
  const times = slow.map(({ slowSinceMs = 0 }) => slowSinceMs).sort((a, b) => a - b);
  const names = slow.map(({ voter }) => voter).join(', ');
  const detail = say('FindSlow', { slow: slow.length, voters, names }).text;
  return { by: 'latency', sinceMs: times[quorum - 1] ?? 0, detail };
}
