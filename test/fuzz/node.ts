import { monotonicFactory } from 'ulid';
import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import { createControlPlane } from '../../functions/composition.ts';
import type { Net } from '../../functions/deps.ts';
import { runSchedule } from '../../functions/engine/schedule/schedule.ts';
import { parseEnv } from '../../functions/env.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { MemoryTable } from '../../infra/local/memory-table.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { openApi } from '../document.ts';
import type { StepClock } from '../honesty/clock.ts';
import type { Cast } from './callers.ts';
import { controlCloud, settingsOf, type Target, type World } from './target.ts';

/** A stream that has not ended after this many characters is left. */
const MAX_TEXT = 4_000_000;

/** The length of one run of the schedule, in virtual time: enough for five rounds of probes. */
const SCHEDULE_MS = 25_000;

/**
 * The control plane of the product in this process, with a table in memory and in virtual time. An answer waits for the work that its request
 * leaves behind. What it logs is taken from the console.
 */
export function nodeTarget(cast: Cast, world: World, clock: StepClock): Target {
  const plane = createControlPlane(parseEnv(settingsOf(cast, world, 'http://127.0.0.1:1')), { openApi });
  let table = new MemoryTable(DEFAULT_TABLE_NAME);
  let lines: string[] = [];
  // Time passes only while nothing is under way, and the requests of a real network could not be seen.
  const net: Net = {
    fetch: async () => ({ status: world.isHealthy() ? 200 : 503 }),
    connect: async () => undefined,
  };
  const written = console.log;
  console.log = (line: unknown) => lines.push(String(line));
  const nextUlid = monotonicFactory();
  const deps = () => ({
    ...plane.createDeps(),
    store: clock.store(createDynamoStore(table.connect(), DEFAULT_TABLE_NAME)),
    cloud: controlCloud(world, clock),
    ids: { ulid: () => nextUlid(clock.now()) },
    ...{ clock, net },
  });
  return {
    name: 'node',
    clock,
    connect: () => table.connect(),
    empty: async () => {
      table = new MemoryTable(DEFAULT_TABLE_NAME);
    },
    send: async ({ method, path, headers, body }) => {
      const left: Promise<unknown>[] = [];
      const context = {
        waitUntil: (work: Promise<unknown>) => left.push(work),
        passThroughOnException: () => undefined,
        props: {},
      };
      const request = new Request(`http://api.test${path}`, {
        ...{ method, headers: headers.map(([name, value]) => [name, value]) as [string, string][] },
        ...(body !== undefined && { body }),
      });
      const response = await plane.app.fetch(request, deps(), context);
      const text = await textOf(response);
      await Promise.all(left);
      return { status: response.status, headers: response.headers, text };
    },
    work: async () => await runSchedule(deps(), clock.now() + SCHEDULE_MS, stepRollouts),
    takeLog: () => {
      const taken = lines.join('\n');
      lines = [];
      return taken;
    },
    close: async () => {
      console.log = written;
    },
  };
}

/** Returns the text of an answer, and stops reading one that does not end. */
export async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_TEXT) break;
  }
  return text;
}
