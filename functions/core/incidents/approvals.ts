import { type Incident, type IncidentSource, keyOf } from './incident.ts';

/** Incidents of requests that wait for a second person. */
export const approvalIncidents: IncidentSource = (facts) =>
  facts.approvals.map(
    ({ id, requestedBy, summary, expiresAt, reason }): Incident => ({
      key: keyOf(facts, `approval/${id}`, 'waiting'),
      type: 'approval.waiting',
      severity: 'warning',
      clusters: [],
      summary: `${requestedBy} asks for the approval ${id}, until ${expiresAt}${reason === undefined ? '' : ` (${reason})`}. ${summary.join(' ')}`,
      resolution: `Nobody waits for the approval ${id} any more.`,
    }),
  );
