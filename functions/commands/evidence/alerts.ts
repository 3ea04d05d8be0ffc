import type { AlertNotification, AlertReceipt } from '../../../schemas/alerts.ts';
import type { AlertVoter } from '../../../schemas/failover.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Resource } from '../../core/model/resource.ts';
import { createPusher } from '../../engine/failover/evaluate.ts';
import { takeAlerts } from '../../engine/probe/alerts.ts';
import { type AppError, faultAt } from '../app-error.ts';
import type { Context } from '../context.ts';
import { load, missing } from '../load.ts';
import { theFleet } from '../refusals.ts';
import { countRefusedEvidence } from './observations.ts';

/**
 * Takes the alerts of a monitoring system and acts on them. Throws `not-found`, also when the voter takes no alerts, and
 * `truncated-alerts`, which is audited. There is one receipt for each alert.
 */
export async function receiveAlerts(
  ctx: Context,
  names: { fleet: string; voter: string },
  { alerts, truncatedAlerts }: AlertNotification,
): Promise<AlertReceipt> {
  const fleet = await load(ctx, theFleet(names.fleet));
  const voter = fleet.spec.voters.find(({ name }) => name === names.voter);
  if (voter?.type !== 'alert') {
    throw missing('alert voter', names.voter, names.fleet);
  }
  if (truncatedAlerts > 0) throw truncated(ctx, fleet, voter, truncatedAlerts);
  const pusher = createPusher(ctx.deps, fleet.name);
  const receipt = await takeAlerts(ctx.deps, fleet, voter, alerts, pusher);
  ctx.waitUntil(pusher.idle());
  tell(ctx, fleet, voter, receipt);
  return receipt;
}

function truncated(ctx: Context, fleet: Resource<'fleet'>, { name: voter }: AlertVoter, count: number): AppError {
  const [code, pointer] = ['truncated-alerts', '#/truncatedAlerts'] as const;
  const message = say('AlertsLeftOut', { count });
  countRefusedEvidence(ctx, fleet, { kind: 'alerts', voter, code, detail: message.text });
  return faultAt(code, pointer, message);
}

/** Logs the results. Alerts that concern no cluster are not audited, because they are repeated all the time. */
function tell(
  { deps }: Context,
  { name: fleet }: Resource<'fleet'>,
  { name: voter }: AlertVoter,
  { receipts }: AlertReceipt,
) {
  const results = Map.groupBy(receipts, ({ result }) => result);
  const counts = Object.fromEntries([...results].map(([result, some]) => [result, some.length]));
  deps.log.info('alerts.taken', { fleet, voter, ...counts });
}
