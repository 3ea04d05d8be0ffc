/** Records that coordinate invocations, which know nothing of each other. */

import * as z from 'zod';
import type { Bucket } from '../../core/gateway/budget.ts';
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
