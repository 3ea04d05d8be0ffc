/** What speaks against a cluster that answers: such a cluster is impaired, and never unhealthy by this alone. */

import type { CurrentVote } from './votes.ts';

export interface Impairment {
  by: 'latency' | 'alert';
  /** Since when it is so. */
  sinceMs: number;
  detail: string;
}

/** A quorum finds it slow; `slow`: their votes, at least a quorum of them. It began when the quorum was complete. */
export function slowness(slow: readonly CurrentVote[], voters: number, quorum: number): Impairment {
  const times = slow.map(({ slowSinceMs = 0 }) => slowSinceMs).sort((a, b) => a - b);
  const names = slow.map(({ voter }) => voter).join(', ');
  const detail = `${slow.length} of ${voters} voters find it slow: ${names}`;
  return { by: 'latency', sinceMs: times[quorum - 1] ?? 0, detail };
}
