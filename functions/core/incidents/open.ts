import { compareText } from '../model/text.ts';
import { clusterIncidents, recommendationIncidents } from './clusters.ts';
import { certificateIncidents, voterIncidents } from './evidence.ts';
import { gatewayIncidents } from './gateways.ts';
import type { Incident, IncidentFacts, IncidentSource } from './incident.ts';
import { lossIncidents } from './losses.ts';
import { rolloutIncidents } from './rollouts.ts';

/** A new kind of incident is one more source here, and its types in `schemas/notification.ts`. */
const SOURCES: readonly IncidentSource[] = [
  gatewayIncidents,
  voterIncidents,
  certificateIncidents,
  clusterIncidents,
  recommendationIncidents,
  lossIncidents,
  rolloutIncidents,
];

/** The incidents that are open, by key: nothing but what is stored says so, so that whoever asks again is told the same. */
export function openIncidents(facts: IncidentFacts): Incident[] {
  return SOURCES.flatMap((source) => source(facts)).sort((a, b) => compareText(a.key, b.key));
}
