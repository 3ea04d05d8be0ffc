/** Everything beside the cloud account: the Worker, an embedded DynamoDB, a local Alibaba Cloud and two demo clusters. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AlbTarget } from '../../schemas/gateway.ts';
import { DEFAULT_TABLE_NAME } from '../table.ts';
import type { ApiClient } from './client.ts';
import { createDataPlane } from './cloud/alb/data-plane/index.ts';
import type { CloudState, DataPlane } from './cloud/alb/model.ts';
import { type LocalCloud, startLocalCloud } from './cloud/server.ts';
import { restoreState, saveState } from './cloud-snapshot.ts';
import { type DemoCluster, startDemoCluster } from './demo-cluster.ts';
import { ensureTable, localSettings, startDynamo } from './dynamo.ts';
import { ensureGateway } from './local-gateway.ts';
import { HOST, type Ports, requireFree } from './ports.ts';
import { type LocalWorker, startWorker } from './worker.ts';

const ACCESS_KEY = { accessKeyId: 'LOCALACCESSKEY', accessKeySecret: 'local-access-key-secret' };
const SAVE_INTERVAL_MS = 1000;

export interface StackOptions {
  ports: Ports;
  token: string;
  /** For logs, and for what shall outlive a restart if `persist`. */
  directory: string;
  /** Otherwise everything is kept in memory. */
  persist: boolean;
  /** Of a DynamoDB to use instead of the embedded one. */
  dynamoEndpoint?: string | undefined;
}

export interface Stack {
  api: ApiClient;
  worker: LocalWorker;
  cloud: LocalCloud;
  /** What the demo fleet is declared upon. */
  target: AlbTarget;
  /** http://host:port of the gateway's listener. */
  gatewayUrl: string;
  clusters: DemoCluster[];
  logFile: string;
  close(): Promise<void>;
}

type Closer = () => Promise<void> | void;

/** Starts all of it, or rejects with one sentence and leaves nothing running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await requireFree(options.ports);
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

/** Adds what ends each part as soon as it runs. */
async function startParts(options: StackOptions, closers: Closer[]): Promise<Omit<Stack, 'close'>> {
  const { ports, token, directory } = options;
  const dynamoEndpoint = await startDatabase(options, closers);
  const { cloud, target } = await startCloud(options, closers);
  const clusters: DemoCluster[] = [];
  for (const [name, port] of [
    ['hangzhou-a', ports.clusterA],
    ['hangzhou-b', ports.clusterB],
  ] as const) {
    const cluster = await startDemoCluster({ name, host: HOST, port });
    closers.push(() => cluster.close());
    clusters.push(cluster);
  }
  const logFile = join(directory, 'worker.log');
  const worker = await startWorker({
    port: ports.api,
    settings: settingsOf({ token, dynamoEndpoint, cloudUrl: cloud.url }),
    logFile,
  });
  closers.push(() => worker.close());
  const api = { url: worker.url, token };
  return { api, worker, cloud, target, gatewayUrl: listenerUrl(cloud, target), clusters, logFile };
}

async function startDatabase({ directory, persist, dynamoEndpoint }: StackOptions, closers: Closer[]): Promise<string> {
  if (dynamoEndpoint !== undefined) {
    await ensureTable(dynamoEndpoint, DEFAULT_TABLE_NAME).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message || error.name : String(error);
      throw new Error(`The DynamoDB at DYNAMODB_ENDPOINT (${dynamoEndpoint}) cannot be used: ${reason}`);
    });
    return dynamoEndpoint;
  }
  const dynamo = await startDynamo(persist ? { dbPath: join(directory, 'dynamodb.sqlite') } : {});
  closers.push(() => dynamo.close());
  return dynamo.endpoint;
}

async function startCloud(
  { ports, directory, persist }: StackOptions,
  closers: Closer[],
): Promise<{ cloud: LocalCloud; target: AlbTarget }> {
  const snapshot = join(directory, 'cloud.json');
  let dataPlane: DataPlane | undefined;
  const cloud = await startLocalCloud({
    host: HOST,
    port: ports.cloud,
    accessKeys: { [ACCESS_KEY.accessKeyId]: ACCESS_KEY.accessKeySecret },
    dataPlane: (state) => {
      if (persist) restoreState(snapshot, state);
      dataPlane = createDataPlane(state, { host: HOST, ports: ports.gateway === 0 ? [] : [ports.gateway] });
      return dataPlane;
    },
  });
  closers.push(() => cloud.close());
  for (const listener of cloud.state.listeners.values()) {
    const address = await dataPlane?.openListener(listener);
    if (address !== undefined) listener.dataPlaneAddress = address;
  }
  const target = await ensureGateway(cloud, ACCESS_KEY);
  if (persist) closers.push(keepSaving(snapshot, cloud.state));
  return { cloud, target };
}

function keepSaving(file: string, state: CloudState): Closer {
  const save = () => saveState(file, state);
  save();
  const timer = setInterval(save, SAVE_INTERVAL_MS);
  process.once('exit', save);
  return () => {
    clearInterval(timer);
    process.off('exit', save);
    save();
  };
}

function listenerUrl({ state }: LocalCloud, { listenerIds }: AlbTarget): string {
  const address = listenerIds
    .map((id) => state.listeners.get(id)?.dataPlaneAddress)
    .find((found) => found !== undefined);
  if (address === undefined)
    throw new Error('The gateway has no listener: remove the data of the local cloud to start anew.');
  return `http://${address}`;
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
