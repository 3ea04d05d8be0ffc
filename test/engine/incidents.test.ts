import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { monotonicFactory } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import { LOOPBACK } from '../../functions/core/egress/target.ts';
import type { Deps, Store, StoredDocument } from '../../functions/deps.ts';
import { deliverDue } from '../../functions/engine/notify/deliver.ts';
import { notifyIncidents } from '../../functions/engine/notify/incidents.ts';
import { runSchedule } from '../../functions/engine/schedule/schedule.ts';
import { createNotifier } from '../../functions/notifier.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { EventClock } from '../../infra/local/event-clock.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import type { Event } from '../../schemas/notification.ts';
import { scale } from '../matrix.ts';
import { createPrng, type Prng } from '../sim/prng.ts';
import { openTable, type TestTable } from '../store/client.ts';
import { FLEET, NOW_MS } from '../store/fixtures.ts';
import { FLEET as PLACE, startFleet } from './fleet.ts';
import { createApi } from './harness.ts';
import { createWorld, type Fault, mortal, type Receiver, startReceiver, type World } from './incident-world.ts';

const FAULTS = scale(1_000, 250);
/** A random seed, unless the environment names one to repeat. */
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let table: TestTable;
let client: DynamoDBClient;
let store: Store;

beforeAll(async () => {
  table = await openTable();
  client = table.connect();
  store = createDynamoStore(client, DEFAULT_TABLE_NAME, { patienceMs: 60_000 });
});
afterAll(async () => {
  client.destroy();
  await table.close();
});

/**
 * Notes when each thing was wrong and when it was last reported as over. Something that is reported as open must have
 * been wrong since then.
 */
class History {
  #lastWrong = new Map<string, number>();
  #lastResolved = new Map<string, number>();
  #step = 0;

  note(wrong: readonly string[]): void {
    this.#step += 1;
    for (const key of wrong) this.#lastWrong.set(key, this.#step);
  }

