/** The Worker in workerd, as `wrangler dev` runs it, within this process. */

import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { unstable_DevEnv as DevEnv } from 'wrangler';

const ROOT = new URL('../..', import.meta.url);
const HOST = '127.0.0.1';
const READY_WITHIN_MS = 60_000;

/** Cron's finest step is a minute. Firing more often lets a prober take over soon that starts while the lease of a dead one lasts. */
const FIRING_INTERVAL_MS = 20_000;

export interface LocalWorker {
  url: string;
  /** Fires the scheduled handler and resolves with its outcome once it has ended. */
  scheduled(): Promise<string>;
  close(): Promise<void>;
}

export interface WorkerOptions {
  /** Default: a free one. */
  port?: number;
  /** Another module than the main one of wrangler.toml. */
  entrypoint?: string;
  /** Variables and secrets, over those of wrangler.toml. */
  settings: Record<string, string>;
  /** Takes what the Worker logs; begun anew. */
  logFile: string;
}

/** Starts the Worker of wrangler.toml. Rejects when it does not build or does not start; the port must be free. */
export async function startWorker({ port = 0, entrypoint, settings, logFile }: WorkerOptions): Promise<LocalWorker> {
  mkdirSync(dirname(logFile), { recursive: true });
  rmSync(logFile, { force: true });
  const { unstable_DevEnv } = await loadWrangler();
  const environment = new unstable_DevEnv();
  const failed = failure(environment);
  failed.catch(() => undefined);
  const reloaded = new Promise<void>((resolve) => environment.once('reloadComplete', () => resolve()));
  try {
    const worker = await environment.startWorker({
      config: fileURLToPath(new URL('wrangler.toml', ROOT)),
      ...(entrypoint !== undefined && { entrypoint }),
      // Settings of a developer's own deployment have no place here.
      envFiles: [devNull],
      bindings: Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [name, { type: 'secret_text' as const, value }]),
      ),
      dev: {
        server: { hostname: HOST, port },
        logLevel: 'none',
        watch: false,
        persist: false,
        inspector: false,
        remote: false,
        structuredLogsHandler: ({ message }: { message: string }) => appendFileSync(logFile, `${message}\n`),
      },
    });
    await Promise.race([reloaded, failed]);
    const { origin } = await Promise.race([worker.url, failed]);
    return {
      url: origin,
      scheduled: async () => {
        const query = new URLSearchParams({ cron: '* * * * *', format: 'json' });
        const response = await worker.fetch(`${origin}/cdn-cgi/local/scheduled?${query}`);
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

/** Fires the scheduled handler at once and at intervals until it is stopped; firings overlap as they may in production. */
export function startScheduler(worker: LocalWorker): { stop(): void } {
  let stopped = false;
  const fire = () => {
    // When the Worker goes away, so do the firings that are under way.
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

/** Wrangler reads these when it is loaded: nothing is fetched or reported, and its own log stays in the project. */
async function loadWrangler() {
  process.env['WRANGLER_SEND_METRICS'] = 'false';
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  process.env['WRANGLER_LOG_PATH'] = fileURLToPath(new URL('.fairlead/wrangler', ROOT));
  return await import('wrangler');
}

interface BuildFailed {
  cause: Error & { errors?: { text: string }[] };
}

async function failure(environment: DevEnv): Promise<never> {
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
