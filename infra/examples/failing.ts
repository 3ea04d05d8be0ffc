/** The third chapter: Hangzhou fails and returns, and people look at what was decided and why. */

import { because, DRY, REPLACE, type Teller, TWO } from './chapters.ts';
import * as declared from './declarations.ts';
import type { Json } from './recorder.ts';

/** The time in which a cluster is found to fail, and that in which it returns after it answers again. */
export const FAILS_SECONDS = 15;
export const RETURNS_SECONDS = 240;

/** Hangzhou fails, Shanghai takes over, and everything about the decision is looked at. */
export async function failOver(teller: Teller): Promise<void> {
  const { recorder, installation, tokens: { ada: token } } = teller;
  await recorder.show('getReadiness', { token: null });
  await recorder.show('getLossReadiness', { token });
  installation.failing.add('hangzhou-a');
  await installation.run(FAILS_SECONDS);
  await recorder.show('getFleetStatus', { token });
  await recorder.show('explainRoute', { token, names: { route: 'shop' } });
  await recorder.show('listObservations', { token, names: { cluster: 'hangzhou-a' }, query: TWO });
  await recorder.show('createProbeRound', { token, body: { fleet: 'prod' } });
  installation.failing.delete('hangzhou-a');
  await installation.run(RETURNS_SECONDS);
  await decisions(teller);
  await notifications(teller);
}

async function decisions({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  const { items } = await recorder.call('listDecisions', { token });
  await recorder.show('listDecisions', { token, query: TWO });
  const names = { decision: items.findLast(({ changes }: Json) => changes.length > 0).id };
  await recorder.show('getDecision', { token, names });
  await recorder.show('replayDecision', { token, names });
  await recorder.show('checkLedger', { token, query: TWO });
  const scenario = { type: 'fail', city: 'shanghai', forSeconds: 60 };
  await recorder.show('createSimulation', { token, body: { scenario, durationSeconds: 300 } });
}

async function notifications({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  const body = { target: 'oncall' };
  await recorder.show('testNotification', { token, body, query: DRY });
  const { id } = await recorder.show('testNotification', { token, body });
  await recorder.show('listDeliveries', { token, query: TWO });
  await recorder.show('getDelivery', { token, names: { delivery: id } });
}

/** Automation is paused while Shanghai fails: it only recommends, and Ada puts the recommendation in force. */
export async function recommend({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  await recorder.show('pauseFleet', { token, body: because('the provider works on the network') });
  installation.failing.add('shanghai-a');
  await installation.run(FAILS_SECONDS);
  const [{ id }] = (await recorder.call('listDecisions', { token })).items;
  await recorder.show('scoreRecommendations', { token });
  await recorder.show('applyDecision', { token, names: { decision: id } });
  installation.failing.delete('shanghai-a');
  await recorder.show('resumeFleet', { token });
  await installation.run(RETURNS_SECONDS);
}

/** A rule allows no more removals, so that people decide about a cluster that fails, and about one that waits. */
export async function order({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const safety = { maxRemoved: { clusters: 1, windowSeconds: 3600 } };
  await recorder.call('putFleet', { token, body: { ...declared.fleet, safety }, headers: REPLACE });
  const shanghai = { token, names: { cluster: 'shanghai-a' } };
  installation.failing.add('shanghai-a');
  await installation.run(FAILS_SECONDS);
  await recorder.show('resumeCluster', shanghai);
  installation.failing.delete('shanghai-a');
  await installation.run(40);
  await recorder.show('restoreCluster', shanghai);
  await installation.run(RETURNS_SECONDS);
  installation.failing.add('hangzhou-a');
  await installation.run(FAILS_SECONDS);
  await recorder.show('dismissCluster', { token, names: { cluster: 'hangzhou-a' } });
  installation.failing.delete('hangzhou-a');
  await installation.run(RETURNS_SECONDS);
}

/** The data gate of Hangzhou asks before automation leaves the city. */
export async function askGate({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  installation.pass(3600);
  const dataGates = [{ city: 'hangzhou', gateSeconds: 600, leave: { withoutAnswer: 'stay' } }];
  const failover = { ...declared.fleet.failover, dataGates };
  await recorder.call('putFleet', { token, body: { ...declared.fleet, failover }, headers: REPLACE });
  await installation.run(30);
  const answer = { city: 'hangzhou', answer: 'go', reason: 'the replica in Shanghai is promoted' };
  await recorder.refuse('nothing-asked', 'answerDataGate', { token, body: answer });
  installation.failing.add('hangzhou-a');
  await installation.run(FAILS_SECONDS);
  await recorder.show('answerDataGate', { token, body: answer });
  installation.failing.delete('hangzhou-a');
  await recorder.call('putFleet', { token, body: declared.fleet, headers: REPLACE });
  await installation.run(RETURNS_SECONDS);
}
