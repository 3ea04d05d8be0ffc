/** The sixth chapter: two people, where one is not enough. */

import * as declared from './declarations.ts';
import { because, DRY, REPLACE, type Teller } from './recorder.ts';

export async function approve(teller: Teller): Promise<void> {
  const {
    recorder,
    tokens: { ada: token },
  } = teller;
  const body = { ...declared.fleet, approvals: declared.approvals };
  await recorder.call('putFleet', { token, body, headers: REPLACE });
  await breakGlass(teller);
  await grant(teller);
}

/** Ada sets a rule aside with the approval of Bob. */
async function breakGlass({ recorder, installation, tokens: { ada: token, bob } }: Teller): Promise<void> {
  const names = { breakGlass: 'one-city' };
  const expiresAt = new Date(Date.parse(installation.now()) + 2 * 3_600_000).toISOString();
  const body = { rules: ['min-serving'], reason: 'Shanghai is rebuilt, and one city has to do', expiresAt };
  const { approval } = await recorder.refuse('approval-required', 'putBreakGlass', { token, names, body });
  await recorder.show('listFleetApprovals', { token: bob });
  await recorder.show('getFleetApproval', { token: bob, names: { approval: approval.id } });
  await recorder.show('approveFleetRequest', {
    token: bob,
    names: { approval: approval.id },
    body: { digest: approval.digest },
  });
  installation.pass(60);
  await recorder.show('putBreakGlass', { token, names, body });
  await recorder.show('getBreakGlass', { token, names });
  await recorder.show('listBreakGlasses', { token });
  await recorder.show('putBreakGlass', { token, names, body: { ...body, reason: 'Shanghai is rebuilt' }, query: DRY });
  await recorder.show('deleteBreakGlass', { token, names, query: DRY });
  await recorder.call('deleteBreakGlass', { token, names });
  const again = { token, names: { breakGlass: 'no-city' }, body: { ...body, rules: ['never-empty'] } };
  const second = await recorder.refuse('approval-required', 'putBreakGlass', again);
  await recorder.show('rejectFleetRequest', {
    token: bob,
    names: { approval: second.approval.id },
    body: because('not during the sale'),
  });
  await recorder.refuse('approval-rejected', 'putBreakGlass', again);
}

/** Whoever gets a role in a fleet that protects grants takes two administrators. */
async function grant({ recorder, tokens: { bob } }: Teller): Promise<void> {
  const asked = async (name: string) => {
    const body = { subject: { type: 'token', token: 'ci' }, role: 'operator', fleets: ['prod'] };
    const { approval } = await recorder.refuse('approval-required', 'putGrant', { names: { grant: name }, body });
    return approval;
  };
  const first = await asked('ci-operates-prod');
  const names = { approval: first.id };
  await recorder.refuse('own-request', 'approveInstallationRequest', { names, body: { digest: first.digest } });
  await recorder.show('listInstallationApprovals', { token: bob });
  await recorder.show('getInstallationApproval', { token: bob, names });
  await recorder.show('approveInstallationRequest', { token: bob, names, body: { digest: first.digest } });
  const second = await asked('ci-operates-too');
  await recorder.show('rejectInstallationRequest', {
    token: bob,
    names: { approval: second.id },
    body: because('the pipeline edits already'),
  });
}
