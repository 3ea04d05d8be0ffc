import { describe, expect, it } from 'vitest';
import type { SealedAllocation } from '../../functions/core/allocation/sealed.ts';
import type { Limit } from '../../functions/core/allocation/types.ts';
import { type ClusterState, NO_TRAFFIC, type Traffic } from '../../functions/core/failover/traffic.ts';
import type { DocumentBodies, DocumentKind, Store, StoredDocument } from '../../functions/deps.ts';
import {
  allItems,
  audit,
  cluster,
  commitOk,
  creation,
  decision,
  deletion,
  edit,
  FLEET,
  fleet,
  health,
  held,
  outboxRow,
  recording,
  secondsLater,
  service,
} from './fixtures.ts';

/** Health, observations, decisions and the traffic state. */
export function evidenceSuite(store: () => Store): void {
  describe('health', () => {
    it('is read by fleet, as it was last written', async () => {
      const { record: a } = health('a', 1);
      expect(await store().putHealth([health('b', 1)])).toBe(true);
      expect(await store().putHealth([health('a', 1)])).toBe(true);
      expect(await store().health(FLEET)).toEqual([a, health('b', 1).record]);
      expect(await store().health('other')).toEqual([]);
    });

    it('takes each version once: of two probers that step from one record, one is refused with its observation', async () => {
      expect(await Promise.all([store().putHealth([health('a', 1)]), store().putHealth([health('a', 1)])])).toContain(
        false,
      );
      expect(await store().putHealth([health('a', 2)])).toBe(true);
      expect(await store().putHealth([health('a', 2)])).toBe(false);
      expect(await store().putHealth([health('a', 4)])).toBe(false);
      expect(await store().putHealth([health('nowhere', 2)])).toBe(false);
      expect((await store().observations(FLEET, 'a', { limit: 10 })).items).toHaveLength(2);
    });

    it('is kept without an observation where nobody has looked', async () => {
      const { record } = health('a', 1);
      const alerts = [
        { voter: 'p', heartbeatAtMs: 1, alerts: [{ fingerprint: 'f', name: 'n', sinceMs: 1, startsAtMs: 0 }] },
      ];
      expect(await store().putHealth([{ record: { ...record, alerts } }])).toBe(true);
      expect(await store().health(FLEET)).toEqual([{ ...record, alerts }]);
      expect((await store().observations(FLEET, 'a', { limit: 10 })).items).toEqual([]);
    });

    it('comes with what its voters vouch for', async () => {
      const { record, observation } = health('a', 1);
      const said = {
        state: 'healthy',
        sinceMs: 1,
        outcomes: 'o',
        suspectUntilMs: 0,
        last: { outcome: 'ok', detail: '' },
      } as const;
      const votes = ['edge', 'lab'].map((voter) => ({ ...said, voter, observedAtMs: 1000 }));
      await store().putHealth([{ record: { ...record, votes }, observation }]);
      const body = { heardAtMs: 9000, vouch: { atMs: 6000, except: [] } };
      await store().putDocument({ fleet: FLEET, kind: 'voter', id: 'lab', version: 1, body, isPending: false });
      const [read] = await store().health(FLEET, { from: 'a', to: 'a' });
      expect(read?.votes.map(({ voter, vouchedAtMs }) => [voter, vouchedAtMs])).toEqual([
        ['edge', undefined],
        ['lab', 6000],
      ]);
    });

    it('is forgotten with its cluster', async () => {
      const a = cluster('a');
      await commitOk(store(), creation(a));
      await store().putHealth([health('a', 1, a.uid)]);
      await commitOk(store(), deletion(a));
      expect(await store().health(FLEET)).toEqual([]);
    });

    it('starts anew for another cluster of the same name, whatever a late prober left', async () => {
      expect(await store().putHealth([health('a', 1, 'old')])).toBe(true);
      expect(await store().putHealth([health('a', 1, 'young')])).toBe(true);
      expect(await store().health(FLEET)).toMatchObject([{ uid: 'young', version: 1 }]);
    });
  });

  describe('observations', () => {
    it('come newest first, page by page', async () => {
      for (let version = 1; version <= 12; version++) await store().putHealth([health('a', version)]);
      const seen = await allItems((page) => store().observations(FLEET, 'a', page), 5);
      expect(seen.map(({ observedAt }) => observedAt)).toEqual(
        Array.from({ length: 12 }, (_, index) => secondsLater(12 - index)),
      );
      expect(await store().observations(FLEET, 'b', { limit: 5 })).toEqual({ items: [] });
    });

    it('are found by the time in which they were made, both ends included', async () => {
      for (let version = 1; version <= 12; version++) await store().putHealth([health('a', version)]);
      const span = { fromMs: Date.parse(secondsLater(4)), toMs: Date.parse(secondsLater(9)) };
      const seen = await allItems((page) => store().observations(FLEET, 'a', page, { key: null, span }), 4);
      expect(seen.map(({ observedAt }) => observedAt)).toEqual(
        [9, 8, 7, 6, 5, 4].map((second) => secondsLater(second)),
      );
    });
  });

  describe('traffic', () => {
    const row = (version: number) => ({
      ...outboxRow(fleet(), 'edge'),
      kind: 'traffic' as const,
      revision: version,
    });

    it('has version 0 and no withdrawals before the first decision', async () => {
      expect(await store().traffic(FLEET)).toEqual(NO_TRAFFIC);
    });

    it('changes with its decision, what that was taken upon, its outbox rows and its documents, or not at all', async () => {
      const [shift, again] = [document('shift', 'move', 1), document('shift', 'move', 2)];
      const first = recording(1, ['a'], { outbox: [row(1)], documents: [shift], inputs: '{"first":true}' });
      const late = recording(1, [], { outbox: [row(9)], documents: [again] });
      expect(await store().decide(first)).toBe(true);
      expect(await store().decide(late)).toBe(false);
      expect(await store().traffic(FLEET)).toEqual(first.traffic);
      expect(await store().decision(FLEET, late.decision.id)).toBeUndefined();
      expect(await store().inputs(FLEET, late.decision.id)).toBeUndefined();
      expect(await store().inputs(FLEET, first.decision.id)).toBe('{"first":true}');
      expect(await store().document(FLEET, 'shift', 'move')).toEqual(shift);
      expect(await store().outbox({})).toEqual([row(1)]);
      const second = recording(2, [], { outbox: [row(2)] });
      expect(await store().decide(second)).toBe(true);
      expect(await store().traffic(FLEET)).toEqual(second.traffic);
      expect(await store().decision(FLEET, second.decision.id)).toEqual(second.decision);
      expect(await store().outbox({})).toEqual([row(2)]);
    });

    it('keeps all that a state can hold', async () => {
      const { traffic } = recording(1, ['a']);
      const override = { name: 'n', id: 'i', owner: 'ada', reason: 'r', createdAtMs: 1, expiresAtMs: 2 };
      const moved = { phase: 'moving', currentPercent: 50, phaseSinceMs: 1, steppedAtMs: 2, decision: 'd' } as const;
      const state: Required<ClusterState> = {
        ...{ cluster: 'a', uid: 'u', standing: 'held', sinceMs: 1, reason: 'r', decision: 'd' },
        ...{
          failuresMs: [1, 2],
          fallsMs: [2],
          removedAtMs: 0,
          leftAtMs: 1,
          isGated: true,
          recoveredAtMs: 3,
          seenFailingAtMs: 4,
          cause: 'Cluster',
          isApproved: true,
        },
        dwell: { untilMs: 4, servedMs: 5, sinceMs: 6 },
        ramp: { percent: 10, steppedAtMs: 7, doubtedSinceMs: 8 },
        brake: { name: 'correlation', untilMs: 9 },
        dismissedUntilMs: 10,
        impairedSinceMs: 11,
        heat: { untilMs: 12 },
      };
      const limits: Limit[] = [{ reason: 'down', sinceMs: 1 }, { reason: 'ramp', percent: 10 }, { reason: 'turn' }];
      const allocation: SealedAllocation = {
        basis: 'b',
        limits: [{ cluster: 'a', percent: 5, limits }],
        services: [{ service: 's', cluster: 'a', percent: 5, limits }],
        backends: [
          {
            placement: 'p/s',
            service: 's',
            pools: ['s/80'],
            clusters: ['a', 'b'],
            points: [1, 99],
            reasons: ['capacity', null],
          },
        ],
        overloads: [{ cluster: 'b', load: 10, requestsPerSecond: 9 }],
      };
      const full: Required<Traffic> = {
        ...traffic,
        head: { decision: 'd', hash: 'h' },
        clusters: [state],
        allocation,
        recommended: { ...allocation, basis: 'c' },
        shifts: [
          { ...override, ...moved, cluster: 'a', mode: 'isolate', percent: 0, stepPercent: 50, stepSeconds: 0 },
          {
            ...{ ...override, ...moved, name: 'x', cluster: 'a', service: 's' },
            ...{ mode: 'drain', percent: 0, stepPercent: 50, stepSeconds: 0 },
          },
        ],
        serviceReturns: [
          {
            ...{ service: 's', cluster: 'b', shift: 'y', sinceMs: 1, reason: 'r', decision: 'd' },
            ramp: { percent: 5, steppedAtMs: 1 },
          },
        ],
        goneRemovalsMs: [1],
        rehearsed: [{ drill: 'n', atMs: 1 }],
        gateQuestions: [
          { city: 'c', way: 'leave', id: 'q', askedAtMs: 1, answer: { answer: 'stay', by: 'ada', atMs: 2 } },
        ],
        breakGlasses: [{ ...override, rules: ['capacity'] }],
        drill: {
          ...moved,
          run: 'r',
          name: 'n',
          clusters: ['a', 'b'],
          service: 's',
          actor: 'ada',
          startedAtMs: 1,
          verifiedAtMs: 2,
        },
      };
      expect(await store().decide({ ...recording(1), traffic: full })).toBe(true);
      expect(await store().traffic(FLEET)).toEqual(full);
    });

    it('is not moved by a prober that has lost its lease', async () => {
      const lease = await held(store());
      await store().release(lease);
      expect(await store().decide(recording(1, ['a'], { lease }))).toBe(false);
      expect(await store().putHealth([health('a', 1)], lease)).toBe(false);
      expect(await store().traffic(FLEET)).toEqual(NO_TRAFFIC);
      expect(await store().health(FLEET)).toEqual([]);
    });

    it('remembers what a decision was taken upon, however much that is', async () => {
      const inputs = `"${'集群'.repeat(200_000)}"`;
      const large = recording(1, [], { inputs });
      expect(await store().decide(large)).toBe(true);
      await store().complete(large);
      expect(await store().inputs(FLEET, large.decision.id)).toBe(inputs);
    });

    it('keeps the points of ten thousand backends, and of the newest decision alone', async () => {
      const backends = (points: number) =>
        Array.from({ length: 10_000 }, (_, index) => ({
          placement: `placement-${index}-of-sixty-four-characters-as-a-digest-has-it-0123456789`,
          pools: [`service-${index}/80`],
          clusters: ['a', 'b', 'c'],
          points: [points, 50 - points, 50],
          reasons: ['down' as const, null, null],
        }));
      for (const version of [1, 2, 3]) {
        const { traffic, ...rest } = recording(version, ['a']);
        const allocation = { ...traffic.allocation, backends: backends(version) };
        const full = { ...traffic, allocation, recommended: { ...allocation, backends: backends(9) } };
        expect(await store().decide({ ...rest, traffic: full })).toBe(true);
        expect(await store().decide({ ...recording(version), traffic: { ...full, recommended: undefined } })).toBe(
          false,
        );
        expect(await store().traffic(FLEET)).toEqual(full);
      }
      const { traffic, ...rest } = recording(4);
      expect(await store().decide({ ...rest, traffic })).toBe(true);
      expect(await store().traffic(FLEET)).toEqual(traffic);
    });

    it('follows one of many decisions that are taken at once', async () => {
      for (const version of [1, 2]) {
        const tries = Array.from({ length: 5 }, () => store().decide(recording(version, ['a'])));
        expect((await Promise.all(tries)).filter((done) => done)).toHaveLength(1);
      }
      expect((await store().decisions(FLEET, { limit: 10 })).items).toHaveLength(2);
    });

    it('lists decisions newest first, page by page', async () => {
      const ids = ['01A', '01B', '01C', '01D', '01E'];
      for (const [index, id] of ids.entries()) {
        await store().decide(recording(index + 1, [], { decision: decision(id) }));
      }
      const seen = await allItems((page) => store().decisions(FLEET, page), 2);
      expect(seen.map(({ id }) => id)).toEqual(ids.toReversed());
    });

    it('of a deleted fleet is not that of its successor', async () => {
      const first = fleet();
      await commitOk(store(), creation(first));
      await store().decide(recording(1, ['a']));
      await commitOk(store(), deletion(first), creation(fleet()));
      expect(await store().traffic(FLEET)).toEqual(NO_TRAFFIC);
    });

    it('that has moved since the safety rules were checked, or a fleet that has, makes a commit a conflict', async () => {
      await commitOk(store(), creation(fleet()));
      const shop = service('shop');
      const checked = (trafficVersion: number, fleetRevision: number) => ({
        ...creation(shop, { references: [{ kind: 'fleet', fleet: FLEET, name: FLEET }] }),
        checkedAgainst: { trafficVersion, fleetRevision },
      });
      expect(await store().commit(checked(1, 1))).toEqual({ result: 'conflict' });
      expect(await store().commit(checked(0, 2))).toEqual({ result: 'conflict' });
      await store().decide(recording(1));
      expect(await store().commit(checked(0, 1))).toEqual({ result: 'conflict' });
      expect(await store().commit(checked(1, 1))).toEqual({ result: 'ok' });
      const edited = (fleetRevision: number) => ({
        ...edit(shop),
        checkedAgainst: { trafficVersion: 1, fleetRevision },
      });
      expect(await store().commit(edited(2))).toEqual({ result: 'conflict' });
      expect(await store().commit(edited(1))).toEqual({ result: 'ok' });
    });
  });

  describe('documents', () => {
    it('are replaced version by version, and listed: names from a to z, ULIDs from the newest', async () => {
      for (const id of ['b', 'a']) expect(await store().putDocument(document('shift', id, 1))).toBe(true);
      expect(await store().putDocument(document('shift', 'a', 1))).toBe(false);
      expect(await store().putDocument(document('shift', 'a', 3))).toBe(false);
      expect(await store().putDocument(document('shift', 'a', 2))).toBe(true);
      const shifts = await allItems((page) => store().documents(FLEET, 'shift', page), 1);
      expect(shifts).toEqual([document('shift', 'a', 2), document('shift', 'b', 1)]);
      for (const id of ['01A', '01B']) await store().putDocument(document('drill-run', id, 1));
      const runs = await store().documents(FLEET, 'drill-run', { limit: 10 });
      expect(runs.items.map(({ id }) => id)).toEqual(['01B', '01A']);
    });

    it('are written together with a commit, or with an audit event, or not at all', async () => {
      await commitOk(store(), creation(fleet()));
      const together = (name: string, version: number) => ({
        ...creation(service(name)),
        documents: [document('rollout', '01A', version)],
      });
      expect(await store().commit(together('early', 2))).toEqual({ result: 'conflict' });
      expect(await store().get('service', FLEET, 'early')).toBeUndefined();
      expect(await store().commit(together('shop', 1))).toEqual({ result: 'ok' });
      expect(await store().document(FLEET, 'rollout', '01A')).toEqual(document('rollout', '01A', 1));
      const event = audit({ kind: 'service', fleet: FLEET, name: 'shop' }, 0, 0);
      expect(await store().putDocument(document('rollout', '01A', 1), event)).toBe(false);
      expect(await store().audit(FLEET, event.id)).toBeUndefined();
      expect(await store().putDocument(document('rollout', '01A', 2), event)).toBe(true);
      expect(await store().audit(FLEET, event.id)).toEqual(event);
    });

    it('that are pending are found, the oldest first, until they are not', async () => {
      const pending = (id: string, version: number, isPending: boolean) => ({
        ...document('delivery', id, version),
        isPending,
      });
      for (const id of ['01B', '01A', '01C']) await store().putDocument(pending(id, 1, true));
      expect((await store().pendingDocuments('delivery', 2)).items.map(({ id }) => id)).toEqual(['01A', '01B']);
      await store().putDocument(pending('01A', 2, false));
      expect((await store().pendingDocuments('delivery', 5)).items.map(({ id }) => id)).toEqual(['01B', '01C']);
    });
  });
}

