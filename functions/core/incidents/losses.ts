import type { LossOutcome } from '../../../schemas/loss-readiness.ts';
import { nameOfLoss } from '../allocation/losses.ts';
import { type Incident, type IncidentSource, keyOf } from './incident.ts';

/**
 * Incidents of losses: a cluster, a site or a city that the fleet could not do without. A service that no other cluster
 * is declared to serve is no incident, since the fleet's conditions show it.
 */
export const lossIncidents: IncidentSource = (facts) =>
  facts.losses
    .filter(({ overloads, strandedServices }) => overloads.length + strandedServices.length > 0)
    .map((loss): Incident => {
      const name = nameOfLoss(loss);
      return {
        key: keyOf(facts, `${loss.type}/${loss.name}`, 'readiness'),
        type: 'readiness.lost',
        severity: 'warning',
        clusters: loss.clusters,
        summary: `The fleet could not do without ${name} now: ${whyOf(loss)}.`,
        resolution: `The fleet could do without ${name} again.`,
      };
    });

/** Returns the reason why a loss would be felt, as a sentence without its full stop. */
export function whyOf({ overloads, strandedServices, soleServices }: Omit<LossOutcome, 'since'>): string {
  const [hot] = overloads;
  const [service] = strandedServices;
  const [sole] = soleServices;
  const more = (count: number, what: string) => (count > 1 ? ` (and ${count - 1} more ${what})` : '');
  const told = [
    hot &&
      `${hot.cluster} would have to serve ${Math.ceil(hot.load)} requests per second and can serve ${hot.requestsPerSecond}${more(overloads.length, 'clusters')}`,
    service && `nobody else could serve ${service}${more(strandedServices.length, 'services')}`,
    sole && `nobody else is declared to serve ${sole}${more(soleServices.length, 'services')}`,
  ];
  return told.filter((part) => part !== undefined).join('; ');
}
