import { setTimeout as realSleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Cloud, Deps } from '../../functions/deps.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import type { ControlPlane } from './harness.ts';

/**
 * A process that can be stopped at any moment at which the world may see a difference: before each request to the table, each attempt of
 * a call to the cloud and each sleep, and after each of those that write, before the answer is used. What a read has told is lost
 * with the process, so that the moment after it is the one before the next.
 */
export interface Process {
  /** The ports of the process, as real as those of the harness. */
  deps: Deps;
  /** Where it has stopped, such as `before CreateRules`, once everything that it had sent has landed. Does not resolve if it never stops. */
  stopped: Promise<string>;
  /** Resolves once what it has sent so far has been done. */
  landed(): Promise<void>;
  /** Stops the process at its next moment, unless it has stopped already. */
  kill(): void;
  /** Lets the process go on from where it has stopped, to its end. */
  resume(): void;
  /**
   * The moments at which the process stands while it is stopped; there are several when it does several things at a
   * time.
   */
  standing(): string[];
  /** The writes of the process, in the order in which they were done. */
  wrote: readonly string[];
  close(): void;
}

/** Where to stop. `count` counts the moments; the first is 1. */
export type When = (moment: string, count: number) => boolean;

export function nth(n: number): When {
  return (_, count) => count >= n;
}

/**
 * Counts only the moments that are not before a read. For a process that dies they cover all moments: nothing is sent
 * and no time passes between a read and the next of them, so that the world is the same whether it dies at the one or
 * the other. A process that goes on differs: it has read what was there before or after.
 */
export function nthToDieAt(n: number): When {
  let count = 0;
  return (moment) => !READ.test(moment) && ++count >= n;
}

const READ = /^before (List|Get|Query$|BatchGetItem$|Scan$)/;

/** Stops behind the first write to the cloud, or behind the first call of this action. */
export function afterCall(action?: string): When {
  return (moment) => {
    const [side, name = ''] = moment.split(' ');
    return side === 'after' && (action === undefined ? !isOfTable(name) : action === name);
  };
}

/** Tells whether a write goes to the table rather than to the cloud. */
export function isOfTable(write: string): boolean {
  return WRITES_OF_TABLE.test(write);
}

const READS_OF_CLOUD = /^(List|Get)/;
const WRITES_OF_TABLE = /^(TransactWriteItems|BatchWriteItem|PutItem|UpdateItem|DeleteItem)$/;

/** A process that stands still does not take its store for silent, however long it stands. */
const HOUR_MS = 3_600_000;

export function startProcess(plane: ControlPlane, when: When): Process {
  const line = new Line(when);
  const client = plane.connect();
  stopTable(client, line);
  const clock = stopClock(plane.clock, line);
  const cloud = stopCloud(plane.deps({ clock }).cloud, line);
  const answeredBefore = answered(plane);
  const landed = async () => {
    await Promise.allSettled(line.inFlight);
    while (answered(plane) - answeredBefore < line.attempts) await realSleep(1);
  };
  return {
    deps: plane.deps({ store: createDynamoStore(client, DEFAULT_TABLE_NAME, { patienceMs: HOUR_MS }), cloud, clock }),
    stopped: line.stopped.then(async (moment) => {
      await landed();
      return moment;
    }),
    landed,
    kill: () => line.stopNow(),
    resume: () => line.open(),
    standing: () => [...line.standing],
    wrote: line.wrote,
    close: () => client.destroy(),
  };
}

/** The moments of one process in their order. When it has to stop, everything that it does at a time stops. */
class Line {
  readonly wrote: string[] = [];
  /** Requests to the table that have been sent and not been answered. */
  readonly inFlight = new Set<Promise<unknown>>();
  readonly standing = new Set<string>();
  /** Attempts of calls to the cloud that have been let through. */
  attempts = 0;
  #when: When;
  #count = 0;
  readonly #stop = Promise.withResolvers<string>();
  readonly #gate = Promise.withResolvers<void>();

  constructor(when: When) {
    this.#when = when;
  }

  get stopped(): Promise<string> {
    return this.#stop.promise;
  }

  async pass(moment: string): Promise<void> {
    this.#count++;
    if (!this.#when(moment, this.#count)) return;
    this.stopNow();
    this.#stop.resolve(moment);
    this.standing.add(moment);
    await this.#gate.promise;
  }

  /** The moment after a write; a refused write has none, since it has changed nothing. */
  async written(name: string): Promise<void> {
    this.wrote.push(name);
    await this.pass(`after ${name}`);
  }

  stopNow(): void {
    this.#when = () => true;
  }

  open(): void {
    this.#when = () => false;
    this.standing.clear();
    this.#gate.resolve();
  }
}

/** Stands inside the retries of the store. */
function stopTable(client: DynamoDBClient, line: Line): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const command = String(context['commandName']).replace(/Command$/, '');
      await line.pass(`before ${command}`);
      const sent = next(args);
      line.inFlight.add(sent);
      const answer = await sent.finally(() => line.inFlight.delete(sent));
      if (isOfTable(command)) await line.written(command);
      return answer;
    },
    { step: 'deserialize', priority: 'high', name: 'stop' },
  );
}

function stopCloud(cloud: Cloud, line: Line): Cloud {
  return {
    call: async (request) => {
      const { action } = request;
      const beforeAttempt = async () => {
        await request.beforeAttempt?.();
        await line.pass(`before ${action}`);
        line.attempts++;
      };
      const answer = await cloud.call({ ...request, beforeAttempt });
      if (!READS_OF_CLOUD.test(action)) await line.written(action);
      return answer;
    },
  };
}

function stopClock(clock: Deps['clock'], line: Line): Deps['clock'] {
  return {
    now: clock.now,
    sleep: async (ms) => {
      await line.pass('before sleep');
      await clock.sleep(ms);
    },
  };
}

function answered({ cloud }: ControlPlane): number {
  const { reads, writes } = cloud.counts();
  return reads + writes;
}
