import * as z from 'zod';

/** A DNS label (RFC 1123), chosen by the client and immutable. */
export const Name = z
  .string()
  .max(63, 'must be at most 63 characters')
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS label: lower-case letters, digits and inner hyphens')
  .meta({ description: 'DNS label, 1 to 63 characters.', examples: ['checkout'] });

/** Where clusters and agents are. */
export const Site = z.string().max(64);
export const City = z.string().max(64);

export const Reason = z
  .string()
  .min(1)
  .max(256)
  .regex(/^\P{Cc}+$/u, 'must be text without control characters')
  .meta({ description: 'Why, for everybody who asks.', examples: ['kernel upgrade in hangzhou-a'] });

export const DisplayName = z.string().max(128).meta({ description: 'A name for people.' });

const LABEL_KEY = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const Labels = z
  .record(z.string().regex(LABEL_KEY, 'must be a Kubernetes label key'), z.string().max(63))
  .refine((labels) => Object.keys(labels).length <= 64, 'must have at most 64 labels')
  .meta({ description: 'Free key/value pairs for selection and search, as in Kubernetes.' });

export const Timestamp = z.iso
  .datetime()
  .meta({ description: 'RFC 3339, UTC.', examples: ['2026-11-23T07:00:00.000Z'] });

/** The kinds of resources that people declare. */
export const Kind = z.enum(['fleet', 'cluster', 'gateway', 'service', 'distribution', 'route']);

/** Of a resource; opaque. */
export const Uid = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,64}$/, 'must be the uid of a resource')
  .meta({ examples: ['rte_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'] });

/** RFC 9110, token. */
export const HeaderName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'must be an HTTP header name');

export const Port = z.int().min(1).max(65535);

export const Percent = z.int().min(0).max(100);

export const ConditionStatus = z.enum(['True', 'False', 'Unknown']);

export const Condition = z
  .object({
    type: z.string().meta({ description: 'Accepted, ResolvedRefs, Programmed, Following or a kind-specific type.' }),
    status: ConditionStatus,
    reason: z.string().meta({ description: 'CamelCase, for machines.' }),
    message: z.string().meta({ description: 'For people; made of the reason and its arguments.' }),
    arguments: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional()
      .meta({ description: 'What the reason speaks of, for machines.' }),
    observedAt: Timestamp.optional().meta({
      description: 'When that which it says of gateways was read there; absent where nothing was.',
    }),
    observedRevision: z.int().min(0).meta({ description: 'The revision of the resource that this speaks of.' }),
    lastTransitionTime: Timestamp,
  })
  .meta({ id: 'Condition', description: 'One aspect of the state of a resource (Kubernetes condition).' });
export type Condition = z.infer<typeof Condition>;

export const FieldChange = z
  .object({
    pointer: z.string().meta({
      description: 'JSON Pointer (RFC 6901) to the field.',
      examples: ['/distribution/clusters/0/weight'],
    }),
    before: z.unknown().optional().meta({ description: 'Absent when the field is new.' }),
    after: z.unknown().optional().meta({ description: 'Absent when the field is gone.' }),
  })
  .meta({ id: 'FieldChange', description: 'One field of a declaration that changed.' });
export type FieldChange = z.infer<typeof FieldChange>;

/** In what two states of a declaration differ. */
export const changes = {
  changes: z.array(FieldChange).meta({
    description:
      'The fields that changed, by pointer: the first 100, as far as they fit in 32 KiB. What was created has no field before, what ' +
      'was deleted none after.',
  }),
  changeCount: z.int().min(0).meta({ description: 'How many fields changed in all.' }),
};
export type Changes = z.infer<z.ZodObject<typeof changes>>;

/** What the server adds to every named resource. */
export const metadata = {
  name: Name,
  uid: z.string().meta({ description: 'Opaque; changes when the resource is deleted and created again.' }),
  revision: z.int().min(1).meta({ description: 'Grows by one at each change; the first part of the ETag.' }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  conditions: z.array(Condition),
};

/** Metadata of everything that lives in a fleet. */
export const fleetMetadata = { fleet: Name, ...metadata };

/** The answer of a list operation. */
export function pageOf<T extends z.ZodType>(id: string, item: T) {
  return z
    .object({
      items: z.array(item),
      nextPageToken: z.string().optional().meta({ description: 'Present when there is more; pass it as pageToken.' }),
    })
    .meta({ id });
}

export const PageQuery = z.strictObject({
  pageSize: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
    .optional()
    .meta({
      description: 'Items per page, default 50; more than 200 is read as 200. Where items are large there are fewer.',
      examples: ['50'],
    }),
  pageToken: z.string().max(4096).optional().meta({ description: 'nextPageToken of the previous page.' }),
});

/** What every write takes besides. */
export const WriteQuery = z.strictObject({
  reason: z
    .string()
    .regex(/^\P{Cc}+$/u, 'must be text without control characters')
    .max(256, 'must be at most 256 characters')
    .optional()
    .meta({ description: 'Why, for the audit event.', examples: ['moving checkout to the new cluster'] }),
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'true: checks and plans, and writes nothing.', examples: ['true'] }),
});

/** What writes take that can be planned before. */
export const DigestQuery = z.strictObject({
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the digest of a plan')
    .optional()
    .meta({ description: 'Of the plan that was approved: refused when that is not the plan any more.' }),
});
