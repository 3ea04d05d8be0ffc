import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Deviation, noReading } from '../../functions/core/gateway/reading.ts';
import { type Deps, type Notifier, type Store, StoreUnavailable } from '../../functions/deps.ts';
import { ClusterInput } from '../../schemas/cluster.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import type { Event } from '../../schemas/notification.ts';
import type { Prng } from '../sim/prng.ts';
import { cluster, commitOk, creation, FLEET, fleet, gateway, NOW_MS } from '../store/fixtures.ts';

const GATEWAYS = ['east', 'west'];
const REASONS = ['Drifted', 'Refused', 'Shadowed'] as const;
const FRESHNESS_MS = 21_000;
const NEVER_MS = 1e15;

/** A fleet in which things go wrong now and then, and what an onlooker knows of it. */
export interface World {
  /** Changes one thing. */
  change(prng: Prng): Promise<void>;
  /** Repairs everything; nothing is wrong from here on, as long as the voter goes on being heard. */
  mend(): Promise<void>;
  hear(): Promise<void>;
  /** Keys of what is wrong, derived from what was done to the world and not from what is stored. */
  wrong(): string[];
}

export async function createWorld(store: Store, clock: { nowMs: number }): Promise<World> {
  const voters = [{ name: 'lab', type: 'agent', publicKey: `${'A'.repeat(43)}=` }];
  const health = { intervalSeconds: 5, timeoutSeconds: 2 };
  const spec = FleetInput.parse({ voters, health, notifications: [{ target: 'pager' }] });
  const probes = [{ type: 'tcp', host: '10.0.0.1', port: 80 }];
  const shop = { ...cluster('a'), uid: 'u-1', spec: ClusterInput.parse({ kind: 'kubernetes', probes }) };
  await commitOk(store, creation({ ...fleet(), spec }), creation(shop));
  for (const name of GATEWAYS) await commitOk(store, creation(gateway(name)));
  const lease = await store.acquire('gateway/prod/world', 'world', NEVER_MS, NOW_MS);
  if (lease === undefined) throw new Error('A new lease is free.');

  const found = new Map(GATEWAYS.map((name) => [name, { reasons: new Set<string>(), failingSinceMs: 0 }]));
  let [heardAtMs, isSuspect, isExpiring] = [clock.nowMs, false, false];
  const versions = { voter: 0, health: 0 };

  const read = async (name: string) => {
    const { reasons = new Set(), failingSinceMs = 0 } = found.get(name) ?? {};
    const since = new Date(failingSinceMs).toISOString();
    const deviations = [...reasons].map((reason) => deviation(reason as Deviation['reason'], since));
    const failure = failingSinceMs > 0 && { failure: { since, at: since, action: 'ListRules', code: 'Throttling' } };
    await store.putReading({ ...noReading(FLEET, name), deviations, ...failure }, undefined, lease);
  };
  const say = async () => {
    versions.voter += 1;
    const body = { heardAtMs, certificates: isExpiring ? { a: NEVER_MS } : {} };
    await store.putDocument({
      fleet: FLEET,
      kind: 'voter',
      id: 'lab',
      version: versions.voter,
      body,
      isPending: false,
    });
  };
  const doubt = async () => {
    versions.health += 1;
    const last = { outcome: 'ok', detail: '' } as const;
    const seen = {
      voter: 'lab',
      state: 'healthy',
      sinceMs: NOW_MS,
      outcomes: 'o',
      observedAtMs: NOW_MS,
      last,
    } as const;
    const about = { fleet: FLEET, cluster: 'a', uid: 'u-1', state: 'healthy', sinceMs: NOW_MS, recent: [] } as const;
    const votes = [{ ...seen, suspectUntilMs: isSuspect ? NEVER_MS : 0 }];
    await store.putHealth([{ record: { ...about, version: versions.health, votes, recent: [] } }]);
  };
  const hear = async () => {
    heardAtMs = clock.nowMs;
    await say();
  };
  await hear();

  return {
    hear,
    change: async (prng) => {
      const name = prng.pick(GATEWAYS);
      const state = found.get(name);
      const what = prng.pick([...REASONS, 'unreadable', 'voter', 'voter', 'suspect', 'certificate'] as const);
      if (what === 'voter') return await hear();
      if (what === 'suspect') {
        isSuspect = !isSuspect;
        return await doubt();
      }
      if (what === 'certificate') {
        isExpiring = !isExpiring;
        return await say();
      }
      if (state === undefined) return;
      if (what === 'unreadable') state.failingSinceMs = state.failingSinceMs > 0 ? 0 : clock.nowMs;
      else if (!state.reasons.delete(what)) state.reasons.add(what);
      await read(name);
    },
    mend: async () => {
      for (const [name, state] of found) {
        state.reasons.clear();
        state.failingSinceMs = 0;
        await read(name);
      }
      [isSuspect, isExpiring] = [false, false];
      await doubt();
      await hear();
    },
    wrong: () => {
      const silentMs = clock.nowMs - heardAtMs;
      const gateways = [...found].flatMap(([name, { reasons, failingSinceMs }]) => [
        ...[...reasons].map((reason) => `gateway/${name}/${reason.toLowerCase()}`),
        ...(failingSinceMs > 0 && clock.nowMs - failingSinceMs >= 30_000 ? [`gateway/${name}/unreadable`] : []),
      ]);
      return [
        ...gateways,
        ...(silentMs > FRESHNESS_MS ? ['voter/lab/silent'] : []),
        ...(silentMs > 2 * FRESHNESS_MS ? ['voter/lab/lost'] : []),
        ...(isSuspect ? ['voter/lab/suspect'] : []),
        ...(isExpiring ? ['cluster/a/certificate'] : []),
      ]
        .map((key) => `${FLEET}/${key}`)
        .sort();
    },
  };
}

