import { compareText } from '../model/text.ts';
import { approvalIncidents } from './approvals.ts';
import { clusterIncidents, recommendationIncidents } from './clusters.ts';
import { certificateIncidents, voterIncidents } from './evidence.ts';
import { gatewayIncidents } from './gateways.ts';
import type { Incident, IncidentFacts, IncidentSource } from './incident.ts';
import { lossIncidents } from './losses.ts';
import { rolloutIncidents } from './rollouts.ts';

/**
 * The sources of incidents. A new kind of incident needs one more source here, and its types in
 * `schemas/notification.ts`.
 */
const SOURCES: readonly IncidentSource[] = [
  gatewayIncidents,
  voterIncidents,
  certificateIncidents,
  clusterIncidents,
  recommendationIncidents,
  lossIncidents,
  rolloutIncidents,
  approvalIncidents,
];

/**
 * Returns the open incidents, sorted by key. They follow from stored facts alone, so asking again gives the same
 * answer.
 */
export function openIncidents(facts: IncidentFacts): Incident[] {
  return SOURCES.flatMap((source) => source(facts)).sort((a, b) => compareText(a.key, b.key));
}
