import type { Deps, Net, NetAnswer, Store } from '../../functions/deps.ts';
import { createInstance } from '../../infra/local/instances.ts';
import { MemoryTable } from '../../infra/local/memory-table.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import type { AlbTarget, MseTarget } from '../../schemas/gateway.ts';
import { type Api, accountOf, type ControlPlane, createApi, startControlPlane } from '../engine/harness.ts';
import { SILENT } from '../local-cloud/silent.ts';
import { StepClock } from './clock.ts';
import { clusterOfProbe, type GatewayName } from './places.ts';
import { Timeline } from './timeline.ts';

/** One read of a gateway that was recorded. Its content was there at some time in the span, both ends included. */
export interface Read {
  gateway: string;
  fromMs: number;
  toMs: number;
  /** True when all objects were read; false when only pools were. */
  isWhole: boolean;
}

/** The control plane under test with both gateways, and what else the oracle knows. */
export interface Plane {
  control: ControlPlane;
  clock: StepClock;
  timeline: Timeline;
  targets: { alb: AlbTarget; mse: MseTarget };
  /** Returns where the requests of a gateway arrive. */
  placeOf(gateway: string): string;
  /** Recorded reads; the newest is the last. */
  reads: Read[];
  /** Clusters that answer no probe. */
  down: Set<string>;
  deps(): Deps;
  /** The API; an answer does not wait for the work that it leaves behind. */
  api: Api;
  /**
   * The API for readers, at one instant in which nothing happens: it shows what the store says when it can be reached.
   */
  reader(): Api;
  close(): Promise<void>;
}

/** The table is in memory when `isInMemory` is true, and else in the embedded DynamoDB. */
export async function startPlane(isInMemory: boolean): Promise<Plane> {
  const clock = new StepClock();
  const table = new MemoryTable(DEFAULT_TABLE_NAME);
  const control = await startControlPlane({
    clock,
    random: () => 0.5,
    ...(isInMemory && { connect: () => table.connect() }),
    jobLatencyMs: 200,
    cloud: {
      gatewayLatencyMs: 200,
      publishLatencyMs: 200,
      ...SILENT,
    },
  });
  const timeline = new Timeline(control.cloud);
  clock.onQuiet = () => timeline.note(clock.now());
  clock.onMoved = async () => {
    await control.cloud.runDue();
    timeline.note(clock.now());
  };
  const account = accountOf(control);
  const targets = { alb: await createInstance.alb(account), mse: await createInstance.mse(account) };
  const reads: Read[] = [];
  const down = new Set<string>();
  const deps = () => {
    const ports = control.deps({ net: netWithout(down) });
    return { ...ports, store: clock.store(noting(ports.store, clock, reads)) };
  };
  return {
    ...{ control, clock, timeline, targets, reads, down, deps },
    placeOf: (gateway) => {
      const name = gateway as GatewayName;
      return name === 'alb' ? (targets.alb.listenerIds[0] ?? '') : targets.mse.gatewayUniqueId;
    },
    api: async (...request) => await createApi(deps(), { wait: false })(...request),
    reader: () => {
      const ports = deps();
      return createApi({ ...ports, store: saysAgain(ports.store) });
    },
    close: control.close,
  };
}

function saysAgain(store: Store): Store {
  const said = new Map<string, unknown>();
  const calls = Object.entries(store).map(([name, call]) => [
    name,
    (...args: unknown[]) => {
      const given = args.map(listed);
      const key = `${name} ${JSON.stringify(given)}`;
      if (!said.has(key)) said.set(key, (call as (...given: unknown[]) => unknown)(...given));
      return said.get(key);
    },
  ]);
  return Object.fromEntries(calls) as unknown as Store;
}

/** Names may be given in anything that can be iterated once. */
function listed(arg: unknown): unknown {
  return typeof arg === 'object' && arg !== null && Symbol.iterator in arg ? [...(arg as Iterable<unknown>)] : arg;
}

/** Notes what is recorded as read, with the time at which the read was over. */
function noting(store: Store, clock: StepClock, reads: Read[]): Store {
  return {
    ...store,
    putReading: async (reading, points, lease) => {
      await store.putReading(reading, points, lease);
      if (points === undefined || reading.poolsReadAt === undefined) return;
      const { gateway, readAt, poolsReadAt } = reading;
      reads.push({ gateway, fromMs: Date.parse(poolsReadAt), toMs: clock.now(), isWhole: readAt === poolsReadAt });
    },
  };
}

/** Every cluster answers its probes but those that are down. */
function netWithout(down: ReadonlySet<string>): Net {
  const answer = (url: string): NetAnswer => {
    const cluster = clusterOfProbe(url);
    return { status: cluster === undefined || down.has(cluster) ? 503 : 200 };
  };
  return { fetch: async (url) => answer(url), connect: async () => undefined };
}
