import { say } from '../../../schemas/messages/index.ts';
import { type Incident, type IncidentSource, keyOf } from './incident.ts';

/** Incidents of requests that wait for a second person. */
export const approvalIncidents: IncidentSource = (facts) =>
  facts.approvals.map(
    ({ id, requestedBy, summary, expiresAt, reason }): Incident => ({
      key: keyOf(facts, `approval/${id}`, 'waiting'),
      type: 'approval.waiting',
      severity: 'warning',
      clusters: [],
      summary: say('ApprovalWaits', { requestedBy, id, expiresAt, reason, summary: summary.join(' ') }).text,
      resolution: say('ApprovalWaitsOver', { id }).text,
    }),
  );
