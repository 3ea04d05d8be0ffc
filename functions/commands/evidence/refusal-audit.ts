import { auditEvent } from '../../core/model/audit.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type Context, timestamp } from '../context.ts';
import { theFleet } from '../refusals.ts';

/** Tells the log of the fleet, and that of the control plane, what was not taken of a voter. A refusal changes nothing. */
export async function auditRefusedEvidence(
  { deps, actor, requestId }: Context,
  { name: fleet, revision }: Resource<'fleet'>,
  { kind, voter, reason }: { kind: 'observations' | 'alerts'; voter: string; reason: string },
): Promise<void> {
  const author = { actor, requestId, reason: `voter ${voter}: ${reason}` };
  const stamp = { at: timestamp(deps.clock.now()), ulid: deps.ids.ulid() };
  const told = { action: `${kind}.refuse`, target: theFleet(fleet), before: revision, after: revision };
  await deps.store.appendAudit(fleet, auditEvent(author, stamp, told));
  deps.log.info(`${kind}.refused`, { fleet, voter, reason });
}
