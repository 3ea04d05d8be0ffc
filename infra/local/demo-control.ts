import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { DemoCluster, FailureMode } from './demo-cluster.ts';
import { reachable } from './ports.ts';

const MODES: readonly FailureMode[] = ['refuse', 'hang', 'brownout'];
const HELP = `POST /{cluster}/fail?mode=${MODES.join('|')} or POST /{cluster}/recover\n`;

export interface DemoControl {
  url: string;
  close(): Promise<void>;
}

/** Breaks and mends demo clusters at the word of a POST. */
export async function startDemoControl(
  clusters: readonly DemoCluster[],
  { host, port }: { host: string; port: number },
): Promise<DemoControl> {
  const server = createServer((request, response) => {
    request.resume();
    carryOut(clusters, request).then(
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
  clusters: readonly DemoCluster[],
  { method, url }: IncomingMessage,
): Promise<{ status: number; text: string }> {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://local');
  const [, name, verb] = pathname.split('/');
  const cluster = clusters.find((one) => one.name === name);
  if (method !== 'POST' || cluster === undefined) return { status: 404, text: HELP };
  if (verb === 'recover') {
    await cluster.recover();
    return { status: 200, text: `${cluster.name} serves again.\n` };
  }
  const mode = MODES.find((one) => one === (searchParams.get('mode') ?? 'refuse'));
  if (verb !== 'fail' || mode === undefined) return { status: 400, text: HELP };
  await cluster.fail(mode);
  return { status: 200, text: `${cluster.name} fails: ${mode}.\n` };
}
