/**
 * Starts everything but a real cloud account: the Worker, an embedded DynamoDB, a local Alibaba Cloud and the demo
 * clusters of an estate.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCloud } from '../../functions/cloud/alicloud.ts';
import { clock } from '../../functions/platform.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { DEFAULT_TABLE_NAME } from '../table.ts';
import type { ApiClient } from './client.ts';
import { type LocalCloud, startLocalCloud } from './cloud/server.ts';
import { readState, saveState } from './cloud-snapshot.ts';
import { type DemoCluster, startDemoCluster } from './demo-cluster.ts';
import { ensureTable, localSettings, startDynamo } from './dynamo.ts';
import type { Estate } from './estates/estate.ts';
import { DEFAULT_ESTATE, ESTATES } from './estates/index.ts';
import { reportingFailure } from './files.ts';
import {
  addressOf,
  createLoadBalancer,
  createMseGateway,
  existingLoadBalancer,
  existingMseGateway,
} from './instances.ts';
import { LOOPBACK, type Ports, portsFor, reachable, requireFree } from './ports.ts';
import { type LocalWorker, startWorker } from './worker.ts';

const ACCESS_KEY = { accessKeyId: 'LOCALACCESSKEY', accessKeySecret: 'local-access-key-secret' };
const SAVE_INTERVAL_MS = 1000;

export interface StackOptions {
  /** The estate; the default one when absent. */
  estate?: Estate;
  /** The address on which the API and the gateways listen; the loopback address when absent. */
  host?: string;
  ports: Ports;
  token: string;
  /** The folder for logs and, with `persist`, for the state that outlives a restart. */
  directory: string;
  /** True when state outlives a restart; otherwise everything is kept in memory. */
  persist: boolean;
  /** The endpoint of a DynamoDB to use instead of the embedded one. */
  dynamoEndpoint?: string | undefined;
  /** Called with each step that takes a while. */
  report?: (step: string) => void;
}

export interface Stack {
  estate: Estate;
  api: ApiClient;
  worker: LocalWorker;
  cloud: LocalCloud;
  /** The gateways that the demo fleet is declared on. */
  gateways: Record<GatewayTarget['provider'], LocalGateway>;
  /** The clusters, in the order of the estate. */
  clusters: DemoCluster[];
  logFile: string;
  /** Rejects with the reason when a process of the stack ends by itself. */
  failed: Promise<never>;
  close(): Promise<void>;
}

export interface LocalGateway {
  /** The name under which the gateway is declared. */
  name: string;
  target: GatewayTarget;
  /** The URL of its data plane, http://host:port. */
  url: string;
}

type Closer = () => Promise<void> | void;

/** Starts all parts of the stack. Rejects with one sentence when that fails, and leaves nothing running then. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await requireFree(portsFor(estateOf(options).clusters, options.ports), hostOf(options));
  mkdirSync(options.directory, { recursive: true });
  const closers: Closer[] = [];
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    return { ...(await startParts(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the parts of the stack, and adds the closer of each part as soon as it runs. */
async function startParts(options: StackOptions, closers: Closer[]): Promise<Omit<Stack, 'close'>> {
  const { ports, token, directory, report = () => undefined } = options;
  const failures: Promise<never>[] = [];
  report('Starting DynamoDB.');
  const dynamo = await startDatabase(options, closers);
  if (dynamo.failed) failures.push(dynamo.failed);
  const estate = estateOf(options);
  report(`Starting the local cloud, its gateways and ${estate.clusters.length} demo clusters.`);
  const cloud = await startCloud(options, closers);
  const gateways = await ensureGateways(cloud);
  if (options.persist) closers.push(keepSaving(snapshotOf(options), cloud));
  const clusters: DemoCluster[] = [];
  for (const { name, port } of estate.clusters) {
    const cluster = await startDemoCluster({ name, host: LOOPBACK, port: ports[port] });
    closers.push(() => cluster.close());
    clusters.push(cluster);
  }
  report('Building and starting the Worker.');
  const logFile = join(directory, 'worker.log');
  const worker = await startWorker({
    host: hostOf(options),
    port: ports.api,
    settings: settingsOf({ token, dynamoEndpoint: dynamo.endpoint, cloudUrl: cloud.url }),
    logFile,
  });
  closers.push(() => worker.close());
  failures.push(worker.failed);
  const failed = Promise.race(failures);
  // Keeps Node from reporting an unhandled rejection when nobody waits for the failure or the stack is closed first.
  failed.catch(() => undefined);
  const api = { url: worker.url, token };
  return { estate, api, worker, cloud, gateways, clusters, logFile, failed };
}

