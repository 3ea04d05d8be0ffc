import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { DistributionRollout } from '../../schemas/rollout.ts';
import type { Json } from './harness.ts';
import { FLEET, ROLLOUTS, type RolloutFleet, split, startRolloutFleet, toB } from './rollout-fleet.ts';

let plane: RolloutFleet;

beforeEach(async () => {
  plane = await startRolloutFleet();
});
afterEach(() => plane.close());

const MINUTE = { waitSeconds: 60 };
const STEPS = [
  { percent: 10, ...MINUTE },
  { percent: 50, ...MINUTE },
];
const A_MINUTE = 13;

async function start(body: object = toB(STEPS)): Promise<string> {
  const answer = await plane.post('', body);
  expect([answer.status, answer.body.errors]).toEqual([201, undefined]);
  return answer.body.id;
}

async function rollout(id: string): Promise<Json> {
  const { status, body } = await plane.api('GET', `${ROLLOUTS}/${id}`);
  expect(status).toBe(200);
  expect(DistributionRollout.parse(body), 'is as its schema says').toEqual(body);
  return body;
}

const both = (b: number) => ({ alb: b, mse: b });
const weights = async () => (await plane.main()).clusters.map(({ weight }: Json) => weight);
const reason = { reason: 'looks bad' };
const edit = (body: object) => plane.api('PUT', `${FLEET}/distributions/main`, body, { 'if-match': '*' });
const audits = async (action: string): Promise<Json[]> =>
  (await plane.api('GET', `${FLEET}/audit?action=${action}`)).body.items;
const fleet = async () => {
  const { automation, health, failover, safety } = (await plane.api('GET', FLEET)).body;
  return { automation, health, failover, safety };
};

/** Keys of the incidents that people know of. */
const told = async (): Promise<string[]> => {
  await notifyIncidents(plane.deps());
  return Object.keys((await plane.deps().store.document('prod', 'told', 'prod'))?.body.open ?? {});
};