function document<K extends DocumentKind>(kind: K, id: string, version: number): StoredDocument<K> {
  return { fleet: FLEET, kind, id, version, body: bodyOf(id, version)[kind], isPending: false };
}

/** The version stands somewhere in each, so that no two are alike. */
function bodyOf(id: string, version: number): DocumentBodies {
  const at = secondsLater(version);
  const override = { name: id, fleet: FLEET, reason: 'r', expiresAt: at, owner: 'o', createdAt: at, updatedAt: at };
  const run = {
    id,
    fleet: FLEET,
    drill: 'd',
    site: 's',
    clusters: ['a'],
    actor: 'o',
    startedAt: at,
    recoveryTargetSeconds: 9,
  };
  const event = { id, type: 'overload' as const, fleet: FLEET, at, summary: 's', clusters: [] };
  const share = {
    cluster: 'a',
    percent: 0,
    stepPercent: 1,
    stepSeconds: 1,
    currentPercent: 0,
    decision: 'd',
    mode: 'drain' as const,
  };
  const members = [{ cluster: 'a', weight: 1 }];
  const rollout = {
    ...{
      id,
      fleet: FLEET,
      distribution: 'd',
      state: 'running' as const,
      actor: 'o',
      reason: 'r',
      createdAt: at,
      updatedAt: at,
    },
    ...{
      from: members,
      steps: [{ percent: 100, waitSeconds: 0, clusters: members }],
      step: 0,
      percent: 0,
      uid: 'u',
      revision: 1,
    },
  };
  return {
    shift: { ...override, ...share, state: 'moving' },
    'break-glass': { ...override, rules: ['capacity'], state: 'live' },
    'drill-run': { ...run, state: 'moving', percent: 0, events: [] },
    delivery: { id, event, target: 't', state: 'pending', attempts: [] },
    voter: { turn: { sentAtMs: version, sequence: 1, publicKey: 'k' } },
    told: { open: {}, lastMs: version },
    readiness: { basis: 'b', trafficVersion: 1, checkedAtMs: 2, atMs: version, losses: [], skipped: 0 },
    'data-plane': {
      ...{ uid: 'u', check: 'c', trafficVersion: version, atMs: 1, sinceMs: 1, latencyMs: 1 },
      ...{ outcome: 'ok', detail: 'status 200' },
    },
    rollout,
    enrolment: { voter: id, enrolledAt: at, credentials: [{ hash: 'h', createdAt: at, expiresAt: at }] },
    token: { name: id, uid: 'u', createdAt: at, secrets: [{ hash: 'h', prefix: 'fl_a', createdAt: at }] },
    grants: {
      grants: [
        {
          name: 'g',
          createdAt: at,
          updatedAt: at,
          subject: { type: 'token', token: id },
          role: 'viewer',
          fleets: ['*'],
        },
      ],
    },
    approval: {
      ...{ id: `apr-${'0'.repeat(24)}`, state: 'pending', actions: ['prune'], digest: '0'.repeat(64), summary: ['s'] },
      ...{ requestedBy: 'o', requestedAt: at, expiresAt: at },
    },
  };
}
