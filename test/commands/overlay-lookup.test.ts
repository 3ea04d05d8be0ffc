import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withChanges } from '../../functions/commands/overlay.ts';
import type { Resource } from '../../functions/core/model.ts';
import type { Store } from '../../functions/deps.ts';
import { type Harness, startHarness } from '../api/harness.ts';
import { commitOk, creation, FLEET, gateway, route } from '../store/fixtures.ts';

describe('the store as it would be', () => {
  let harness: Harness;
  let wouldBe: Store;
  const [stays, moves, goes] = [route('stays'), route('moves'), route('goes')];
  const comes = route('comes');
  const moved: Resource<'route'> = { ...moves, revision: 2, spec: { ...moves.spec, gateways: ['west'] } };

  beforeAll(async () => {
    harness = await startHarness();
    const { store } = harness.deps;
    await commitOk(store, ...[gateway('edge'), stays, moves, goes].map((resource) => creation(resource)));
    wouldBe = withChanges(store, [
      { resource: moved, verb: 'update' },
      { resource: goes, verb: 'delete' },
      { resource: comes, verb: 'create' },
      { resource: gateway('west'), verb: 'create' },
    ]);
  });
  afterAll(() => harness.close());

  const names = (resources: readonly Resource[]) => resources.map(({ name }) => name);

  it('finds routes under the terms that they would have', async () => {
    const under = (name: string, limit?: number) => wouldBe.routesUnder(FLEET, { kind: 'gateway', name }, limit);
    expect(names(await under('edge'))).toEqual(['comes', 'stays']);
    expect(await under('west')).toEqual([moved]);
    expect(names(await under('edge', 1)), 'of those that would be there').toEqual(['comes']);
  });

  it('finds resources by name as they would be', async () => {
    expect(await wouldBe.find('route', FLEET, ['moves', 'goes', 'stays', 'nowhere'])).toEqual([moved, stays]);
  });

  it('finds the gateways that would be at an instance', async () => {
    const { target } = gateway('edge').spec;
    expect(target && names(await wouldBe.gatewaysAt(target))).toEqual(['edge', 'west']);
  });
});
