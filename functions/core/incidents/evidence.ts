import { silentVoters } from '../health/silence.ts';
import { isoOf } from '../model/time.ts';
import { type Incident, type IncidentFacts, type IncidentSource, keyOf } from './incident.ts';

/** Incidents of voters: they say nothing, or seem to be cut off. */
export const voterIncidents: IncidentSource = (facts) => [...silences(facts), ...suspicions(facts)];

/**
 * Returns the incidents of silent voters. A voter that has never spoken is no incident, since the fleet's conditions
 * show it. After an edit of the fleet a voter has time to speak again, but the edit does not resolve an incident that
 * people were told of.
 */
function silences(facts: IncidentFacts): Incident[] {
  const { fleet, clusters, traces, told, nowMs } = facts;
  const heard = new Map(
    [...traces].flatMap(([name, { heardAtMs }]) => (heardAtMs === undefined ? [] : [[name, heardAtMs]])),
  );
  const found = silentVoters(fleet, clusters, heard, nowMs);
  return silentVoters({ ...fleet, updatedAt: fleet.createdAt }, clusters, heard, nowMs).flatMap(
    ({ voter, sinceMs, isLost }) => {
      if (sinceMs === undefined) return [];
      const [silent, lost] = ['silent', 'lost'].map((what) => keyOf(facts, `voter/${voter}`, what)) as [string, string];
      const anew = found.find((silence) => silence.voter === voter);
      const since = isoOf(sinceMs);
      return [
        ...(anew || told.has(silent) ? [silence(voter, silent, since)] : []),
        ...(anew?.isLost || (isLost && told.has(lost)) ? [loss(voter, lost, since)] : []),
      ];
    },
  );
}

function silence(voter: string, key: string, since: string): Incident {
  const summary = `${voter} has said nothing since ${since}: what it said before counts no more.`;
  const resolution = `${voter} is not silent any more.`;
  return { key, type: 'voter.silent', severity: 'warning', clusters: [], summary, resolution };
}

function loss(voter: string, key: string, since: string): Incident {
  const summary = `${voter} has said nothing since ${since}, for twice as long as its word counts. Look for what is wrong with it.`;
  const resolution = `${voter} is not lost any more.`;
  return { key, type: 'voter.lost', severity: 'critical', clusters: [], summary, resolution };
}

function suspicions(facts: IncidentFacts): Incident[] {
  const { fleet, health, nowMs } = facts;
  return fleet.spec.voters.flatMap(({ name }): Incident[] => {
    const doubted = health.filter(({ votes }) =>
      votes.some(({ voter, suspectUntilMs }) => voter === name && suspectUntilMs > nowMs),
    );
    if (doubted.length === 0) return [];
    const newest = doubted
      .flatMap(({ recent }) => recent.filter(({ voter, outcome }) => voter === name && outcome === 'inconclusive'))
      .sort((a, b) => (a.observedAt > b.observedAt ? -1 : 1))[0];
    const seen = newest ? ` What it saw last: ${newest.detail}.` : '';
    return [
      {
        key: keyOf(facts, `voter/${name}`, 'suspect'),
        type: 'evidence.suspect',
        severity: 'warning',
        clusters: doubted.map(({ cluster }) => cluster),
        summary: `What ${name} sees counts for nothing: it seems to be cut off itself.${seen}`,
        resolution: `${name} is not suspect any more.`,
      },
    ];
  });
}

/** Incidents of clusters' certificates that expire soon, as far as voters see them. */
export const certificateIncidents: IncidentSource = (facts) => {
  const { fleet, clusters, traces } = facts;
  return clusters.flatMap(({ name }): Incident[] => {
    const expiries = fleet.spec.voters.flatMap((voter) => traces.get(voter.name)?.certificates?.[name] ?? []);
    if (expiries.length === 0) return [];
    return [
      {
        key: keyOf(facts, `cluster/${name}`, 'certificate'),
        type: 'certificate.expiring',
        severity: 'warning',
        clusters: [name],
        summary: `A certificate of ${name} expires at ${isoOf(Math.min(...expiries))}.`,
        resolution: `No certificate of ${name} expires soon any more.`,
      },
    ];
  });
};
