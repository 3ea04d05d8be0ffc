import type { AlertVoter, Voter } from '../../../schemas/failover.ts';
import type { Probe } from '../../../schemas/probe.ts';

/**
 * Returns the names of the voters that watch a cluster. Edge and agents watch those that have a probe for them; other
 * voters watch all. A voter with a list of `clusters` watches none but these.
 */
export function votersOf(
  { name, spec }: { name: string; spec: { probes: Probe[] } },
  voters: readonly Voter[],
): string[] {
  return voters.filter((voter) => watches(voter, name, spec.probes)).map((voter) => voter.name);
}

function watches(voter: Voter, cluster: string, probes: readonly Probe[]): boolean {
  if (voter.clusters && !voter.clusters.includes(cluster)) return false;
  if (voter.type === 'edge') return probes.some(({ from }) => from !== 'agents');
  if (voter.type === 'agent') return probes.some(({ from }) => from !== 'edge');
  return true;
}

/**
 * Tells whether the voter counts for a quorum. Monitoring systems do not: what they say makes no cluster healthy or
 * unhealthy.
 */
export function isCounted(voter: Voter): voter is Exclude<Voter, AlertVoter> {
  return voter.type !== 'alert';
}

/**
 * Returns the vantage of a voter: a place where one fault can mislead all voters. An agent's vantage is its site.
 * Agents without a declared site may share one, and so count as one vantage, as do the edge and the gateways.
 */
export function vantageOf(voter: Exclude<Voter, AlertVoter>): string {
  if (voter.type === 'agent') return voter.site ?? 'agent';
  return voter.type === 'edge' ? 'edge' : 'gateway';
}
