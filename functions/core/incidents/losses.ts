import type { LossOutcome } from '../../../schemas/loss-readiness.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
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
        summary: say('LossNotBorne', { loss: name, why: whyOf(loss) }).text,
        resolution: say('LossNotBorneOver', { loss: name }).text,
      };
    });

/** Returns the reason why a loss would be felt, as a sentence without its full stop. */
export function whyOf({ overloads, strandedServices, soleServices }: Omit<LossOutcome, 'since'>): string {
  const [hot] = overloads;
  const [service] = strandedServices;
  const [sole] = soleServices;
  const told = [
    hot && overload(hot, overloads.length - 1),
    service && say('NobodyElseCould', { service, others: strandedServices.length - 1 }),
    sole && say('NobodyElseDeclared', { service: sole, others: soleServices.length - 1 }),
  ];
  return told.flatMap((part) => (part ? [part.text] : [])).join('; ');
}

function overload({ cluster, load, requestsPerSecond }: LossOutcome['overloads'][number], others: number): Message {
  return say('WouldOverload', { cluster, load: Math.ceil(load), capacity: requestsPerSecond, others });
}