describe('a rollout', () => {
  it('goes its whole way: each step is served by both gateways and verified before its wait begins', async () => {
    const id = await start();
    expect(await plane.shareOfB()).toEqual(both(10));
    expect(await weights()).toEqual([90, 10]);
    const first = await rollout(id);
    expect(first).toMatchObject({ state: 'running', percent: 10, step: 0 });
    expect(first.steps[0].verifiedAt, 'nobody has looked yet').toBeUndefined();
    await plane.rounds(2);
    const watched = await rollout(id);
    expect(watched.waitsFor).toMatchObject([{ reason: 'Soaking', until: watched.nextAt }]);
    expect(Date.parse(watched.nextAt) - Date.parse(watched.steps[0].verifiedAt)).toBe(60_000);
    await plane.rounds(A_MINUTE);
    expect(await plane.shareOfB()).toEqual(both(50));
    await plane.rounds(A_MINUTE + 3);
    expect(await plane.shareOfB()).toEqual(both(100));
    const done = await rollout(id);
    expect(done).toMatchObject({ state: 'finished', percent: 100, step: 2 });
    const times = done.steps.flatMap(({ takenAt, verifiedAt }: Json) => [takenAt, verifiedAt]);
    expect(times).toEqual([...times].sort());
    expect(done.steps.map((step: Json) => step.revision)).toEqual([2, 3, 4]);
    expect(await plane.main()).toMatchObject({ revision: 4, clusters: split(0, 100) });
    const updates = await audits('distribution.update');
    expect(updates.map(({ actor }) => actor)).toEqual(['automation', 'automation', 'api']);
    expect(updates[0].reason).toBe(`step 3 of 3 of ${id} by api: b has new nodes`);
    expect(await audits('rollout.finished')).toHaveLength(1);
    expect((await plane.api('GET', ROLLOUTS)).body.items.map((item: Json) => item.id)).toEqual([id]);
  });

  it('stops when a cluster that gains fails, says which and what was seen, is told once, and goes on when somebody says so', async () => {
    const id = await start();
    await plane.rounds(2);
    await plane.clusters.b.fail('refuse');
    await plane.rounds(3);
    const stopped = await rollout(id);
    expect(stopped).toMatchObject({ state: 'stopped', percent: 10, stop: { cause: 'cluster', cluster: 'b' } });
    expect(stopped.stop.detail).toMatch(/^b is to have more, and is down: /);
    expect(await plane.shareOfB(), 'failover goes on').toEqual(both(0));
    expect(await weights()).toEqual([90, 10]);
    const { body: status } = await plane.api('GET', `${FLEET}/status`);
    expect(status.rollouts).toMatchObject([{ rollout: id, state: 'stopped', percent: 10 }]);
    expect(status.summary).toContain('The rollout of the distribution main by api has stopped at 10 %');
    expect(await told()).toContain('prod/distribution/main/rollout');
    await plane.clusters.b.recover();
    await plane.rounds(40);
    expect(await rollout(id), 'nothing lets it go on but a person').toMatchObject({ state: 'stopped', step: 0 });
    const resume = status.calls.find(({ path }: Json) => path.endsWith('/resume') && path.includes(id));
    expect((await plane.api(resume.method, resume.path)).body).toMatchObject({ state: 'running' });
    for (let pass = 0; pass < 10; pass++) {
      await told();
      plane.clock.advance(10_000);
    }
    expect(await told()).not.toContain('prod/distribution/main/rollout');
    await plane.rounds(A_MINUTE + 2);
    expect(await plane.shareOfB()).toEqual(both(50));
    expect(await audits('rollout.stopped')).toHaveLength(1);
  });

  it('stops while people keep its service out of a cluster that gains, since its steps would show nothing', async () => {
    const id = await start();
    await plane.rounds(2);
    const expiresAt = new Date(plane.clock.now() + 3_600_000).toISOString();
    const shift = { cluster: 'b', service: 'shop', reason: 'a new release', expiresAt };
    expect((await plane.api('PUT', `${FLEET}/shifts/off`, shift)).status).toBe(201);
    await plane.rounds(A_MINUTE + 5);
    const { state, stop } = await rollout(id);
    expect([state, stop?.detail]).toEqual([
      'stopped',
      'b is to have more, and cannot: The shift off has taken shop out there.',
    ]);
  });

  it('stops at a step that a safety rule forbids, with the sentence of the rule, and keeps what it has', async () => {
    await edit({ strategy: 'weighted', clusters: split(90, 10) });
    await plane.rounds(2);
    const id = await start();
    await plane.put(FLEET, { ...(await fleet()), safety: { minServingClusters: 2 } });
    await plane.rounds(2 * A_MINUTE + 6);
    expect(await rollout(id)).toMatchObject({
      state: 'stopped',
      percent: 50,
      stop: { cause: 'rule', detail: expect.stringContaining('by 1 cluster, and at least 2 must serve it') },
    });
    expect(await plane.shareOfB()).toEqual(both(55));
  });

  it('is stopped and resumed by people, and waits while automation is paused', async () => {
    const id = await start();
    expect((await plane.post(`/${id}/pause`, reason)).body).toMatchObject({
      state: 'stopped',
      stop: { cause: 'person', actor: 'api', detail: 'api has stopped it: looks bad.' },
    });
    await plane.rounds(A_MINUTE + 5);
    expect(await rollout(id)).toMatchObject({ state: 'stopped', step: 0 });
    expect(await told(), 'who stops one knows of it').toEqual([]);
    expect((await plane.post(`/${id}/pause`, reason)).status, 'again').toBe(200);
    expect((await plane.post(`/${id}/resume`)).body.state).toBe('running');
    await plane.put(FLEET, { ...(await fleet()), automation: 'paused' });
    await plane.rounds(A_MINUTE + 5);
    expect((await rollout(id)).waitsFor).toMatchObject([{ reason: 'RolloutPaused' }]);
    await plane.api('POST', `${FLEET}/resume`);
    await plane.rounds(2);
    expect(await rollout(id)).toMatchObject({ step: 1 });
    for (const action of ['paused', 'resumed']) expect(await audits(`rollout.${action}`)).toHaveLength(1);
  });

  it('is undone by one call and one write in the middle, and twice is as once', async () => {
    const id = await start();
    await plane.rounds(A_MINUTE + 3);
    expect(await plane.shareOfB()).toEqual(both(50));
    const undone = await plane.post(`/${id}/undo`, reason);
    expect([undone.status, undone.body.state]).toEqual([200, 'undone']);
    expect(await plane.shareOfB()).toEqual(both(0));
    expect(await plane.main()).toMatchObject({ revision: 4, clusters: split(100, 0) });
    expect((await plane.post(`/${id}/undo`, reason)).body.state).toBe('undone');
    await plane.rounds(A_MINUTE + 3);
    expect((await plane.main()).revision).toBe(4);
  });

  it('is undone once it has finished, but not after somebody has edited the distribution', async () => {
    const id = await start(toB([{ percent: 50 }]));
    await plane.rounds(8);
    expect(await rollout(id)).toMatchObject({ state: 'finished', calls: [{ title: 'Undo the rollout of main' }] });
    const other = await start({ ...toB([{ percent: 50 }], 20) });
    await plane.rounds(8);
    expect(await rollout(other)).toMatchObject({ state: 'finished' });
    expect(await plane.shareOfB()).toEqual(both(20));
    const late = await plane.post(`/${id}/undo`, reason);
    expect([late.status, late.body.code]).toEqual([409, 'already-ended']);
    expect((await rollout(id)).calls).toEqual([]);
    expect((await plane.post(`/${other}/undo`, reason)).status).toBe(200);
    expect(await plane.shareOfB()).toEqual(both(100));
  });

  it('ends when somebody else writes the distribution, and does not fight', async () => {
    const id = await start();
    await plane.rounds(2);
    await edit({ strategy: 'weighted', clusters: split(70, 30) });
    expect(await rollout(id), 'before anybody has recorded it').toMatchObject({ state: 'superseded', calls: [] });
    expect((await plane.api('GET', ROLLOUTS)).body.items).toMatchObject([{ id, state: 'superseded' }]);
    expect((await plane.api('GET', `${FLEET}/status`)).body.rollouts).toEqual([]);
    for (const order of ['pause', 'resume', 'undo']) {
      const { status, body } = await plane.post(`/${id}/${order}`, order === 'resume' ? undefined : reason);
      expect([order, status, body.code]).toEqual([order, 409, 'already-ended']);
    }
    await plane.rounds(A_MINUTE + 5);
    expect(await rollout(id)).toMatchObject({ state: 'superseded' });
    expect(await plane.main()).toMatchObject({ revision: 3, clusters: split(70, 30) });
    expect(await plane.shareOfB()).toEqual(both(30));
    expect(await audits('rollout.superseded')).toHaveLength(1);
    await start();
  });

  it('ends with its distribution, and one of the same name is another one', async () => {
    await plane.api('DELETE', `${FLEET}/routes/shop`, undefined, { 'if-match': '*' });
    const id = await start();
    await plane.api('DELETE', `${FLEET}/distributions/main`, undefined, { 'if-match': '*' });
    expect((await plane.api('GET', ROLLOUTS)).body.items).toMatchObject([{ id, state: 'superseded' }]);
    for (const b of [0, 10]) await declare(b);
    await plane.rounds(A_MINUTE + 5);
    expect(await rollout(id)).toMatchObject({ state: 'superseded' });
    expect((await plane.main()).revision).toBe(2);
  });

  async function declare(b: number) {
    await plane.put(`${FLEET}/distributions/main`, { strategy: 'weighted', clusters: split(100 - b, b) });
  }

  it('waits for a gateway that refuses writes, and says for which', async () => {
    plane.cloud.faults.add({
      kind: 'error',
      action: 'UpdateServerGroupServersAttribute',
      code: 'OperationDenied.Test',
      times: 100_000,
    });
    const id = await start();
    await plane.rounds(A_MINUTE + 5);
    const held = await rollout(id);
    expect(held).toMatchObject({ state: 'running', step: 0 });
    expect(held.steps[0].verifiedAt).toBeUndefined();
    expect(held.waitsFor).toMatchObject([{ message: expect.stringMatching(/^alb: /) }]);
    expect(await plane.shareOfB()).toEqual({ alb: 0, mse: 10 });
    plane.cloud.faults.clear();
    plane.clock.advance(60_000);
    await plane.rounds(4);
    expect((await rollout(id)).steps[0].verifiedAt, 'its minute begins when all follow').toBeDefined();
    expect(await rollout(id)).toMatchObject({ step: 0 });
    await plane.rounds(A_MINUTE);
    expect(await plane.shareOfB()).toEqual(both(50));
  });

  it('takes one step where several rounds are at it at once', async () => {
    const id = await start(toB([{ percent: 10 }, { percent: 20 }, { percent: 30 }]));
    await plane.rounds(1);
    await Promise.all([1, 2, 3, 4].map(() => stepRollouts(plane.deps())));
    expect(await rollout(id)).toMatchObject({ step: 1, state: 'running' });
    expect((await plane.main()).revision).toBe(3);
    expect(await audits('distribution.update')).toHaveLength(2);
  });

  it('takes no step that somebody forbids while a round is about to take it', async () => {
    const id = await start(toB([{ percent: 10 }, { percent: 20 }]));
    await plane.rounds(1);
    const { store } = plane.deps();
    const pendingDocuments: typeof store.pendingDocuments = async (kind, limit) => {
      const found = await store.pendingDocuments(kind, limit);
      await plane.post(`/${id}/pause`, reason);
      return found;
    };
    await stepRollouts(plane.deps({ store: { ...store, pendingDocuments } }));
    expect(await rollout(id)).toMatchObject({ state: 'stopped', step: 0 });
    expect((await plane.main()).revision).toBe(2);
  });

  it('in a dry run tells the split of each step and the rules that forbid it, and changes nothing', async () => {
    await edit({ strategy: 'weighted', clusters: split(90, 10) });
    await plane.rounds(2);
    await plane.put(FLEET, { ...(await fleet()), safety: { minServingClusters: 2 } });
    const before = await plane.main();
    const { status, body } = await plane.post('?dryRun=true', toB(STEPS));
    expect(status).toBe(200);
    expect(body.steps.map((step: Json) => step.clusters.map(({ weight }: Json) => weight))).toEqual([
      [81, 19],
      [45, 55],
      [0, 100],
    ]);
    expect(body.steps.map((step: Json) => step.heldBy.map(({ rule }: Json) => rule))).toEqual([
      [],
      [],
      ['min-serving'],
    ]);
    expect((await plane.main()).revision).toBe(before.revision);
    expect((await plane.api('GET', ROLLOUTS)).body.items).toEqual([]);
  });
});
