import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serverSteps } from '../../../functions/providers/alb/apply/group-steps.ts';
import type { Server } from '../../../functions/providers/alb/compile/canonical.ts';

const servers = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 4 }),
      Weight: fc.integer({ min: 0, max: 3 }),
      RemoteIpEnabled: fc.boolean(),
    }),
    {
      selector: ({ id }) => id,
      maxLength: 4,
    },
  )
  .map((list) => list.map(({ id, ...rest }): Server => ({ ServerId: `10.0.0.${id}`, Port: 80, ...rest })));

const byId = (list: readonly Server[]) => new Map(list.map((server) => [server.ServerId, server]));

/** Every state between the calls, if each changed one server at a time. */
function* states(current: readonly Server[], steps: ReturnType<typeof serverSteps>): Generator<Map<string, Server>> {
  const state = byId(current);
  for (const server of [...steps.add, ...steps.weigh]) yield state.set(server.ServerId, server);
  for (const server of steps.remove) {
    state.delete(server.ServerId);
    yield state;
  }
  for (const server of steps.replace) yield state.set(server.ServerId, server);
}

test('the steps end at what is desired', () => {
  fc.assert(
    fc.property(servers, servers, (current, desired) => {
      const last = [...states(current, serverSteps(current, desired))].at(-1) ?? byId(current);
      expect(last).toEqual(byId(desired));
    }),
  );
});

test('a group that takes traffic before and after takes it at every step between, replacements of the only server aside', () => {
  const serves = (list: Iterable<Server>) => [...list].some((server) => server.Weight > 0);
  fc.assert(
    fc.property(servers, servers, (current, desired) => {
      const steps = serverSteps(current, desired);
      fc.pre(serves(current) && serves(desired.filter((server) => !steps.replace.includes(server))));
      for (const state of states(current, steps)) expect(serves(state.values())).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('servers that are as desired are left alone', () => {
  fc.assert(
    fc.property(servers, (list) => {
      expect(serverSteps(list, list)).toEqual({ add: [], weigh: [], remove: [], replace: [] });
    }),
  );
});
