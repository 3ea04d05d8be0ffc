import type { AlertNotification, AlertReceipt } from '../../../schemas/alerts.ts';
import type { AlertVoter } from '../../../schemas/failover.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import type { Resource } from '../../core/model/resource.ts';
import { isTokenOf } from '../../core/model/token.ts';
import { createPusher } from '../../engine/failover/evaluate.ts';
import { takeAlerts } from '../../engine/probe/alerts.ts';
import { faultAt } from '../app-error.ts';
import type { Context } from '../context.ts';
import { auditRefusedEvidence } from './observations.ts';

/** The sender of alerts: the fleet and voter that it reports for, and its token. */
export interface Sender {
  fleet: string;
  voter: string;
  token: string;
}

/**
 * Takes the alerts of a monitoring system and acts on them. Throws `invalid-token`, also when there is no such fleet or
 * voter, so that nobody can find out which exist, and `truncated-alerts`. Both are audited when the fleet exists. There
 * is one receipt for each alert.
 */
export async function receiveAlerts(
  ctx: Context,
  sender: Sender,
  { alerts, truncatedAlerts }: AlertNotification,
): Promise<AlertReceipt> {
  const fleet = await ctx.deps.store.get('fleet', sender.fleet, sender.fleet);
  const voter = fleet?.spec.voters.find(({ name }) => name === sender.voter);
  const refusalOf = async (code: ProblemCode, pointer: string, message: Message) => {
    const refusal = { kind: 'alerts', voter: sender.voter, reason: `${code}: ${message.text}` } as const;
    if (fleet) await auditRefusedEvidence(ctx, fleet, refusal);
    return faultAt(code, pointer, message);
  };
  if (!fleet || !isSentBy(voter, sender)) {
    throw await refusalOf('invalid-token', 'header/Authorization', say('WrongToken', { voter: sender.voter }));
  }
  if (truncatedAlerts > 0) {
    throw await refusalOf('truncated-alerts', '#/truncatedAlerts', say('AlertsLeftOut', { count: truncatedAlerts }));
  }
  const pusher = createPusher(ctx.deps, fleet.name);
  const receipt = await takeAlerts(ctx.deps, fleet, voter, alerts, pusher);
  ctx.waitUntil(pusher.idle());
  tell(ctx, fleet, voter, receipt);
  return receipt;
}

function isSentBy(
  voter: Resource<'fleet'>['spec']['voters'][number] | undefined,
  { token }: Sender,
): voter is AlertVoter {
  return voter?.type === 'alert' && isTokenOf(token, voter.tokenHash);
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
