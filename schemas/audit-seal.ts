import * as z from 'zod';
import { Name, Timestamp } from './common.ts';

/** An event as a seal names it. */
export const AuditMark = z
  .object({
    id: z.string().meta({ description: 'The id of the event.' }),
    digest: z.string().meta({
      description: 'The SHA-256, in hex, of the canonical JSON (RFC 8785) of the event as this API shows it.',
    }),
  })
  .meta({ id: 'AuditMark' });
export type AuditMark = z.infer<typeof AuditMark>;

/** A seal on the events of a span of time. It is stored as it is. */
export const AuditSeal = z.object({
  version: z.int().min(1),
  at: Timestamp,
  /** The last id before the span; empty for the first seal. */
  after: z.string(),
  /** The last id of the span. */
  through: z.string(),
  events: z.array(AuditMark),
  /** Events of earlier spans that arrived after those had been sealed. */
  late: z.array(AuditMark),
  previousHash: z.string(),
  hash: z.string(),
});
export type AuditSeal = z.infer<typeof AuditSeal>;

const ShownSeal = z
  .object({
    version: z.int().min(1).meta({ description: 'The number of the seal in its chain.' }),
    at: Timestamp.meta({ description: 'The time at which the events were sealed.' }),
    through: Timestamp.meta({ description: 'The end of the time whose events the seal covers.' }),
    events: z.int().min(0).meta({ description: 'The number of events that were sealed.' }),
    late: z.array(z.string()).meta({
      description: 'The ids of events that arrived after the time that they state had been sealed.',
    }),
    previousHash: z.string(),
    hash: z.string().meta({
      description:
        'The SHA-256 of everything else in the seal. Keep one elsewhere, and the log cannot be written anew.',
    }),
  })
  .meta({ id: 'AuditSeal' });

export const BrokenSeal = z
  .object({
    seal: z.int().min(1),
    event: z
      .string()
      .optional()
      .meta({ description: 'The event that is concerned; absent when it is the seal itself.' }),
    reason: z.enum(['altered', 'deleted', 'inserted', 'unlinked', 'misnumbered', 'missing']).meta({
      description:
        'Of an event: altered, deleted, or inserted after its time had been sealed. Of a seal: altered; unlinked, when it does not ' +
        'carry the hash of the one before it; misnumbered; missing, when newer ones have been made and are not there.',
    }),
  })
  .meta({ id: 'BrokenSeal' });
export type BrokenSeal = z.infer<typeof BrokenSeal>;

export const AuditSealCheck = z
  .object({
    fleet: Name.optional().meta({ description: 'The fleet; absent for the log of the installation.' }),
    isIntact: z.boolean(),
    sealedThrough: Timestamp.optional().meta({
      description: 'The time up to which events are sealed on this page. Events of the last minutes are sealed later.',
    }),
    events: z
      .int()
      .min(0)
      .meta({ description: 'The number of events on this page that were compared with their seals.' }),
    seals: z.array(ShownSeal).meta({ description: 'The seals that were checked, newest first.' }),
    broken: BrokenSeal.optional().meta({ description: 'The oldest fault of this page.' }),
    nextPageToken: z.string().optional().meta({
      description: 'The token of the page with older seals; absent when there are none.',
    }),
  })
  .meta({ id: 'AuditSealCheck', description: 'The result of comparing an audit log with its seals.' });
export type AuditSealCheck = z.infer<typeof AuditSealCheck>;
