import { describe, expect, it } from 'vitest';
import type { Resource } from '../../functions/core/model/resource.ts';
import { termsOf } from '../../functions/core/routing/terms.ts';
import type { Commit, OperationRecord, Rollout, Step, Store } from '../../functions/deps.ts';
import {
  audit,
  cluster,
  commitOk,
  creation,
  deletion,
  edit,
  FLEET,
  fleet,
  gateway,
  NOW,
  outboxRow,
  refTo,
  route,
  secondsLater,
  service,
  wideService,
} from './fixtures.ts';

let serial = 0;

function operation(home = FLEET): OperationRecord {
  return {
    id: `opn_${String(++serial).padStart(26, '0')}`,
    fleet: home,
    action: 'manifest.apply',
    target: { kind: 'fleet', name: home },
    actor: 'ada',
    requestId: 'r-1',
    createdAt: NOW,
    gateways: ['edge'],
  };
}

function stepOf({ resource, verb, references, referenceCount }: Commit, gateways: string[] = []): Step {
  const counted = referenceCount === undefined ? {} : { referenceCount };
  return { resource, verb, references, ...counted, gateways, movedTerms: movedTermsOf(resource, verb) };
}

function movedTermsOf({ spec }: Resource, verb: Commit['verb']): number {
  return 'rules' in spec && verb !== 'update' ? termsOf(spec).length : 0;
}

/** What a step becomes when it is written. */
function commitOf({ gateways, movedTerms: _, ...step }: Step): Commit {
  const { verb, resource } = step;
  const [before, after] = verb === 'delete' ? [resource.revision, 0] : [resource.revision - 1, resource.revision];
  return {
    ...step,
    audit: audit(refTo(resource), before, after),
    outbox: gateways.map((gateway) => ({ ...outboxRow(resource, gateway), operation: 'opn_1' })),
  };
}

