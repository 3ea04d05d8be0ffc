/** The fourth chapter: people move traffic themselves, by shifts, evacuations, drills and rollouts. */

import { RETURNS_SECONDS } from './failing.ts';
import { because, DRY, ONE, type Teller } from './recorder.ts';

export async function shift({ recorder, installation, tokens: { ada: token, ci } }: Teller): Promise<void> {
  const names = { shift: 'upgrade' };
  const expiresAt = later(installation.now(), 2);
  const body = { cluster: 'hangzhou-a', stepPercent: 50, stepSeconds: 10, reason: 'kernel upgrade', expiresAt };
  await recorder.show('putShift', { token, names, body });
  await recorder.refuse('not-owner', 'deleteShift', { token: ci, names });
  await installation.run(30);
  await recorder.show('getShift', { token, names });
  await recorder.show('listShifts', { token });
  await recorder.show('putShift', { token, names, body: { ...body, expiresAt: later(installation.now(), 4) } });
  await recorder.show('deleteShift', { token, names, query: DRY });
  await recorder.call('deleteShift', { token, names });
  await installation.run(RETURNS_SECONDS);
}

export async function evacuate({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const reason = 'the line to Hangzhou loses packets';
  await recorder.show('createEvacuation', { token, body: { city: 'hangzhou', reason } });
  await installation.run(30);
  await recorder.show('createReturn', { token, body: { city: 'hangzhou' } });
  await installation.run(RETURNS_SECONDS);
}

export async function drill({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const start = { token, body: { drill: 'lose-hangzhou' } };
  await recorder.show('startDrillRun', { ...start, query: DRY });
  const { id } = await recorder.show('startDrillRun', start);
  const names = { run: id };
  await recorder.refuse('already-live', 'startDrillRun', start);
  await installation.run(20);
  await recorder.show('getDrillRun', { token, names });
  await recorder.show('getDrillReport', { token, names, query: { timeZone: 'Asia/Shanghai' } });
  await installation.run(RETURNS_SECONDS);
  const second = await recorder.call('startDrillRun', start);
  await recorder.show('abortDrillRun', { token, names: { run: second.id } });
  await recorder.show('listDrillRuns', { token, query: ONE });
  await installation.run(RETURNS_SECONDS);
}

/** Shanghai takes over from Hangzhou step by step, and then does not. */
export async function rollOut({ recorder, installation, tokens: { ada: token } }: Teller): Promise<void> {
  const names = { distribution: 'two-cities' };
  const body = {
    clusters: [
      { city: 'hangzhou', weight: 50 },
      { city: 'shanghai', weight: 50 },
    ],
    steps: [
      { percent: 10, waitSeconds: 60 },
      { percent: 50, waitSeconds: 600 },
    ],
    reason: 'Shanghai has its new nodes',
  };
  await recorder.show('startRollout', { token, names, body, query: DRY });
  const { id } = await recorder.show('startRollout', { token, names, body });
  const rollout = { token, names: { ...names, rollout: id } };
  await installation.run(30);
  await recorder.show('getRollout', rollout);
  await recorder.show('pauseRollout', { ...rollout, body: because('errors in Shanghai') });
  await recorder.show('resumeRollout', rollout);
  await installation.run(60);
  await recorder.show('undoRollout', { ...rollout, body: because('the errors go on') });
  await recorder.refuse('already-ended', 'resumeRollout', rollout);
  await recorder.show('listRollouts', { token, names });
  await installation.run(30);
}

function later(now: string, hours: number): string {
  return new Date(Date.parse(now) + hours * 3_600_000).toISOString();
}
