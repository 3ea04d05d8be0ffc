import { describe, expect, it } from 'vitest';
import type { Resource } from '../../functions/core/model/resource.ts';
import { termsOf } from '../../functions/core/routing/terms.ts';
import type { Commit, ManifestWrite, OperationRecord, ManifestStep, Store } from '../../functions/deps.ts';
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

function stepOf({ resource, verb, references, referenceCount }: Commit, gateways: string[] = []): ManifestStep {
  const counted = referenceCount === undefined ? {} : { referenceCount };
  return { resource, verb, references, ...counted, gateways, movedTerms: movedTermsOf(resource, verb) };
}

function movedTermsOf({ spec }: Resource, verb: Commit['verb']): number {
  return 'rules' in spec && verb !== 'update' ? termsOf(spec).length : 0;
}

/** What a step becomes when it is written. */
function commitOf({ gateways, movedTerms: _, ...step }: ManifestStep): Commit {
  const { verb, resource } = step;
  const [before, after] = verb === 'delete' ? [resource.revision, 0] : [resource.revision - 1, resource.revision];
  return {
    ...step,
    audit: audit(refTo(resource), before, after),
    outbox: gateways.map((gateway) => ({ ...outboxRow(resource, gateway), operation: 'opn_1' })),
  };
}

/** What a write of a manifest guarantees: each step once, in order, and nothing behind its end. */
export function manifestWriteSuite(store: () => Store): void {
  async function begin(steps: ManifestStep[], record = operation()): Promise<ManifestWrite> {
    expect(await store().beginManifestWrite(record, audit(refTo(fleet()), 1, 1), steps)).toBe(true);
    const manifestWrite = await store().manifestWrite(record.fleet, record.id);
    if (manifestWrite === undefined) throw new Error('the manifestWrite has no record');
    return manifestWrite;
  }

  async function writeAll(start: ManifestWrite): Promise<ManifestWrite> {
    let manifestWrite = start;
    while (manifestWrite.writtenBatches < manifestWrite.batches) {
      const steps = await store().nextSteps(manifestWrite);
      const outcome = await store().advance(manifestWrite, steps.map(commitOf));
      if (outcome.result !== 'ok') throw new Error(outcome.result);
      manifestWrite = outcome.manifestWrite;
    }
    return manifestWrite;
  }

  describe('the write of a manifest', () => {
    it('keeps its steps in order, however many and large they are', async () => {
      const steps = [
        ...Array.from({ length: 120 }, (_, index) => stepOf(creation(cluster(`c-${index}`)))),
        ...Array.from({ length: 5 }, (_, index) => stepOf(creation(wideService(`s-${index}`)))),
        ...Array.from({ length: 30 }, (_, index) => stepOf(creation(route(`r-${index}`)), ['edge', 'west'])),
      ];
      const manifestWrite = await begin(steps);
      expect(manifestWrite).toMatchObject({ steps: steps.length, writtenSteps: 0, writtenBatches: 0 });
      const read: ManifestStep[] = [];
      for (let at = 0; at < manifestWrite.batches; at++) {
        read.push(...(await store().nextSteps({ ...manifestWrite, writtenBatches: at })));
      }
      expect(read).toEqual(steps);
      expect(await store().nextSteps({ ...manifestWrite, writtenBatches: manifestWrite.batches })).toEqual([]);
      expect(await writeAll(manifestWrite)).toMatchObject({ writtenSteps: steps.length });
      expect(await store().all('route', FLEET)).toHaveLength(30);
      expect(await store().outbox({ fleet: FLEET, gateway: 'west' })).toHaveLength(30);
    });

    it('deletes many gateways, each with all that is kept of it', async () => {
      const created = Array.from({ length: 20 }, (_, index) => stepOf(creation(gateway(`g-${index}`))));
      const first = await writeAll(await begin(created));
      expect(await store().endManifestWrite(first, NOW)).toBe(true);
      const deleted = created.map((step): ManifestStep => ({ ...step, verb: 'delete' }));
      expect(await writeAll(await begin(deleted))).toMatchObject({ writtenSteps: 20 });
      expect(await store().all('gateway', FLEET)).toEqual([]);
    });

    it('holds the fleet until it ends: another one does not begin, and leaves no trace', async () => {
      const first = operation();
      const manifestWrite = await begin([stepOf(creation(service('shop')))], first);
      expect(await store().hold(FLEET)).toBe(first.id);
      expect(await store().holds()).toMatchObject({ items: [{ fleet: FLEET, operation: first.id }], unreadable: [] });
      const second = operation();
      expect(
        await store().beginManifestWrite(second, audit(refTo(fleet()), 1, 1), [stepOf(creation(service('cart')))]),
      ).toBe(false);
      expect(await store().operation(FLEET, second.id)).toBeUndefined();
      expect(await store().manifestWrite(FLEET, second.id)).toBeUndefined();
      await begin([stepOf(creation(service('cart')))], operation('other'));
      expect(await store().endManifestWrite(manifestWrite, NOW)).toBe(true);
      expect(await store().hold(FLEET)).toBeUndefined();
      await begin([stepOf(creation(service('cart')))]);
    });

    it('writes a batch once, however often and by however many it is tried', async () => {
      const manifestWrite = await begin([stepOf(creation(service('shop')), ['edge'])]);
      const commits = () =>
        store()
          .nextSteps(manifestWrite)
          .then((steps) => steps.map(commitOf));
      const outcomes = await Promise.all(
        [await commits(), await commits(), await commits()].map((batch) => store().advance(manifestWrite, batch)),
      );
      expect(outcomes.map(({ result }) => result).sort()).toEqual(['moved', 'moved', 'ok']);
      expect(await store().advance(manifestWrite, await commits())).toEqual({ result: 'moved' });
      expect(await store().manifestWrite(FLEET, manifestWrite.operation)).toMatchObject({
        writtenBatches: 1,
        writtenSteps: 1,
      });
      expect((await store().audits(FLEET, { limit: 10 })).items).toHaveLength(2);
    });

    it('writes nothing behind its end, by a writer that comes back late', async () => {
      const manifestWrite = await begin([stepOf(creation(service('shop')))]);
      const late = (await store().nextSteps(manifestWrite)).map(commitOf);
      const problem = { code: 'write-conflict', detail: 'somebody else', errors: [] };
      expect(await store().endManifestWrite(manifestWrite, NOW, problem)).toBe(true);
      expect(await store().advance(manifestWrite, late)).toEqual({ result: 'moved' });
      expect(await store().endManifestWrite(manifestWrite, secondsLater(1))).toBe(false);
      expect(await store().get('service', FLEET, 'shop')).toBeUndefined();
      expect(await store().manifestWrites(FLEET, manifestWrite.operation, manifestWrite.operation)).toEqual([
        { ...manifestWrite, endedAt: NOW, problem },
      ]);
    });

    it('names the resources that are not as expected, and writes nothing of their batch', async () => {
      const [shop, cart] = [service('shop'), service('cart')];
      await commitOk(store(), creation(shop));
      const manifestWrite = await begin([stepOf(edit(shop)), stepOf(creation(cart))]);
      await commitOk(store(), edit(shop));
      const batch = (await store().nextSteps(manifestWrite)).map(commitOf);
      expect(await store().advance(manifestWrite, batch)).toEqual({ result: 'conflict', resources: [refTo(shop)] });
      expect(await store().get('service', FLEET, 'cart')).toBeUndefined();
      expect(await store().manifestWrite(FLEET, manifestWrite.operation)).toMatchObject({ writtenBatches: 0 });
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
      await store().endManifestWrite(create, NOW);

      const remove = await begin([stepOf(deletion(cart, { referenceCount: 0 }))]);
      await commitOk(store(), creation(route('b'), { references: [refTo(cart)] }));
      const refused = await store().advance(remove, (await store().nextSteps(remove)).map(commitOf));
      expect(refused).toEqual({ result: 'conflict', resources: [refTo(cart)] });
    });
  });
}