/** What a rollout guarantees: each step once, in order, and nothing behind its end. */
export function rolloutSuite(store: () => Store): void {
  async function begin(steps: Step[], record = operation()): Promise<Rollout> {
    expect(await store().beginRollout(record, audit(refTo(fleet()), 1, 1), steps)).toBe(true);
    const rollout = await store().rollout(record.fleet, record.id);
    if (rollout === undefined) throw new Error('the rollout has no record');
    return rollout;
  }

  async function writeAll(start: Rollout): Promise<Rollout> {
    let rollout = start;
    while (rollout.writtenBatches < rollout.batches) {
      const steps = await store().nextSteps(rollout);
      const outcome = await store().advance(rollout, steps.map(commitOf));
      if (outcome.result !== 'ok') throw new Error(outcome.result);
      rollout = outcome.rollout;
    }
    return rollout;
  }

  describe('a rollout', () => {
    it('keeps its steps in order, however many and large they are', async () => {
      const steps = [
        ...Array.from({ length: 120 }, (_, index) => stepOf(creation(cluster(`c-${index}`)))),
        ...Array.from({ length: 5 }, (_, index) => stepOf(creation(wideService(`s-${index}`)))),
        ...Array.from({ length: 30 }, (_, index) => stepOf(creation(route(`r-${index}`)), ['edge', 'west'])),
      ];
      const rollout = await begin(steps);
      expect(rollout).toMatchObject({ steps: steps.length, writtenSteps: 0, writtenBatches: 0 });
      const read: Step[] = [];
      for (let at = 0; at < rollout.batches; at++) {
        read.push(...(await store().nextSteps({ ...rollout, writtenBatches: at })));
      }
      expect(read).toEqual(steps);
      expect(await store().nextSteps({ ...rollout, writtenBatches: rollout.batches })).toEqual([]);
      expect(await writeAll(rollout)).toMatchObject({ writtenSteps: steps.length });
      expect(await store().all('route', FLEET)).toHaveLength(30);
      expect(await store().outbox({ fleet: FLEET, gateway: 'west' })).toHaveLength(30);
    });

    it('deletes many gateways, each with all that is kept of it', async () => {
      const created = Array.from({ length: 20 }, (_, index) => stepOf(creation(gateway(`g-${index}`))));
      const first = await writeAll(await begin(created));
      expect(await store().endRollout(first, NOW)).toBe(true);
      const deleted = created.map((step): Step => ({ ...step, verb: 'delete' }));
      expect(await writeAll(await begin(deleted))).toMatchObject({ writtenSteps: 20 });
      expect(await store().all('gateway', FLEET)).toEqual([]);
    });

    it('holds the fleet until it ends: another one does not begin, and leaves no trace', async () => {
      const first = operation();
      const rollout = await begin([stepOf(creation(service('shop')))], first);
      expect(await store().hold(FLEET)).toBe(first.id);
      expect(await store().holds()).toMatchObject({ items: [{ fleet: FLEET, operation: first.id }], unreadable: [] });
      const second = operation();
      expect(await store().beginRollout(second, audit(refTo(fleet()), 1, 1), [stepOf(creation(service('cart')))])).toBe(
        false,
      );
      expect(await store().operation(FLEET, second.id)).toBeUndefined();
      expect(await store().rollout(FLEET, second.id)).toBeUndefined();
      await begin([stepOf(creation(service('cart')))], operation('other'));
      expect(await store().endRollout(rollout, NOW)).toBe(true);
      expect(await store().hold(FLEET)).toBeUndefined();
      await begin([stepOf(creation(service('cart')))]);
    });

    it('writes a batch once, however often and by however many it is tried', async () => {
      const rollout = await begin([stepOf(creation(service('shop')), ['edge'])]);
      const commits = () =>
        store()
          .nextSteps(rollout)
          .then((steps) => steps.map(commitOf));
      const outcomes = await Promise.all(
        [await commits(), await commits(), await commits()].map((batch) => store().advance(rollout, batch)),
      );
      expect(outcomes.map(({ result }) => result).sort()).toEqual(['moved', 'moved', 'ok']);
      expect(await store().advance(rollout, await commits())).toEqual({ result: 'moved' });
      expect(await store().rollout(FLEET, rollout.operation)).toMatchObject({ writtenBatches: 1, writtenSteps: 1 });
      expect((await store().audits(FLEET, { limit: 10 })).items).toHaveLength(2);
    });

    it('writes nothing behind its end, by a writer that comes back late', async () => {
      const rollout = await begin([stepOf(creation(service('shop')))]);
      const late = (await store().nextSteps(rollout)).map(commitOf);
      const problem = { code: 'write-conflict', detail: 'somebody else', errors: [] };
      expect(await store().endRollout(rollout, NOW, problem)).toBe(true);
      expect(await store().advance(rollout, late)).toEqual({ result: 'moved' });
      expect(await store().endRollout(rollout, secondsLater(1))).toBe(false);
      expect(await store().get('service', FLEET, 'shop')).toBeUndefined();
      expect(await store().rollouts(FLEET, rollout.operation, rollout.operation)).toEqual([
        { ...rollout, endedAt: NOW, problem },
      ]);
    });

    it('names the resources that are not as expected, and writes nothing of their batch', async () => {
      const [shop, cart] = [service('shop'), service('cart')];
      await commitOk(store(), creation(shop));
      const rollout = await begin([stepOf(edit(shop)), stepOf(creation(cart))]);
      await commitOk(store(), edit(shop));
      const batch = (await store().nextSteps(rollout)).map(commitOf);
      expect(await store().advance(rollout, batch)).toEqual({ result: 'conflict', resources: [refTo(shop)] });
      expect(await store().get('service', FLEET, 'cart')).toBeUndefined();
      expect(await store().rollout(FLEET, rollout.operation)).toMatchObject({ writtenBatches: 0 });
    });

    it('counts the references that its steps take, and names those that are gone', async () => {
      const [shop, cart] = [service('shop'), service('cart')];
      await commitOk(store(), creation(shop), creation(cart));
      const taking = (name: string, ...refs: (typeof shop)[]) =>
        stepOf(creation(route(name), { references: refs.map(refTo) }));
      await writeAll(await begin([taking('a', shop), taking('b', shop, cart)]));
      expect((await store().referenceCounts('service', FLEET)).get('shop')).toBeGreaterThan(0);
      expect(await store().commit(deletion(shop))).toEqual({ result: 'conflict' });
    });

    it('stops at a reference that has been deleted, and at a deletion that somebody has begun to refer to', async () => {
      const [shop, cart] = [service('shop'), service('cart')];
      await commitOk(store(), creation(shop), creation(cart));
      const create = await begin([stepOf(creation(route('a'), { references: [refTo(shop)] }))]);
      await commitOk(store(), deletion(shop));
      const missing = await store().advance(create, (await store().nextSteps(create)).map(commitOf));
      expect(missing).toEqual({ result: 'missing-reference', missing: [refTo(shop)] });
      await store().endRollout(create, NOW);

      const remove = await begin([stepOf(deletion(cart, { referenceCount: 0 }))]);
      await commitOk(store(), creation(route('b'), { references: [refTo(cart)] }));
      const refused = await store().advance(remove, (await store().nextSteps(remove)).map(commitOf));
      expect(refused).toEqual({ result: 'conflict', resources: [refTo(cart)] });
    });
  });
}
