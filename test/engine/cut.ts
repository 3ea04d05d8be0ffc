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
  /** As real as those of the harness. */
  deps: Deps;
  /** Where it has stopped, such as `before CreateRules`, once everything that it had sent has landed. Does not resolve if it never stops. */
  stopped: Promise<string>;
  /** Resolves once what it has sent so far has been done. */
  landed(): Promise<void>;
  /** Stops it at its next moment, if it has not stopped yet. */
  kill(): void;
  /** Lets it go on from where it has stopped, and to its end. */
  resume(): void;
  /** Every moment that it has passed. */
  passed: readonly string[];
  close(): void;
}

const READS_OF_CLOUD = /^(List|Get)/;
const WRITES_OF_TABLE = /^(TransactWrite|BatchWrite|Put|Update|Delete)/;

/** A process that stops at its n-th moment; the first is 1. */
export function startProcess(plane: ControlPlane, n: number): Process {
  const line = new Line(n);
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
    deps: plane.deps({ store: createDynamoStore(client, DEFAULT_TABLE_NAME), cloud, clock }),
    stopped: line.stopped.then(async (moment) => {
      await landed();
      return moment;
    }),
    landed,
    kill: () => line.stopNow(),
    resume: () => line.open(),
    passed: line.passed,
    close: () => client.destroy(),
  };
}

/** The moments of one process, in the order in which they come. */
class Line {
  readonly passed: string[] = [];
  /** Requests to the table that have been sent and not been answered. */
  readonly inFlight = new Set<Promise<unknown>>();
  /** Attempts of calls to the cloud that have been let through. */
  attempts = 0;
  #n: number;
  readonly #stop = Promise.withResolvers<string>();
  readonly #gate = Promise.withResolvers<void>();

  constructor(n: number) {
    this.#n = n;
  }

  get stopped(): Promise<string> {
    return this.#stop.promise;
  }

  async pass(moment: string): Promise<void> {
    if (this.passed.length + 1 >= this.#n) {
      this.#stop.resolve(moment);
      await this.#gate.promise;
    }
    this.passed.push(moment);
  }

  stopNow(): void {
    this.#n = 0;
  }

  open(): void {
    this.#n = Number.POSITIVE_INFINITY;
    this.#gate.resolve();
  }
}

/** Inside the retries of the SDK. */
function stopTable(client: DynamoDBClient, line: Line): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const command = String(context['commandName']).replace(/Command$/, '');
      await line.pass(`before ${command}`);
      const sent = next(args);
      line.inFlight.add(sent);
      try {
        return await sent;
      } finally {
        line.inFlight.delete(sent);
        if (WRITES_OF_TABLE.test(command)) await line.pass(`after ${command}`);
      }
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
      try {
        return await cloud.call({ ...request, beforeAttempt });
      } finally {
        if (!READS_OF_CLOUD.test(action)) await line.pass(`after ${action}`);
      }
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
