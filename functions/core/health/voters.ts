import type { AlertVoter, Voter } from '../../../schemas/failover.ts';
import type { Probe } from '../../../schemas/probe.ts';

/** Names of the voters that watch a cluster: gateways see every one, edge and agents those that have a probe for them. */
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

/** Those that a quorum is of: what monitoring systems say makes no cluster healthy or unhealthy. */
export function isCounted(voter: Voter): voter is Exclude<Voter, AlertVoter> {
  return voter.type !== 'alert';
}

/**
 * Where a voter stands; what fails there can mislead all that stand there. An agent stands at its site. Agents of which no site is declared may
 * stand at the same one, and so count as one vantage, as do the edge and the gateways.
 */
export function vantageOf(voter: Exclude<Voter, AlertVoter>): string {
  if (voter.type === 'agent') return voter.site ?? 'agent';
  return voter.type === 'edge' ? 'edge' : 'gateway';
}
