import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, isIPv4 } from 'node:net';
import { listenerOn } from './listeners.ts';

/** The address of everything that only the stack itself calls. */
export const LOOPBACK = '127.0.0.1';
const ANY_ADDRESS = '0.0.0.0';
const HOST_SETTING = 'FAIRLEAD_HOST';

/** The ports on which the parts of the stack listen; 0 stands for any free port. */
export interface Ports {
  api: number;
  gateway: number;
  mseGateway: number;
  cloud: number;
  control: number;
  clusterA: number;
  clusterB: number;
  clusterC: number;
  clusterD: number;
}

export type ClusterPort = Extract<keyof Ports, `cluster${string}`>;

interface PortSetting {
  variable: string;
  port: number;
  /** True when the part listens on the address of FAIRLEAD_HOST; the other parts are called by the stack only. */
  exposed?: true;
}

/** The environment variable of each port, and its default. */
export const PORT_SETTINGS: Record<keyof Ports, PortSetting> = {
  api: { variable: 'FAIRLEAD_API_PORT', port: 8787, exposed: true },
  gateway: { variable: 'FAIRLEAD_GATEWAY_PORT', port: 8080, exposed: true },
  mseGateway: { variable: 'FAIRLEAD_MSE_GATEWAY_PORT', port: 8081, exposed: true },
  cloud: { variable: 'FAIRLEAD_CLOUD_PORT', port: 9200 },
  control: { variable: 'FAIRLEAD_CONTROL_PORT', port: 9100, exposed: true },
  clusterA: { variable: 'FAIRLEAD_CLUSTER_A_PORT', port: 9101 },
  clusterB: { variable: 'FAIRLEAD_CLUSTER_B_PORT', port: 9102 },
  clusterC: { variable: 'FAIRLEAD_CLUSTER_C_PORT', port: 9103 },
  clusterD: { variable: 'FAIRLEAD_CLUSTER_D_PORT', port: 9104 },
};

export const ANY_PORTS: Ports = {
  api: 0,
  gateway: 0,
  mseGateway: 0,
  cloud: 0,
  control: 0,
  clusterA: 0,
  clusterB: 0,
  clusterC: 0,
  clusterD: 0,
};

/** Returns the default ports, changed by the environment. Throws one sentence when a value is not a port. */
export function readPorts(env: Record<string, string | undefined>): Ports {
  const ports = { ...ANY_PORTS };
  for (const [part, { variable, port }] of settings()) {
    const text = env[variable] ?? String(port);
    if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65535) {
      throw new Error(`${variable} must be a port from 1 to 65535, not ${JSON.stringify(text)}.`);
    }
    ports[part] = Number(text);
  }
  return ports;
}

/**
 * Returns the address to listen on, which the environment can change. Throws one sentence when it is not an IPv4
 * address.
 */
export function readHost(env: Record<string, string | undefined>): string {
  const host = env[HOST_SETTING] ?? LOOPBACK;
  if (isIPv4(host)) return host;
  throw new Error(
    `${HOST_SETTING} must be an IPv4 address, such as ${LOOPBACK} or ${ANY_ADDRESS}, not ${JSON.stringify(host)}.`,
  );
}

/** Returns the ports with those of unused clusters set to 0, because nothing listens on them. */
export function portsFor(clusters: readonly { port: ClusterPort }[], ports: Ports): Ports {
  const { clusterA, clusterB, clusterC, clusterD } = ANY_PORTS;
  const used = Object.fromEntries(clusters.map(({ port }) => [port, ports[port]]));
  return { ...ports, clusterA, clusterB, clusterC, clusterD, ...used };
}

export function isLoopback(host: string): boolean {
  return host.startsWith('127.');
}

/** Returns an address at which this machine reaches what listens on `host`. */
export function reachable(host: string): string {
  return host === ANY_ADDRESS ? LOOPBACK : host;
}

/**
 * The range from which free ports are taken. Systems give no port of it to whoever asks for any, which Linux does from 32768
 * and others from 49152 on, so that nobody else gets a port between the moment at which it is found free and its use.
 */
const FREE_PORTS = { first: 20_000, last: 29_999 } as const;
const MAX_ATTEMPTS = 100;

/** Resolves with a port at the loopback address on which nothing listens. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const port = randomInt(FREE_PORTS.first, FREE_PORTS.last + 1);
    if ((await obstacleAt(port)) === undefined) return port;
  }
  throw new Error(`No free port was found from ${FREE_PORTS.first} to ${FREE_PORTS.last} of ${LOOPBACK}.`);
}

/** Rejects when something listens on the port at the loopback address. */
export async function requireFreePort(port: number): Promise<void> {
  const code = await obstacleAt(port);
  if (code === undefined) return;
  throw new Error(`Port ${port} of ${LOOPBACK} is taken (${code}): stop what listens there, or choose another port.`);
}

/** Resolves with the code of the error with which a port cannot be listened on; undefined when it can. */
async function obstacleAt(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    server.close();
  }
}

/**
 * Checks that all ports are free before anything is started. Rejects with one sentence that names what is in the way.
 */
export async function requireFree(ports: Ports, host: string): Promise<void> {
  const owners = new Map<number, string>();
  for (const [part, { variable, exposed }] of settings()) {
    const port = ports[part];
    if (port === 0) continue;
    const other = owners.get(port);
    if (other !== undefined)
      throw new Error(`${variable} and ${other} are both ${port}: choose another port for one of them.`);
    owners.set(port, variable);
    await requireBindable({ port, variable, host: exposed ? host : LOOPBACK });
  }
}

function settings(): [keyof Ports, PortSetting][] {
  return Object.entries(PORT_SETTINGS) as [keyof Ports, PortSetting][];
}

async function requireBindable({
  port,
  variable,
  host,
}: {
  port: number;
  variable: string;
  host: string;
}): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRNOTAVAIL')
      throw new Error(`${HOST_SETTING} is ${host}, which is not an address of this machine.`);
    if (code === 'EACCES') {
      throw new Error(`This user may not listen on port ${port}: set ${variable} to a port from 1024.`);
    }
    if (code !== 'EADDRINUSE')
      throw new Error(`Port ${port} of ${host} cannot be used (${message}): set ${variable} to another port.`);
    const listener = listenerOn(port);
    const inUse = listener
      ? `Port ${port} is in use by ${listener.program} (pid ${listener.pid}): stop it`
      : `Port ${port} is in use: stop what listens there`;
    throw new Error(`${inUse}, or set ${variable} to another port.`);
  } finally {
    server.close();
  }
}
