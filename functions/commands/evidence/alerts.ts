import type { AlertNotification, AlertReceipt } from '../../../schemas/alerts.ts';
import type { AlertVoter } from '../../../schemas/failover.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import type { Resource } from '../../core/model/resource.ts';
import { isTokenOf } from '../../core/model/token.ts';
import { createPusher } from '../../engine/failover/evaluate.ts';
import { takeAlerts } from '../../engine/probe/alerts.ts';
import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';
import { auditRefusedEvidence } from './observations.ts';

/** Who posts alerts, as what, and with which token. */
export interface Sender {
  fleet: string;
  voter: string;
  token: string;
}

/**
 * Takes what a monitoring system tells, and acts upon it. Throws `invalid-token` also when there is no such fleet or voter, so that nobody
 * learns what there is, and `truncated-alerts`; both are audited where there is a fleet. The receipts tell of each alert.
 */
export async function receiveAlerts(
  ctx: Context,
  sender: Sender,
  { alerts, truncatedAlerts }: AlertNotification,
): Promise<AlertReceipt> {
  const fleet = await ctx.deps.store.get('fleet', sender.fleet, sender.fleet);
  const voter = fleet?.spec.voters.find(({ name }) => name === sender.voter);
  const refuse = async (code: ProblemCode, pointer: string, detail: string) => {
    const refusal = { kind: 'alerts', voter: sender.voter, reason: `${code}: ${detail}` } as const;
    if (fleet) await auditRefusedEvidence(ctx, fleet, refusal);
    return new AppError(code, `${pointer}: ${detail}.`, [{ pointer, code, detail }]);
  };
  if (!fleet || !isSentBy(voter, sender)) {
    throw await refuse('invalid-token', 'header/Authorization', `it is not the token of ${sender.voter}`);
  }
  if (truncatedAlerts > 0) {
    const detail = `${truncatedAlerts} alerts were left out: set max_alerts of the webhook to 0`;
    throw await refuse('truncated-alerts', '#/truncatedAlerts', detail);
  }
  const pusher = createPusher(ctx.deps, fleet.name);
  const receipt = await takeAlerts(ctx.deps, fleet, voter, alerts, pusher);
  ctx.waitUntil(pusher.settled());
  tell(ctx, fleet, voter, receipt);
  return receipt;
}

function isSentBy(
  voter: Resource<'fleet'>['spec']['voters'][number] | undefined,
  { token }: Sender,
): voter is AlertVoter {
  return voter?.type === 'alert' && isTokenOf(token, voter.tokenHash);
}

/** What is of no concern here comes again and again, so that it is not audited. */
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
