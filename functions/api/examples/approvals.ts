/** Examples of approvals. */

import type { Approval } from '../../../schemas/approval.ts';
import type { Example } from '../http/example.ts';

const digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const approvalExample: Approval = {
  id: 'apr-5f0c1d2e3b4a59687766f0e1',
  fleet: 'shop',
  state: 'pending',
  actions: ['break-glass'],
  digest,
  summary: ['Sets the safety rules minimum-clusters aside until 2026-11-23T09:00:00.000Z: hangzhou-b is rebuilt.'],
  requestedBy: 'ada',
  requestedAt: '2026-11-23T07:00:00.000Z',
  reason: 'hangzhou-b is rebuilt',
  expiresAt: '2026-11-24T07:00:00.000Z',
};

const decision = { decidedBy: 'bob', decidedAt: '2026-11-23T07:05:00.000Z' } as const;
const approved: Approval = { ...approvalExample, ...decision, state: 'approved' };
const rejected: Approval = { ...approvalExample, ...decision, state: 'rejected', rejection: 'not during the sale' };

function examplesOf(title: string, of: (approval: Approval) => Approval): Record<string, Example> {
  return {
    [`list${title}Approvals`]: { response: { items: [of(approvalExample)] } },
    [`get${title}Approval`]: { response: of(approvalExample) },
    [`approve${title}Request`]: { body: { digest }, response: of(approved) },
    [`reject${title}Request`]: { body: { reason: 'not during the sale' }, response: of(rejected) },
  };
}

/** Returns an approval as it would be if the request were about a grant. */
function ofInstallation({ fleet: _, ...approval }: Approval): Approval {
  return {
    ...approval,
    actions: ['grant'],
    summary: ['Gives the role editor in shop to the token ci.'],
  };
}

export const approvalExamples: Record<string, Example> = {
  ...examplesOf('Fleet', (approval) => approval),
  ...examplesOf('Installation', ofInstallation),
};
