/** Records that coordinate invocations, which know nothing of each other. */

import * as z from 'zod';
import type { Bucket } from '../../core/gateway/budget.ts';
import type { EarlierRequest } from '../../deps.ts';
import { recordType } from '../record-type.ts';

const Count = z.int().min(0);

/** A lease. All of it is attributes, because conditions use every field. A lease without a holder is free. */
export const leaseRecord = recordType(
  'lease',
  z.object({ epoch: Count, holder: z.string().optional(), expiresAt: z.number() }),
);

const StoredBucket: z.ZodType<Bucket> = z.object({
  taken: z.array(z.object({ fromMs: z.number(), calls: Count })),
  share: z.number(),
  throttledAtMs: z.number(),
  closedUntilMs: z.number(),
});

export const bucketRecord = recordType('budget', StoredBucket);

/** The time at which a scheduled job last ended. It is an attribute, because writes are conditional on it. */
export const heartbeatRecord = recordType('heartbeat', z.object({ atMs: z.number() }));

const StoredRequest: z.ZodType<EarlierRequest> = z.object({
  fingerprint: z.string(),
  answer: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.unknown().optional(),
      isCut: z.boolean().optional(),
    })
    .optional(),
});

/** A request with an idempotency key. What conditions use is in attributes as well. */
export const keyedRequestRecord = recordType('keyed request', StoredRequest);
