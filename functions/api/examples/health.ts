import type { Readiness } from '../../../schemas/readiness.ts';
import type { Example } from '../http/example.ts';

const readiness: Readiness = {
  status: 'ready',
  checks: [
    { name: 'store', status: 'ok', detail: 'The store answers.' },
    {
      name: 'probe',
      status: 'ok',
      ageSeconds: 12,
      limitSeconds: 180,
      detail: 'The last round of probes ended 12 s ago.',
    },
  ],
};

const unreadiness: Readiness = {
  status: 'unready',
  checks: [
    { name: 'store', status: 'ok', detail: 'The store answers.' },
    {
      name: 'probe',
      status: 'failed',
      ageSeconds: 400,
      limitSeconds: 180,
      detail: 'The last round of probes ended 400 s ago: the schedule has stopped, or each run of it fails.',
    },
  ],
};

export const healthExamples: Record<string, Example> = {
  getLiveness: { response: { status: 'ok' } },
  getReadiness: { response: readiness, unavailable: unreadiness },
};