async function startDatabase(
  { directory, persist, dynamoEndpoint }: StackOptions,
  closers: Closer[],
): Promise<{ endpoint: string; failed?: Promise<never> }> {
  if (dynamoEndpoint !== undefined) {
    await ensureTable(dynamoEndpoint, DEFAULT_TABLE_NAME).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message || error.name : String(error);
      throw new Error(`The DynamoDB at DYNAMODB_ENDPOINT (${dynamoEndpoint}) cannot be used: ${reason}`);
    });
    return { endpoint: dynamoEndpoint };
  }
  const dynamo = await startDynamo(persist ? { dbPath: join(directory, 'dynamodb.sqlite') } : {});
  closers.push(() => dynamo.close());
  return dynamo;
}

function estateOf({ estate = ESTATES[DEFAULT_ESTATE] }: StackOptions): Estate {
  return estate;
}

function hostOf({ host = LOOPBACK }: StackOptions): string {
  return host;
}

/** Starts the local cloud, with the objects that it had before. */
async function startCloud(options: StackOptions, closers: Closer[]): Promise<LocalCloud> {
  const { ports, persist } = options;
  const cloud = await startLocalCloud({
    host: LOOPBACK,
    port: ports.cloud,
    accessKeys: { [ACCESS_KEY.accessKeyId]: ACCESS_KEY.accessKeySecret },
    saved: persist ? readState(snapshotOf(options)) : {},
    dataPlaneHost: hostOf(options),
    dataPlanePorts: portsOf(ports.gateway),
    mseDataPlanePorts: portsOf(ports.mseGateway),
  });
  closers.push(() => cloud.close());
  return cloud;
}

function portsOf(port: number): number[] {
  return port === 0 ? [] : [port];
}

function snapshotOf({ directory }: StackOptions): string {
  return join(directory, 'cloud.json');
}

/** Returns the existing gateways, or creates them. */
async function ensureGateways(local: LocalCloud): Promise<Stack['gateways']> {
  const silent = { info: () => undefined, error: () => undefined };
  const cloud = createCloud({ credentials: { default: ACCESS_KEY }, endpoint: () => local.url, clock, log: silent });
  const account = { local, cloud, clock };
  const gateway = (name: string, target: GatewayTarget) => {
    const { host, port } = addressOf(local, target);
    return { name, target, url: `http://${reachable(host)}:${port}` };
  };
  return {
    alb: gateway('edge', existingLoadBalancer(local) ?? (await createLoadBalancer(account))),
    mse: gateway('edge-mse', existingMseGateway(local) ?? (await createMseGateway(account))),
  };
}

function keepSaving(file: string, { state, mse }: LocalCloud): Closer {
  const save = reportingFailure(file, () => saveState(file, { ...state, ...mse }));
  save();
  const timer = setInterval(save, SAVE_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    save();
  };
}

function settingsOf(parts: { token: string; dynamoEndpoint: string; cloudUrl: string }): Record<string, string> {
  const { region, credentials } = localSettings;
  return {
    API_TOKEN: parts.token,
    OWNER_ID: 'local',
    TABLE_NAME: DEFAULT_TABLE_NAME,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    DYNAMODB_ENDPOINT: parts.dynamoEndpoint,
    ALIBABA_CLOUD_CREDENTIALS: JSON.stringify({ default: ACCESS_KEY }),
    ALIBABA_CLOUD_ENDPOINT: parts.cloudUrl,
    ALLOW_LOOPBACK_PROBES: 'true',
  };
}
