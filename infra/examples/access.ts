/** The first chapter: the control plane comes up, and an administrator lets people and pipelines in. */

import type { Installation } from './installation.ts';
import { DRY, ONE, type Recorder, type Tokens } from './recorder.ts';

/** Makes the tokens of Ada and Bob, and shows the operations on tokens and grants on the way. */
export async function letIn(recorder: Recorder, installation: Installation): Promise<Tokens> {
  await recorder.show('getLiveness', { token: null });
  await recorder.show('getReadiness', { token: null });
  const expiresAt = '2027-11-23T07:00:00.000Z';
  const ci = { description: 'pipeline of the shop', expiresAt };
  const { token } = await recorder.show('putToken', { names: { token: 'ci' }, body: ci });
  const ada = await tokenOf(recorder, 'ada');
  const bob = await tokenOf(recorder, 'bob');
  await grant(recorder, 'ada-operates', 'ada', 'editor');
  await grant(recorder, 'bob-approves', 'bob', 'approver');
  await grantsOfPipeline(recorder);
  installation.pass(60);
  await recorder.show('getMe', { token });
  await recorder.show('putToken', { names: { token: 'ci' }, body: { ...ci, description: 'pipelines of the shop' } });
  await recorder.show('getToken', { names: { token: 'ci' } });
  await recorder.show('listTokens', { query: ONE });
  const rotation = { names: { token: 'ci' }, body: { overlapSeconds: 86_400 } };
  await recorder.show('rotateToken', { ...rotation, query: DRY });
  await recorder.show('rotateToken', rotation);
  await tokenOf(recorder, 'old-laptop');
  await recorder.show('deleteToken', { names: { token: 'old-laptop' } });
  await refusals(recorder, token);
  return { ada, bob, ci: token };
}

async function tokenOf(recorder: Recorder, name: string): Promise<string> {
  return (await recorder.call('putToken', { names: { token: name }, body: {} })).token;
}

async function grant(recorder: Recorder, name: string, token: string, role: string): Promise<void> {
  await recorder.call('putGrant', {
    names: { grant: name },
    body: { subject: { type: 'token', token }, role, fleets: ['*'] },
  });
}

async function grantsOfPipeline(recorder: Recorder): Promise<void> {
  const names = { grant: 'ci-edits-prod' };
  const body = { subject: { type: 'token', token: 'ci' }, role: 'editor', fleets: ['prod'] };
  await recorder.show('putGrant', { names, body });
  await recorder.show('putGrant', { names, body: { ...body, fleets: ['prod', 'staging'] } });
  await recorder.show('getGrant', { names });
  await recorder.show('listGrants', { query: ONE });
  await grant(recorder, 'bob-edits', 'bob', 'editor');
  const given = { names: { grant: 'bob-edits' } };
  await recorder.show('deleteGrant', { ...given, query: DRY });
  await recorder.call('deleteGrant', given);
}

async function refusals(recorder: Recorder, ciToken: string): Promise<void> {
  await recorder.refuse('unauthorized', 'listFleets', { token: null });
  await recorder.refuse('invalid-token', 'listFleets', { token: 'fl_ci_that-was-never-issued' });
  await recorder.refuse('forbidden', 'listTokens', { token: ciToken });
  const headers = { 'CF-Connecting-IP': '203.0.113.7' };
  for (let count = 0; count < 20; count++)
    await recorder.refuse('invalid-token', 'listFleets', { token: `guess-${count}`, headers });
  await recorder.refuse('too-many-requests', 'listFleets', { token: 'guess-20', headers });
}
