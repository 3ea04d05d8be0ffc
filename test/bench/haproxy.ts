import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireHaproxy } from '../../infra/haproxy.ts';
import { failureOf, guardChildren } from '../../infra/local/children.ts';
import type { DemoCluster } from '../../infra/local/demo-cluster.ts';
import { freePort, LOOPBACK } from '../../infra/local/ports.ts';

const READY_WITHIN_MS = 10_000;

/** How HAProxy finds out that a server is dead: the interval and the threshold that its users know. */
export const HAPROXY_CHECK = 'inter 2s fall 3';

export interface Haproxy {
  url: string;
  version: string;
  /** Ends the process; resolves once it has ended. */
  close(): Promise<void>;
}

/**
 * Starts an HAProxy that shares requests among clusters by weight and checks them by itself. It keeps its configuration
 * in `directory`, and ends when this process does, in whatever way. Throws one sentence when it is not installed or
 * does not start.
 */
export async function startHaproxy(
  directory: string,
  clusters: readonly { cluster: DemoCluster; weight: number }[],
): Promise<Haproxy> {
  const version = requireHaproxy();
  const port = await freePort();
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, configuration(port, clusters));
  guardChildren();
  // HAProxy runs in the foreground, as one process.
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const failed = failureOf(child, 'HAProxy');
  const ended = failed.catch(() => undefined);
  const close = async () => {
    child.kill();
    await ended;
  };
  const url = `http://${LOOPBACK}:${port}`;
  try {
    await Promise.race([answers(url), failed]);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, version, close };
}

/**
 * Nothing is sent again: the comparison is about how soon requests stop going to a dead cluster, and gateways do not
 * retry by themselves.
 */
function configuration(port: number, clusters: readonly { cluster: DemoCluster; weight: number }[]): string {
  const servers = clusters.map(
    ({ cluster: { name, address }, weight }) => `  server ${name} ${address.host}:${address.port} weight ${weight}`,
  );
  return `${[
    'defaults',
    '  mode http',
    '  timeout connect 3s',
    '  timeout client 10s',
    '  timeout server 10s',
    '  retries 0',
    'listen shop',
    `  bind ${LOOPBACK}:${port}`,
    '  balance roundrobin',
    `  default-server check ${HAPROXY_CHECK}`,
    ...servers,
  ].join('\n')}\n`;
}

async function answers(url: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    const answered = await fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return;
    await sleep(50);
  }
  throw new Error(`HAProxy did not answer at ${url} within ${READY_WITHIN_MS / 1000} s.`);
}
