import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { DemoCluster, FailureMode } from './demo-cluster.ts';
import { reachable } from './ports.ts';

const MODES: readonly FailureMode[] = ['refuse', 'hang', 'brownout'];
const HELP = `POST /{name}/fail?mode=${MODES.join('|')} or POST /{name}/recover, by the name of a cluster, a site or a city\n`;

export interface DemoControl {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts an HTTP server whose POST requests make demo clusters fail and recover. `find` returns the clusters that a
 * name stands for.
 */
export async function startDemoControl(
  find: (name: string) => readonly DemoCluster[],
  { host, port }: { host: string; port: number },
): Promise<DemoControl> {
  const server = createServer((request, response) => {
    request.resume();
    carryOut(find, request).then(
      ({ status, text }) => response.writeHead(status, { 'content-type': 'text/plain' }).end(text),
      (error) => response.destroy(error),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${reachable(host)}:${bound}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function carryOut(
  find: (name: string) => readonly DemoCluster[],
  { method, url }: IncomingMessage,
): Promise<{ status: number; text: string }> {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://local');
  const [, name = '', verb] = pathname.split('/');
  const clusters = find(name);
  if (method !== 'POST' || clusters.length === 0) return { status: 404, text: HELP };
  const told = (what: string) => ({
    status: 200,
    text: clusters.map((cluster) => `${cluster.name} ${what}.\n`).join(''),
  });
  if (verb === 'recover') {
    await Promise.all(clusters.map((cluster) => cluster.recover()));
    return told('serves again');
  }
  const mode = MODES.find((one) => one === (searchParams.get('mode') ?? 'refuse'));
  if (verb !== 'fail' || mode === undefined) return { status: 400, text: HELP };
  await Promise.all(clusters.map((cluster) => cluster.fail(mode)));
  return told(`fails: ${mode}`);
}