  told(documents: readonly StoredDocument[]): void {
    for (const { body } of documents) {
      const incident = 'event' in body ? body.event.incident : undefined;
      // Clocks differ, so that some see a silence or a failure earlier.
      if (incident === undefined || TIMED.test(incident.key)) continue;
      if (incident.state === 'resolved') this.#lastResolved.set(incident.key, this.#step);
      else if ((this.#lastWrong.get(incident.key) ?? -1) < (this.#lastResolved.get(incident.key) ?? 0)) {
        this.wrongs.push(`${incident.key} is told to be open, and was not since it was told to be over`);
      }
    }
  }

  wrongs: string[] = [];
}

const TIMED = /\/(silent|lost|unreadable)$/;

interface Night {
  history: History;
  clock: { nowMs: number };
  prng: Prng;
  world: World;
  receiver: Receiver;
  faults: number;
  /** How often a call fails in the pass that runs. */
  rate: number;
  /** Processes that sleep in the middle of a pass, with what wakes them and what they are doing. */
  asleep: { wake: () => void; running: Promise<unknown> }[];
}

const nextUlid = monotonicFactory();

function depsOf({ clock, receiver, history }: Night, skewMs = 0): Deps {
  const own = { now: () => clock.nowMs + skewMs, sleep: async () => undefined };
  const log = { info: () => undefined, error: () => undefined };
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const targets = { pager: { format: 'webhook' as const, url: receiver.url, secret } };
  const notifier = createNotifier(targets, { clock: own, log, egress: { allowed: LOOPBACK } });
  const putDocuments: Store['putDocuments'] = async (documents) => {
    const isWritten = await store.putDocuments(documents);
    if (isWritten) history.told(documents);
    return isWritten;
  };
  return {
    store: { ...store, putDocuments },
    clock: own,
    log,
    ids: { ulid: () => nextUlid() },
    notifier,
  } as unknown as Deps;
}

async function pass(teller: Deps, sender = teller): Promise<void> {
  await notifyIncidents(teller);
  await deliverDue(sender);
}

/**
 * Runs one process until it has ended or sleeps. Leases tolerate clocks that differ by seconds, and notifications
 * tolerate more.
 */
async function run(night: Night, fault: () => Fault): Promise<void> {
  const { prng } = night;
  let fallAsleep = () => {};
  let wake = () => {};
  const sleeping = new Promise<void>((resolve) => (fallAsleep = resolve));
  const woken = new Promise<void>((resolve) => (wake = resolve));
  const sleep = () => {
    fallAsleep();
    return woken;
  };
  const [teller, sender] = [prng.int(-90_000, 90_000), prng.int(-3_000, 3_000)].map((skewMs) =>
    mortal(depsOf(night, skewMs), fault, sleep),
  );
  if (teller === undefined) return;
  const running = pass(teller, sender).catch(() => undefined);
  await Promise.race([running, sleeping]);
  night.asleep.push({ wake, running });
}

/** Lets sleeping processes go on with what they knew before. */
async function wakeSome(night: Night, isAll: boolean): Promise<void> {
  const awake = night.asleep.filter(() => isAll || night.prng.chance(0.3));
  night.asleep = night.asleep.filter((process) => !awake.includes(process));
  for (const { wake } of awake) wake();
  await Promise.all(awake.map(({ running }) => running));
}

/** Runs some processes that fail, sleep and die, with clocks that differ, while the world goes on. */
async function disturb(night: Night): Promise<void> {
  const { clock, prng, world } = night;
  clock.nowMs += prng.int(1, 20) * 1000;
  for (let change = prng.int(0, 2); change > 0; change--) {
    await world.change(prng);
    night.history.note(world.wrong());
  }
  night.history.note(world.wrong());
  night.rate = prng.pick([0.03, 0.15, 0.4]);
  const fault = (): Fault => {
    if (!prng.chance(night.rate)) return 'none';
    night.faults += 1;
    return prng.pick(['refused', 'answer-lost', 'dies-before', 'dies-after', 'sleeps']);
  };
  await Promise.all(Array.from({ length: prng.int(1, 3) }, () => run(night, fault)));
  await wakeSome(night, false);
}

/** Runs without faults until everything that waits has been sent and everything that is over has been reported. */
async function untilQuiet(night: Night, more: () => Promise<void> = async () => undefined): Promise<void> {
  night.rate = 0;
  await wakeSome(night, true);
  for (let round = 0; round < 12; round++) {
    night.clock.nowMs += 61_000;
    await more();
    await pass(depsOf(night));
  }
}

/**
 * Returns what the receiver believes to be open. Throws when it is told of an end without a beginning, or twice of one
 * event.
 */
function believed(received: readonly Event[]): string[] {
  const open = new Set<string>();
  const last = new Map<string, string>();
  for (const { id, incident } of received) {
    if (incident === undefined) throw new Error(`${id} is of no incident.`);
    const { key, state } = incident;
    // It was sent again with its id, since the answer was lost.
    if (last.get(key) === id) continue;
    last.set(key, id);
    if (open.has(key) === (state === 'opened')) throw new Error(`${key} is told to be ${state} once more: ${id}`);
    if (state === 'opened') open.add(key);
    else open.delete(key);
  }
  return [...open].sort();
}

describe('every incident', () => {
  it(`opens and resolves once, in this order, under ${FAULTS} faults of store, receiver and processes: SEED=${SEED}`, async () => {
    console.log(`SEED=${SEED}`);
    const prng = createPrng(SEED);
    const clock = { nowMs: NOW_MS };
    const history = new History();
    const night = { clock, prng, history, faults: 0, rate: 0, asleep: [] } as unknown as Night;
    night.receiver = await startReceiver(() => {
      if (!prng.chance(night.rate * 2)) return 'none';
      night.faults += 1;
      return prng.pick(['before', 'after', 'busy']);
    });
    const { receiver } = night;
    try {
      night.world = await createWorld(store, clock);
      const { world } = night;
      for (let step = 1; night.faults < FAULTS; step++) {
        await disturb(night);
        if (step % 60 === 0) {
          await untilQuiet(night);
          expect(believed(receiver.received), `SEED=${SEED}, step ${step}`).toEqual(world.wrong());
        }
      }
      await untilQuiet(night);
      expect(believed(receiver.received), `SEED=${SEED}`).toEqual(world.wrong());
      await world.mend();
      await untilQuiet(night, world.hear);
      expect(believed(receiver.received), `SEED=${SEED}`).toEqual([]);
    } finally {
      await receiver.close();
    }
    expect(history.wrongs, `SEED=${SEED}`).toEqual([]);
    const { items } = await store.documents(FLEET, 'delivery', { limit: 200 });
    expect(items.every(({ body }) => body.state === 'delivered')).toBe(true);
    const opened = new Set(
      receiver.received.filter(({ incident }) => incident?.state === 'opened').map(({ id }) => id),
    );
    console.log(`faults ${night.faults}, incidents ${opened.size}, requests ${receiver.received.length}`);
    expect(opened.size).toBeGreaterThan(scale(30, 7));
  }, 300_000);
});

describe('a schedule', () => {
  it('tells what has come up and sends it in the same pass, and tells outside every 20 seconds that it lives', async () => {
    const clock = new EventClock();
    const harness = await startFleet({ clock });
    try {
      const settings = { ...harness.deps().settings, notificationTargets: ['pager'] };
      const { automation, health } = (await harness.api('GET', PLACE)).body;
      const declared = { automation, health, notifications: [{ target: 'pager', events: ['certificate.expiring'] }] };
      await createApi(harness.deps({ settings }))('PUT', PLACE, declared, { 'if-match': '*' });
      const body = { certificates: { a: clock.now() + 86_400_000 } };
      const trace = { fleet: 'prod', kind: 'voter', id: 'edge', version: 1, body, isPending: false } as const;
      await harness.deps().store.putDocument(trace);
      const sent: Event[] = [];
      let beats = 0;
      const notifier: Deps['notifier'] = {
        send: async (_, event) => {
          sent.push(event);
          return { isDelivered: true, outcome: 'HTTP 200', isFinal: true };
        },
        ask: async () => ({ isTaken: false, outcome: 'HTTP 200' }),
        beat: async () => {
          beats += 1;
        },
      };
      await runSchedule(harness.deps({ notifier }), clock.now() + 25_000, stepRollouts);
      expect(sent).toMatchObject([{ incident: { key: 'prod/cluster/a/certificate', state: 'opened' } }]);
      expect(beats).toBe(2);
      await createApi(harness.deps({ notifier }))('POST', '/v1/probe-rounds', {});
      expect(beats, 'after a round that another scheduler has asked for').toBe(3);
    } finally {
      await harness.close();
    }
  });
});