function deviation(reason: Deviation['reason'], since: string): Deviation {
  const about = { kind: 'rule', key: `shop/${reason}`, detail: 'it differs', changes: [], isPoints: false, routes: [] };
  return { ...about, reason, since };
}

/**
 * A receiver that fails before or after it has taken an event; it fails for one event at most three times, so that none
 * is given up.
 */
export interface Receiver {
  url: string;
  /** Events in the order of their arrival; an event that arrived twice is here twice. */
  received: Event[];
  close(): Promise<void>;
}

const STATUS = { none: 200, before: 503, busy: 429 };

export async function startReceiver(fault: () => 'none' | 'before' | 'after' | 'busy'): Promise<Receiver> {
  const received: Event[] = [];
  const failures = new Map<string, number>();
  const server: Server = createServer(async (request, response) => {
    const event: Event = JSON.parse(await text(request)).data;
    const failed = failures.get(event.id) ?? 0;
    const kind = failed < 3 ? fault() : 'none';
    if (kind !== 'none') failures.set(event.id, failed + 1);
    if (kind === 'none' || kind === 'after') received.push(event);
    if (kind === 'after') request.socket.destroy();
    else response.writeHead(STATUS[kind], { 'Retry-After': '5' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    received,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * The fate of a call. A process that dies makes no further call; one that sleeps goes on when others have done more.
 */
export type Fault = 'none' | 'refused' | 'answer-lost' | 'dies-before' | 'dies-after' | 'sleeps';

/**
 * The ports as one process sees them, which fails and dies between any two calls. `sleep` resolves when the process is
 * woken.
 */
export function mortal(deps: Deps, fault: () => Fault, sleep: () => Promise<void>): Deps {
  let isDead = false;
  const act = (kind: Fault, when: 'before' | 'after') => {
    if (kind === `dies-${when}`) {
      isDead = true;
      throw new Error('the process is dead');
    }
    if (kind === (when === 'before' ? 'refused' : 'answer-lost')) throw unavailable();
  };
  const wrap = <T extends Store | Notifier>(port: T, mayTurn: (kind: Fault) => boolean): T =>
    new Proxy(port, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return async (...args: unknown[]) => {
          const drawn = isDead ? 'dies-before' : fault();
          const kind = mayTurn(drawn) ? drawn : 'none';
          act(kind, 'before');
          const answer = await method.apply(target, args);
          if (kind === 'sleeps') await sleep();
          act(kind, 'after');
          return answer;
        };
      },
    });
  // A process that slept between its lease and its request would send too late, which no receiver could tell.
  return { ...deps, store: wrap(deps.store, () => true), notifier: wrap(deps.notifier, (kind) => kind !== 'sleeps') };
}

function unavailable(): StoreUnavailable {
  return new StoreUnavailable({ trouble: 'unreachable', code: 'ConnectionFailed', message: 'the store is away' });
}
