import { request } from 'node:http';

/** One request through the gateway and its outcome. Times are in milliseconds since the epoch. */
export interface Sample {
  startedMs: number;
  endedMs: number;
  /** The cluster that answered with success. */
  cluster?: string;
  failure?: string;
}

export interface Target {
  url: string;
  headers: Record<string, string>;
  timeoutMs: number;
}

export interface Traffic {
  samples: readonly Sample[];
  /** Resolves once the last request has ended. */
  stop(): Promise<void>;
}

/**
 * Sends one request and resolves with its outcome; never rejects. Each request has a connection of its own, so that a
 * broken connection affects no other request.
 */
export function send({ url, headers, timeoutMs }: Target): Promise<Sample> {
  const startedMs = Date.now();
  return new Promise((resolve) => {
    const done = (outcome: Pick<Sample, 'cluster' | 'failure'>) => {
      clearTimeout(timer);
      resolve({ startedMs, endedMs: Date.now(), ...outcome });
    };
    const sent = request(url, { headers, agent: false }, (response) => {
      const { statusCode, headers: answered } = response;
      response.resume();
      response.once('error', (error) => done({ failure: error.message }));
      response.once('end', () =>
        done(statusCode === 200 ? { cluster: String(answered['x-cluster']) } : { failure: `HTTP ${statusCode}` }),
      );
    });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
    sent.once('error', (error) => done({ failure: error.message }));
    sent.end();
  });
}

/**
 * Sends requests to the targets in turn, at a steady total rate, however long the answers take, because real clients do
 * not wait for each other either.
 */
export function startTraffic(targets: readonly Target[], requestsPerSecond: number): Traffic {
  const samples: Sample[] = [];
  const open = new Set<Promise<void>>();
  let sent = 0;
  const timer = setInterval(() => {
    const target = targets[sent % targets.length];
    if (target === undefined) return;
    sent += 1;
    const pending = send(target).then((sample) => {
      samples.push(sample);
      open.delete(pending);
    });
    open.add(pending);
  }, 1000 / requestsPerSecond);
  return {
    samples,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

/** Sends `count` requests, a few at a time, and counts the answers of each cluster; failures count as `failed`. */
export async function measure(target: Target, count: number): Promise<Record<string, number>> {
  const answers: Record<string, number> = {};
  let left = count;
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      const { cluster = 'failed' } = await send(target);
      answers[cluster] = (answers[cluster] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  return answers;
}
