import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import type { IncidentFacts } from '../../functions/core/incidents/incident.ts';
import { openIncidents } from '../../functions/core/incidents/open.ts';
import type { Resource } from '../../functions/core/model/resource.ts';
import { cluster, T0 } from './fixtures.ts';
import { policy, type Story } from './story.ts';

export function fleet(input: Record<string, unknown> = {}): Resource<'fleet'> {
  const at = new Date(T0).toISOString();
  const about = { kind: 'fleet', fleet: 'prod', name: 'prod', uid: 'fleet_prod', revision: 1 } as const;
  return { ...about, createdAt: at, updatedAt: at, spec: policy(input) };
}

/** A fleet of three clusters and one gateway of which nothing is wrong. */
export function incidentFacts(overrides: Partial<IncidentFacts> = {}): IncidentFacts {
  return {
    nowMs: T0,
    fleet: fleet(),
    clusters: ['a', 'b', 'c'].map((name, index) => cluster(name, index + 1)),
    health: [],
    traffic: NO_TRAFFIC,
    gateways: [{ name: 'edge', waiting: [] }],
    traces: new Map(),
    losses: [],
    rollouts: [],
    told: new Set(),
    ...overrides,
  };
}

/** What the traffic of a story makes people be told of. */
export function incidentsIn({ now }: Story) {
  const clusters = now.clusters.map(({ name, city }, index) => {
    const declared = cluster(name, index + 1);
    return { ...declared, spec: { ...declared.spec, city } };
  });
  return openIncidents(incidentFacts({ nowMs: now.nowMs, clusters, traffic: now.traffic, fleet: fleet(now.policy) }));
}
