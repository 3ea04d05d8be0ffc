/** Records of audit events and of the seals on them. */

import * as z from 'zod';
import { AuditEvent } from '../../../schemas/audit.ts';
import { AuditSeal } from '../../../schemas/audit-seal.ts';
import type { SealHead } from '../../core/audit/seal.ts';
import type { Item } from '../items.ts';
import { recordOf, recordType } from '../record-type.ts';

/** Migrates an audit event of the first version, which had no changes. */
const AuditWithoutChanges = z.looseObject({}).transform((event) => ({ changes: [], changeCount: 0, ...event }));

export const auditRecord = recordType<AuditEvent>('audit event', AuditEvent, [AuditWithoutChanges]);

/** Returns the audit event of an item. The number of refused requests is an attribute, because several processes add to it. */
export function auditOf(item: Item): AuditEvent {
  const event = recordOf(item, auditRecord);
  const { refusal } = event;
  return refusal === undefined ? event : { ...event, refusal: { ...refusal, count: Number(item['count']) } };
}

export const sealRecord = recordType<AuditSeal>('seal', AuditSeal);

/** The head of a chain of seals. It is attributes, because conditions use them. */
export const sealHeadRecord = recordType<SealHead>(
  'head of seals',
  z.object({ closed: z.string(), through: z.string(), version: z.int().min(0), hash: z.string() }),
);
