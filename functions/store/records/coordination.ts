/** How invocations that know nothing of each other get along. */

import * as z from 'zod';
import type { Bucket } from '../../core/gateway/budget.ts';
import { recordType } from '../record-type.ts';

const Count = z.int().min(0);

/** A lease is attributes only: conditions look at all of it. One without a holder is free. */
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

/** When a scheduled job last came to an end; attributes only, since it is conditional on them. */
export const heartbeatRecord = recordType('heartbeat', z.object({ atMs: z.number() }));
