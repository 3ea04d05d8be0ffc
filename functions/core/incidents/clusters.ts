import { say } from '../../../schemas/messages/index.ts';
import { limitsFor } from '../allocation/limits.ts';
import { sealedLimits } from '../allocation/points.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import { type GateFacts, type OpenQuestion, openQuestions, questionText } from '../failover/data-gates.ts';
import { percentIn } from '../failover/decision-result.ts';
import type { ClusterState } from '../failover/traffic.ts';
import { isoOf } from '../model/time.ts';
import { type Incident, type IncidentFacts, type IncidentSource, keyOf } from './incident.ts';

/**
 * Incidents of clusters: a brake keeps them in, they have to serve more than their capacity, or they serve because no
 * other cluster can.
 */
export const clusterIncidents: IncidentSource = (facts) => {
  const { traffic } = facts;
  const states = traffic.clusters.filter(({ cluster, uid }) => {
    return facts.clusters.some((declared) => declared.name === cluster && (uid === '' || uid === declared.uid));
  });
  const questions = openQuestions(questionFacts(facts));
  const asked = new Set(questions.flatMap(({ clusters }) => clusters));
  const others = states.filter(({ cluster, brake }) => !asked.has(cluster) || brake?.name !== 'data-gate');
  return [
    ...questions.map((question) => askedOf(facts, question)),
    ...others.flatMap((state) => braked(facts, state)),
    ...traffic.allocation.overloads.map((overload) => overloaded(facts, overload)),
    ...stranded(traffic.allocation).map((cluster) => strandedIncident(facts, cluster)),
  ];
};

function questionFacts({ fleet, clusters, traffic, nowMs }: IncidentFacts): GateFacts {
  const cities = clusters.map(({ name, spec }) => ({ name, city: spec.city }));
  return { policy: fleet.spec, clusters: cities, traffic, nowMs };
}

/** Returns the incident of a data gate's question: one incident, however many clusters it holds. */
function askedOf(facts: IncidentFacts, question: OpenQuestion): Incident {
  const { city, way, clusters } = question;
  return {
    key: keyOf(facts, `city/${city}`, `${way}-asked`),
    type: 'data-gate.waiting',
    severity: way === 'leave' ? 'critical' : 'warning',
    clusters,
    summary: questionText(question),
    resolution: say('DataGateAsksOver', { city, way }).text,
  };
}

function braked(facts: IncidentFacts, { cluster, standing, brake, isGated, reason }: ClusterState): Incident[] {
  const about: Pick<Incident, 'severity' | 'clusters'> = { severity: 'critical', clusters: [cluster] };
  if (standing === 'suspected') {
    const until = brake?.untilMs === undefined ? undefined : isoOf(brake.untilMs);
    return [
      {
        ...about,
        key: keyOf(facts, `cluster/${cluster}`, 'suspected'),
        type: 'cluster.suspected',
        summary: say('ClusterSuspected', { cluster, until, reason }).text,
        resolution: say('ClusterSuspectedOver', { cluster }).text,
      },
    ];
  }
  if (standing !== 'down' || !isGated) return [];
  return [
    {
      ...about,
      key: keyOf(facts, `cluster/${cluster}`, 'gated'),
      type: 'cluster.gated',
      summary: say('ClusterGated', { cluster, reason }).text,
      resolution: say('ClusterGatedOver', { cluster }).text,
    },
  ];
}

function overloaded(facts: IncidentFacts, { cluster, load, requestsPerSecond }: SealedAllocation['overloads'][number]) {
  return {
    key: keyOf(facts, `cluster/${cluster}`, 'overload'),
    type: 'overload',
    severity: 'critical',
    clusters: [cluster],
    summary: say('Overloaded', { cluster, load: Math.ceil(load), capacity: requestsPerSecond }).text,
    resolution: say('OverloadedOver', { cluster }).text,
  } satisfies Incident;
}

/**
 * Returns the clusters that people have taken out, or that are down, and that have traffic all the same because no
 * healthy cluster is left.
 */
function stranded(allocation: SealedAllocation): string[] {
  const stranded = allocation.backends.flatMap(({ service, clusters, points }) => {
    const having = clusters.filter((_, index) => (points[index] ?? 0) > 0);
    return having.filter((cluster) => isTakenOut(allocation, cluster, service));
  });
  return [...new Set(stranded)];
}

/** Tells whether a cluster is down, or whether people have drained it, or this service of it, to nothing. */
function isTakenOut(allocation: SealedAllocation, name: string, service: string | undefined): boolean {
  const own = limitsFor(sealedLimits(allocation), service).get(name) ?? [];
  return own.some((limit) => limit.reason === 'down' || (limit.reason === 'drained' && limit.percent === 0));
}

function strandedIncident(facts: IncidentFacts, cluster: string): Incident {
  return {
    key: keyOf(facts, `cluster/${cluster}`, 'stranded'),
    type: 'failover.stranded',
    severity: 'critical',
    clusters: [cluster],
    summary: say('Stranded', { cluster }).text,
    resolution: say('StrandedOver', { cluster }).text,
  };
}

/**
 * The incident of a recommendation: changes that automation would make but does not, since people have set it to
 * recommend or paused it.
 */
export const recommendationIncidents: IncidentSource = (facts) => {
  const { fleet, traffic } = facts;
  const { automation } = fleet.spec;
  const { allocation, recommended } = traffic;
  if (automation === 'automatic' || recommended === undefined) return [];
  const moved = facts.clusters
    .map(({ name }) => ({ name, has: percentIn(allocation, name), wanted: percentIn(recommended, name) }))
    .filter(({ has, wanted }) => has !== wanted);
  const isDown = (name: string) =>
    traffic.clusters.some(({ cluster, standing }) => cluster === name && standing === 'down');
  const isUrgent = moved.some(({ name, has, wanted }) => wanted < has && isDown(name));
  const told = moved.map(({ name, has, wanted }) => {
    return say('RecommendedMove', { cluster: name, before: has, after: wanted }).text;
  });
  const moves = told.join(', ') || say('BackendsDiffer').text;
  return [
    {
      key: keyOf(facts, 'recommendation', 'waiting'),
      type: 'recommendation.waiting',
      severity: isUrgent ? 'critical' : 'warning',
      clusters: moved.map(({ name }) => name),
      summary: say('RecommendationWaits', { automation, moves }).text,
      resolution: say('RecommendationWaitsOver').text,
    },
  ];
};
