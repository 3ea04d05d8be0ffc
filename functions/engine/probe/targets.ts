import type { GatewayPathVoter, Voter } from '../../../schemas/failover.ts';
import { HttpProbe, type Probe } from '../../../schemas/probe.ts';
import type { Shard } from '../../../schemas/probe-round.ts';
import type { HealthRecord } from '../../core/health/types.ts';
import { votersOf } from '../../core/health/voters.ts';
import { saidAtMs } from '../../core/health/vouch.ts';
import { digest } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import { compareText } from '../../core/model/text.ts';
import { type Prober, probesFrom } from '../observe.ts';

/** A cluster that the control plane itself probes in a round on behalf of one voter. */
export interface Target {
  cluster: Resource<'cluster'>;
  voter: Extract<Voter, { type: 'edge' | 'gateway-path' }>;
  probes: Probe[];
}

/** Tells whether a cluster is in the shard. Every cluster is in exactly one shard and stays there. */
export function inShard(cluster: Resource<'cluster'>, { index, count }: Shard): boolean {
  return Number.parseInt(digest(cluster.name).slice(0, 8), 16) % count === index;
}

/**
 * Returns the targets of a fleet, those observed longest ago first, so that a round that is cut short is continued by
 * the next one.
 */
export function targetsOf(
  { spec }: Resource<'fleet'>,
  clusters: readonly Resource<'cluster'>[],
  records: readonly HealthRecord[],
): Target[] {
  const known = new Map(records.map((record) => [record.uid, record]));
  return clusters
    .flatMap((cluster) => {
      const watching = votersOf(cluster, spec.voters);
      return spec.voters.filter(isProbing).flatMap((voter): Target[] => {
        if (!watching.includes(voter.name)) return [];
        const probes = voter.type === 'edge' ? probesFrom(cluster.spec.probes, 'edge') : [pinned(voter, cluster.name)];
        return [{ cluster, voter, probes }];
      });
    })
    .map((target) => ({ target, atMs: seenAtMs(target, known.get(target.cluster.uid)) }))
    .sort((a, b) => a.atMs - b.atMs || compareText(a.target.cluster.name, b.target.cluster.name))
    .map(({ target }) => target);
}

function isProbing(voter: Voter): voter is Target['voter'] {
  return voter.type === 'edge' || voter.type === 'gateway-path';
}

function seenAtMs({ voter }: Target, record: HealthRecord | undefined): number {
  const vote = record?.votes.find((item) => item.voter === voter.name);
  return vote ? saidAtMs(vote) : 0;
}

/** Returns the probe that sends a request through a gateway, where a route sends it to this cluster alone. */
function pinned({ url, headers, pinHeader, maxLatencyMs }: GatewayPathVoter, cluster: string): Probe {
  return HttpProbe.parse({ type: 'http', url, headers: { ...headers, [pinHeader]: cluster }, maxLatencyMs });
}

/** Returns how the target is probed. */
export function proberOf({ voter }: Target, { spec }: Resource<'fleet'>): Prober {
  return {
    voter: voter.name,
    timeoutMs: spec.health.timeoutSeconds * 1000,
    isThroughGateway: voter.type === 'gateway-path',
  };
}
