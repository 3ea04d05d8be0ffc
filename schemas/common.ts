import * as z from 'zod';

/** A DNS label (RFC 1123), chosen by the client and immutable. */
export const Name = z
  .string()
  .max(63, 'must be at most 63 characters')
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be a DNS label: lower-case letters, digits and inner hyphens')
  .meta({ description: 'A DNS label of 1 to 63 characters.', examples: ['checkout'] });

/** The data centre that a cluster or an agent is in. */
export const Site = z.string().max(64);
/** The city that a data centre is in. */
export const City = z.string().max(64);

export const Reason = z
  .string()
  .min(1)
  .max(256)
  .regex(/^\P{Cc}+$/u, 'must be text without control characters')
  .meta({ description: 'The reason, which everybody who asks is shown.', examples: ['kernel upgrade in hangzhou-a'] });

export const DisplayName = z.string().max(128).meta({ description: 'A name to show to people.' });

const LABEL_KEY = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

export const Labels = z
  .record(z.string().regex(LABEL_KEY, 'must be a Kubernetes label key'), z.string().max(63))
  .refine((labels) => Object.keys(labels).length <= 64, 'must have at most 64 labels')
  .meta({ description: 'Free key/value pairs for selection and search, as in Kubernetes.' });

export const Timestamp = z.iso
  .datetime()
  .meta({ description: 'A time in UTC, in the format of RFC 3339.', examples: ['2026-11-23T07:00:00.000Z'] });

/** The kinds of resources that people declare. */
export const Kind = z.enum(['fleet', 'cluster', 'gateway', 'service', 'distribution', 'route']);

/** The opaque uid of a resource. It changes when the resource is deleted and created again. */
export const Uid = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,64}$/, 'must be the uid of a resource')
  .meta({ examples: ['rte_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'] });

/** The name of an HTTP header: a token of RFC 9110. */
export const HeaderName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'must be an HTTP header name');

export const Port = z.int().min(1).max(65535);

export const Percent = z.int().min(0).max(100);

export const ConditionStatus = z.enum(['True', 'False', 'Unknown']);

export const Condition = z
  .object({
    type: z.string().meta({
      description:
        'The type: Accepted, ResolvedRefs, Programmed, Following or one that is specific to the kind of resource.',
    }),
    status: ConditionStatus,
    reason: z.string().meta({ description: 'A code in CamelCase, for machines.' }),
    message: z.string().meta({ description: 'A sentence for people, made of the reason and its arguments.' }),
    arguments: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional()
      .meta({ description: 'The values that the message is made of, for machines.' }),
    observedAt: Timestamp.optional().meta({
      description:
        'The time at which the gateways that the condition describes were read; absent when nothing was read.',
    }),
    observedRevision: z
      .int()
      .min(0)
      .meta({ description: 'The revision of the resource that the condition describes.' }),
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
    before: z.unknown().optional().meta({ description: 'The value before the change; absent when the field is new.' }),
    after: z.unknown().optional().meta({ description: 'The value after the change; absent when the field is gone.' }),
  })
  .meta({ id: 'FieldChange', description: 'One field of a declaration that changed.' });
export type FieldChange = z.infer<typeof FieldChange>;

/** The fields in which two states of a declaration differ. */
export const changes = {
  changes: z.array(FieldChange).meta({
    description:
      'The fields that changed, by pointer: the first 100, as far as they fit in 32 KiB. For a resource that was created, the fields ' +
      'have no `before`; for one that was deleted, they have no `after`.',
  }),
  changeCount: z.int().min(0).meta({ description: 'The total number of fields that changed.' }),
};
export type Changes = z.infer<z.ZodObject<typeof changes>>;

/** The fields that the server adds to every named resource. */
export const metadata = {
  name: Name,
  uid: z.string().meta({ description: 'An opaque id, which changes when the resource is deleted and created again.' }),
  revision: z
    .int()
    .min(1)
    .meta({ description: 'A number that grows by one with each change. It is the first part of the ETag.' }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  conditions: z.array(Condition),
};

/** The metadata of every resource that belongs to a fleet. */
export const fleetMetadata = { fleet: Name, ...metadata };

/** Returns the schema of a page of `item`s, as list operations answer it; `id` names the schema in the OpenAPI document. */
export function pageOf<T extends z.ZodType>(id: string, item: T) {
  return z
    .object({
      items: z.array(item),
      nextPageToken: z
        .string()
        .optional()
        .meta({ description: 'The token of the next page, to be passed as `pageToken`. Absent on the last page.' }),
    })
    .meta({ id });
}

export const PageQuery = z.strictObject({
  pageSize: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
    .optional()
    .meta({
      description:
        'The number of items per page. The default is 50; a number above 200 is read as 200. A page has fewer items when they are ' +
        'large.',
      examples: ['50'],
    }),
  pageToken: z.string().max(4096).optional().meta({ description: 'The `nextPageToken` of the previous page.' }),
});

/** The query parameters that every write takes. */
export const WriteQuery = z.strictObject({
  reason: z
    .string()
    .regex(/^\P{Cc}+$/u, 'must be text without control characters')
    .max(256, 'must be at most 256 characters')
    .optional()
    .meta({
      description: 'The reason of the write, which is kept in the audit event.',
      examples: ['moving checkout to the new cluster'],
    }),
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description: 'When `true`, the request is checked and planned, and nothing is written.',
      examples: ['true'],
    }),
});

/** The query parameter of writes that can be planned beforehand. */
export const DigestQuery = z.strictObject({
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the digest of a plan')
    .optional()
    .meta({
      description:
        'The digest of the plan that was approved. The write is refused when its plan is not that one any more.',
    }),
});

export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body of a PATCH. It is no `z.record`, which would drop a member `__proto__` that is a fault of the result. */
export const MergePatch = z.custom<Readonly<Record<string, unknown>>>(isJsonObject, 'must be an object').meta({
  id: 'MergePatch',
  description:
    'A JSON Merge Patch (RFC 7396) of a declaration. Members that are absent stay as they are; null removes a member, so that its ' +
    'default applies; objects are merged, and an array replaces the whole array.',
  override: { type: 'object', additionalProperties: true },
});
export type MergePatch = z.infer<typeof MergePatch>;
