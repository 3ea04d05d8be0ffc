import { say } from '../../../schemas/messages/index.ts';
import { type Incident, type IncidentSource, keyOf } from './incident.ts';

/** Incidents of stopped rollouts, except those that a person has stopped, who knows about it. */
export const rolloutIncidents: IncidentSource = (facts) =>
  facts.rollouts.flatMap(({ stop, distribution, percent, actor }): Incident[] => {
    if (stop === undefined || stop.cause === 'person') return [];
    return [
      {
        key: keyOf(facts, `distribution/${distribution}`, 'rollout'),
        type: 'rollout.stopped',
        severity: 'warning',
        clusters: stop.cluster === undefined ? [] : [stop.cluster],
        summary: say('RolloutStopped', { distribution, actor, percent, detail: stop.detail }).text,
        resolution: say('RolloutStoppedOver', { distribution }).text,
      },
    ];
  });
