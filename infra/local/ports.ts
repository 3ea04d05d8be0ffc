import { once } from 'node:events';
import { createServer } from 'node:net';

export const HOST = '127.0.0.1';

/** Where the parts of the stack listen; 0 is any free port. */
export interface Ports {
  api: number;
  gateway: number;
  mseGateway: number;
  cloud: number;
  control: number;
  clusterA: number;
  clusterB: number;
}

/** The variable that changes each port, and the port without it. */
export const PORT_SETTINGS: Record<keyof Ports, { variable: string; port: number }> = {
  api: { variable: 'FAIRLEAD_API_PORT', port: 8787 },
  gateway: { variable: 'FAIRLEAD_GATEWAY_PORT', port: 8080 },
  mseGateway: { variable: 'FAIRLEAD_MSE_GATEWAY_PORT', port: 8081 },
  cloud: { variable: 'FAIRLEAD_CLOUD_PORT', port: 9200 },
  control: { variable: 'FAIRLEAD_CONTROL_PORT', port: 9100 },
  clusterA: { variable: 'FAIRLEAD_CLUSTER_A_PORT', port: 9101 },
  clusterB: { variable: 'FAIRLEAD_CLUSTER_B_PORT', port: 9102 },
};

export const ANY_PORTS: Ports = {
  api: 0,
  gateway: 0,
  mseGateway: 0,
  cloud: 0,
  control: 0,
  clusterA: 0,
  clusterB: 0,
};

/** The fixed ports, as the environment changes them. Throws one sentence when one makes no sense. */
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

/** Rejects with one sentence that names what is in the way, before anything is started. */
export async function requireFree(ports: Ports): Promise<void> {
  const owners = new Map<number, string>();
  for (const [part, { variable }] of settings()) {
    const port = ports[part];
    if (port === 0) continue;
    const other = owners.get(port);
    if (other !== undefined)
      throw new Error(`${variable} and ${other} are both ${port}: choose another port for one of them.`);
    owners.set(port, variable);
    if (await isTaken(port)) {
      throw new Error(`Port ${port} is in use: stop what listens there, or set ${variable} to another port.`);
    }
  }
}

function settings(): [keyof Ports, { variable: string; port: number }][] {
  return Object.entries(PORT_SETTINGS) as [keyof Ports, { variable: string; port: number }][];
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    return false;
  } catch {
    return true;
  } finally {
    server.close();
  }
}
