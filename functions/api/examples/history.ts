/** Examples of revisions and audit events for the OpenAPI document, by operation id. */

import type * as z from 'zod';
import type { AuditEvent } from '../../../schemas/audit.ts';
import type { AuditSealCheck } from '../../../schemas/audit-seal.ts';
import { Kind } from '../../../schemas/common.ts';
import type { Revision, RollbackInput } from '../../../schemas/revision.ts';
import { changesBetween } from '../../core/model/diff.ts';
import { type Example, readExamples } from '../http/example.ts';

/** Returns the examples of a resource. `spec` is its first declaration, and `view` is the resource as the API shows it. */
export function revisionExamples(
  title: string,
  spec: object,
  view: { name: string; uid: string; createdAt: string },
): Record<string, Example> {
  const revision: Revision = {
    kind: Kind.parse(title.toLowerCase()),
    fleet: 'shop',
    name: view.name,
    uid: view.uid,
    revision: 1,
    writtenAt: view.createdAt,
    deleted: false,
    spec: { ...spec },
    ...changesBetween({}, spec),
  };
  return {
    ...readExamples([`${title}Revision`, `${title}Revisions`], revision),
    [`rollback${title}`]: { body: { revision: 1 } satisfies z.input<typeof RollbackInput>, response: view },
  };
}

const auditEvent: AuditEvent = {
  id: 'aud_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  at: '2026-11-23T07:05:00.000Z',
  actor: 'api',
  action: 'route.update',
  target: { kind: 'route', fleet: 'shop', name: 'checkout' },
  requestId: 'req_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  reason: 'shanghai-b has twice the nodes since today',
  before: 3,
  after: 4,
  changes: [
    { pointer: '/distribution/clusters/0/weight', before: 70, after: 50 },
    { pointer: '/distribution/clusters/1/weight', before: 30, after: 50 },
  ],
  changeCount: 2,
};

const sealCheck: AuditSealCheck = {
  isIntact: true,
  sealedThrough: '2026-11-23T07:07:00.000Z',
  events: 3,
  seals: [
    {
      version: 1,
      at: '2026-11-23T07:10:00.000Z',
      through: '2026-11-23T07:07:00.000Z',
      events: 3,
      late: [],
      previousHash: '',
      hash: '5f8e1a0f0c4b6d2f8a7e9c3d1b5a6f70e1d2c3b4a5968778695a4b3c2d1e0f9a',
    },
  ],
};

export const auditExamples: Record<string, Example> = {
  ...readExamples(['AuditEvent', 'AuditEvents'], auditEvent),
  checkFleetAuditSeals: { response: { fleet: 'shop', ...sealCheck } },
  checkInstallationAuditSeals: { response: sealCheck },
};
