/** The parameters of paths. */

import * as z from 'zod';
import { Name } from '../../../schemas/common.ts';

export const InFleet = z.strictObject({ fleet: Name });
/** Returns the parameter for an id that the control plane has made: a prefix and a ULID. `what` names the thing. */
export function idOf(prefix: string, what: string) {
  const article = /^[aeiou]/.test(what) ? 'an' : 'a';
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9A-Z]{26}$`), `must be the id of ${article} ${what}`)
    .meta({ examples: [`${prefix}_01KAR2Z3V4W5X6Y7Z8A9B0C1D2`] });
}

export const InCluster = z.strictObject({ fleet: Name, cluster: Name });
export const InVoter = z.strictObject({ fleet: Name, voter: Name });
export const InGateway = z.strictObject({ fleet: Name, gateway: Name });
export const InDistribution = z.strictObject({ fleet: Name, distribution: Name });
export const InRoute = z.strictObject({ fleet: Name, route: Name });
export const AuditEventId = z
  .string()
  .regex(/^aud_[0-9A-HJKMNP-TV-Z]{26}$/, 'must be the id of an audit event')
  .meta({ examples: ['aud_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'] });
export const InDecision = z.strictObject({
  fleet: Name,
  decision: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of a decision')
    .meta({ examples: ['dec_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'] }),
});
