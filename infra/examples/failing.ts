/** The third chapter: Hangzhou fails and returns, and people look at what was decided and why. */

import * as declared from './declarations.ts';
import type { Installation } from './installation.ts';
import { because, DRY, type Json, ONE, REPLACE, type Teller } from './recorder.ts';

/** The time in which a cluster is found to fail, and that in which it returns after it answers again. */
const FAILS_SECONDS = 15;
export const RETURNS_SECONDS = 80;

/** Hangzhou fails, Shanghai takes over, and everything about the decision is looked at. */
export async function failOver(teller: Teller): Promise<void> {
  const {
    recorder,
    installation,
    tokens: { ada: token },
  } = teller;
  await recorder.show('getReadiness', { token: null });
  await recorder.show('getLossReadiness', { token });
  installation.failing.add('hangzhou-a');
  await installation.run(FAILS_SECONDS);
  await recorder.show('getFleetStatus', { token });
  await recorder.show('explainRoute', { token, names: { route: 'shop' } });
  await recorder.show('listObservations', { token, names: { cluster: 'hangzhou-a' }, query: ONE });
  await recorder.show('createProbeRound', { token, body: { fleet: 'prod' } });
  installation.failing.delete('hangzhou-a');
  await installation.run(RETURNS_SECONDS);
  await decisions(teller);
  await notifications(teller);
}

async function decisions({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  const { items } = await recorder.call('listDecisions', { token });
  await recorder.show('listDecisions', { token, query: ONE });
  const names = { decision: items.findLast(({ changes }: Json) => changes.length > 0).id };
  await recorder.show('getDecision', { token, names });
  await recorder.show('replayDecision', { token, names });
  await recorder.show('checkLedger', { token, query: ONE });
  const scenario = { type: 'fail', city: 'shanghai', forSeconds: 60 };
  await recorder.show('createSimulation', { token, body: { scenario, durationSeconds: 300 } });
}

async function notifications({ recorder, tokens: { ada: token } }: Teller): Promise<void> {
  const body = { target: 'oncall' };
  await recorder.show('testNotification', { token, body, query: DRY });
  const { id } = await recorder.show('testNotification', { token, body });
  await recorder.show('listDeliveries', { token, query: ONE });
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

/**
 * The data gate of Hangzhou asks before automation leaves the city: Ada dismisses the first suspicion, confirms the second
 * one, and answers the question the third time.
 */
export async function askGate({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const dataGates = [
    { city: 'hangzhou', gateSeconds: 30, leave: { withoutAnswer: 'stay' }, regain: { withoutAnswer: 'go' } },
  ];
  const failover = { ...declared.fleet.failover, dataGates };
  await recorder.call('putFleet', { token, body: { ...declared.fleet, failover }, headers: REPLACE });
  const hangzhou = { token, names: { cluster: 'hangzhou-a' } };
  const answer = { token, body: { city: 'hangzhou', answer: 'go', reason: 'the replica in Shanghai is promoted' } };
  await recorder.refuse('nothing-asked', 'answerDataGate', answer);
  await suspect(installation);
  await recorder.show('dismissCluster', hangzhou);
  await settle(installation);
  await suspect(installation);
  await recorder.show('resumeCluster', hangzhou);
  installation.failing.delete('hangzhou-a');
  await installation.run(20);
  await recorder.show('restoreCluster', hangzhou);
  await settle(installation);
  await suspect(installation);
  await recorder.show('answerDataGate', answer);
  await recorder.call('putFleet', { token, body: declared.fleet, headers: REPLACE });
  await settle(installation);
}

async function suspect(installation: Installation): Promise<void> {
  await installation.run(30);
  installation.failing.add('hangzhou-a');
  await installation.run(FAILS_SECONDS);
}

/** Hangzhou answers again, and an hour passes, in which failures are forgotten. */
async function settle(installation: Installation): Promise<void> {
  installation.failing.delete('hangzhou-a');
  await installation.run(RETURNS_SECONDS);
  installation.pass(3600);
}
