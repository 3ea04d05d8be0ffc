import { say } from '../../../schemas/messages/index.ts';
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
  const summary = say('VoterSilent', { voter, since }).text;
  const resolution = say('VoterSilentOver', { voter }).text;
  return { key, type: 'voter.silent', severity: 'warning', clusters: [], summary, resolution };
}

function loss(voter: string, key: string, since: string): Incident {
  const summary = say('VoterLost', { voter, since }).text;
  const resolution = say('VoterLostOver', { voter }).text;
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
    return [
      {
        key: keyOf(facts, `voter/${name}`, 'suspect'),
        type: 'evidence.suspect',
        severity: 'warning',
        clusters: doubted.map(({ cluster }) => cluster),
        summary: say('VoterSuspect', { voter: name, seen: newest?.detail }).text,
        resolution: say('VoterSuspectOver', { voter: name }).text,
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
        summary: say('CertificateExpires', { cluster: name, at: isoOf(Math.min(...expiries)) }).text,
        resolution: say('CertificateExpiresOver', { cluster: name }).text,
      },
    ];
  });
};
