/** Runs the Worker in workerd, as `wrangler dev` does, from within this process. */

import type { ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { unstable_DevEnv as DevEnv } from 'wrangler';
import { collectChildren, failureOf, guardChildren } from './children.ts';
import { reportingFailure, requireWritable } from './files.ts';
import { LOOPBACK, reachable } from './ports.ts';

const ROOT = new URL('../..', import.meta.url);
const BUILD_DIRECTORY = fileURLToPath(new URL('.wrangler', ROOT));
const READY_WITHIN_MS = 60_000;

/**
 * The interval of the local schedule. Cron's finest step is a minute; firing more often lets a new prober take over
 * soon when it starts before the lease of a dead one has ended.
 */
const FIRING_INTERVAL_MS = 20_000;

export interface LocalWorker {
  url: string;
  /** Rejects with the reason when workerd ends. */
  failed: Promise<never>;
  /** Fires the scheduled handler and resolves with its outcome once it has ended. */
  scheduled(): Promise<string>;
  close(): Promise<void>;
}

export interface WorkerOptions {
  /** The address to listen on; the loopback address when absent. */
  host?: string;
  /** The port to listen on; a free one when absent. */
  port?: number;
  /** The module to run instead of the main one of wrangler.toml. */
  entrypoint?: string;
  /** Variables and secrets, which override those of wrangler.toml. */
  settings: Record<string, string>;
  /** The file for the Worker's log; an existing file is replaced. */
  logFile: string;
}

/** Starts the Worker of wrangler.toml. Rejects when it does not build or start. The port must be free. */
export async function startWorker(options: WorkerOptions): Promise<LocalWorker> {
  const { host = LOOPBACK, logFile } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  rmSync(logFile, { force: true });
  requireWritable(BUILD_DIRECTORY, 'wrangler builds the Worker there, so copy the project to a folder that can be.');
  const { unstable_DevEnv } = await loadWrangler();
  guardChildren();
  const environment = new unstable_DevEnv();
  const startFailed = startFailure(environment);
  startFailed.catch(() => undefined);
  const reloaded = new Promise<void>((resolve) => environment.once('reloadComplete', () => resolve()));
  try {
    const { result: worker, children } = await collectChildren(async () => {
      const started = await withoutSignalHandlers(() => environment.startWorker(inputOf(options)));
      await Promise.race([reloaded, startFailed]);
      return started;
    });
    const { port } = await Promise.race([worker.url, startFailed]);
    const url = `http://${reachable(host)}:${port}`;
    const failed = workerdFailure(children, logFile);
    // Keeps Node from reporting an unhandled rejection after `close`, or when the caller does not wait for the failure.
    failed.catch(() => undefined);
    return {
      url,
      failed,
      scheduled: async () => {
        const query = new URLSearchParams({ cron: '* * * * *', format: 'json' });
        const response = await worker.fetch(`${url}/cdn-cgi/local/scheduled?${query}`);
        const { outcome } = (await response.json()) as { outcome: string };
        return outcome;
      },
      close: async () => await environment.teardown(),
    };
  } catch (error) {
    await environment.teardown();
    throw error;
  }
}

function inputOf({ host = LOOPBACK, port = 0, entrypoint, settings, logFile }: WorkerOptions) {
  const log = reportingFailure(logFile, (message: string) => appendFileSync(logFile, `${message}\n`));
  return {
    config: fileURLToPath(new URL('wrangler.toml', ROOT)),
    ...(entrypoint !== undefined && { entrypoint }),
    // The settings of a developer's own deployment must not leak into the local one.
    envFiles: [devNull],
    bindings: Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, { type: 'secret_text' as const, value }]),
    ),
    dev: {
      server: { hostname: host, port },
      logLevel: 'none' as const,
      watch: false,
      persist: false as const,
      inspector: false as const,
      remote: false as const,
      structuredLogsHandler: ({ message }: { message: string }) => log(message),
    },
  };
}

/**
 * Rejects when a workerd process ends. One of them runs the Worker and another passes requests on to it; neither is of
 * use without the other.
 */
async function workerdFailure(children: ChildProcess[], logFile: string): Promise<never> {
  const failures = children
    .filter(({ spawnfile }) => basename(spawnfile).startsWith('workerd'))
    .map((child) => failureOf(child, `The Worker, whose log is ${logFile},`));
  return await Promise.race(failures);
}

/**
 * Calls `start` and removes the signal handlers that it added: Miniflare's would end the process at once, whereas
 * `runProgram` decides how a program ends.
 */
async function withoutSignalHandlers<T>(start: () => Promise<T>): Promise<T> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const result = await start();
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) if (!known.includes(listener)) process.off(signal, listener);
  }
  return result;
}

/**
 * Fires the scheduled handler at once and at intervals until it is stopped. Firings may overlap, as they may in
 * production.
 */
export function startScheduler(worker: LocalWorker): { stop(): void } {
  let stopped = false;
  const fire = () => {
    // Firings that are under way fail when the Worker is stopped, which is not worth a report.
    worker.scheduled().catch((error: unknown) => {
      if (!stopped) console.error(`The schedule could not be fired: ${error instanceof Error ? error.message : error}`);
    });
  };
  fire();
  const timer = setInterval(fire, FIRING_INTERVAL_MS);
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/**
 * Loads wrangler with settings that it reads when it is loaded: it fetches and reports nothing, and writes no log to
 * the user's home folder.
 */
async function loadWrangler() {
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  process.env['WRANGLER_WRITE_LOGS'] = 'false';
  return await import('wrangler');
}

interface BuildFailed {
  cause: Error & { errors?: { text: string }[] };
}

async function startFailure(environment: DevEnv): Promise<never> {
  return await new Promise((_resolve, reject) => {
    environment.on('buildFailed', ({ cause }: BuildFailed) => {
      const reasons = cause.errors?.map((error) => error.text) ?? [cause.message];
      reject(new Error(`The Worker does not build: ${reasons.join('; ')}`));
    });
    environment.on('error', (event: { reason?: string; message?: string }) => {
      reject(new Error(`The Worker does not start: ${event.reason ?? event.message}`));
    });
    const late = () => reject(new Error(`The Worker did not start within ${READY_WITHIN_MS / 1000} s.`));
    setTimeout(late, READY_WITHIN_MS).unref();
  });
}
