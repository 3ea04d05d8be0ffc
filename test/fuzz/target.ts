/** The targets of the fuzzer, which are the API in this process and the Worker in workerd. Both have the same settings, and clouds of their own. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createCloud } from '../../functions/cloud/alicloud.ts';
import type { Clock, Cloud } from '../../functions/deps.ts';
import { type LocalCloud, startLocalCloud } from '../../infra/local/cloud/server.ts';
import { createInstance } from '../../infra/local/instances.ts';
import { ramPolicies } from '../../infra/policies.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { NO_LIMITS } from '../limits.ts';
import { SILENT } from '../local-cloud/silent.ts';
import { AUDIENCE, type Cast, SETTING_TOKEN } from './callers.ts';
import type { Ground } from './estate.ts';

export interface Sent {
  method: string;
  /** The path with the query, as it is sent. */
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
  body?: string | Uint8Array<ArrayBuffer> | undefined;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

export interface Target {
  name: TargetName;
  clock: Clock & { advance?(ms: number): void };
  /** Opens a connection to the table, which the caller has to destroy. */
  connect(): DynamoDBClient;
  /** Empties the table. */
  empty(): Promise<void>;
  /** Sends a request. Rejects when there is no answer. */
  send(sent: Sent): Promise<Answer>;
  /** Does for a while what a schedule does by itself. */
  work(): Promise<void>;
  /** Returns what was logged since the last call. */
  takeLog(): string;
  close(): Promise<void>;
}
export type TargetName = 'node' | 'workerd';

/** Texts that give access to something. None of them may be in an answer, in the log or in the table. */
export const SETTING_CANARIES = {
  accessKeyId: 'canary-id-of-aws',
  secretAccessKey: 'canary-secret-of-aws-9d8c7b6a',
  cloudSecret: 'canary-secret-of-the-cloud-1a2b3c4d',
  namedSecret: 'canary-of-a-named-secret-0f1e2d3c',
  hookPath: 'canary-in-the-url-of-a-webhook-77aa88bb',
  signingSecret: Buffer.from('canary-that-signs-webhooks-55').toString('base64'),
};

const OWNER = { accessKeyId: 'owner-id', accessKeySecret: 'owner-secret' };
const CLOUD_KEY = { accessKeyId: 'canary-id-of-the-cloud', accessKeySecret: SETTING_CANARIES.cloudSecret };

/** The clouds and the clusters of one target. */
export interface World {
  cloud: LocalCloud;
  /** Makes instances that no other episode has. */
  ground(clock: Clock): Promise<Ground>;
  /** Tells whether clusters answer their probes. */
  isHealthy(): boolean;
  setHealthy(isHealthy: boolean): void;
  sinkUrl: string;
  close(): Promise<void>;
}

/** Starts the clouds. Without `now` they run in real time. */
export async function startWorld(now?: () => number): Promise<World> {
  const keys = [OWNER, CLOUD_KEY];
  const cloud = await startLocalCloud({
    accessKeys: Object.fromEntries(keys.map(({ accessKeyId, accessKeySecret }) => [accessKeyId, accessKeySecret])),
    policies: { [CLOUD_KEY.accessKeyId]: [ramPolicies.routing, ramPolicies.provisioning] },
    ...{ jobLatencyMs: 5, gatewayLatencyMs: 5, publishLatencyMs: 5, throttle: false, ...SILENT },
    ...(now && { now, signatureNow: Date.now }),
  });
  let isHealthy = true;
  const sink = createServer((request, response) => {
    request.resume();
    response.writeHead(isHealthy ? 200 : 503).end();
  });
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const address = sink.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server of the clusters has no address.');
  const sinkUrl = `http://127.0.0.1:${address.port}`;
  return {
    ...{ cloud, sinkUrl },
    ground: async (clock) => {
      const account = { local: cloud, cloud: cloudAs(cloud, OWNER, clock), clock };
      const [alb, mse] = [await createInstance.alb(account), await createInstance.mse(account)];
      return { alb, mse, probeUrl: `${sinkUrl}/healthz` };
    },
    isHealthy: () => isHealthy,
    setHealthy: (next) => {
      isHealthy = next;
    },
    close: async () => {
      sink.closeAllConnections();
      sink.close();
      await cloud.close();
    },
  };
}

const SILENT_LOG = { info: () => undefined, error: () => undefined };

function cloudAs(local: LocalCloud, keys: typeof OWNER, clock: Clock): Cloud {
  return createCloud({ credentials: { default: keys }, endpoint: () => local.url, clock, log: SILENT_LOG });
}

/** The port to the clouds, as the control plane has it, in the time of a clock. */
export function controlCloud({ cloud }: World, clock: Clock): Cloud {
  return cloudAs(cloud, CLOUD_KEY, clock);
}

/** Returns the settings of the control plane, every secret of which is a canary. */
export function settingsOf(
  { provider }: Cast,
  { cloud, sinkUrl }: World,
  dynamoEndpoint: string,
): Record<string, string> {
  const { accessKeyId, secretAccessKey, namedSecret, hookPath, signingSecret } = SETTING_CANARIES;
  return {
    API_TOKEN: SETTING_TOKEN,
    OWNER_ID: 'fuzz',
    TABLE_NAME: DEFAULT_TABLE_NAME,
    AWS_REGION: 'us-west-2',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    DYNAMODB_ENDPOINT: dynamoEndpoint,
    ALIBABA_CLOUD_CREDENTIALS: JSON.stringify({ default: CLOUD_KEY }),
    ALIBABA_CLOUD_ENDPOINT: cloud.url,
    SECRETS: JSON.stringify({ 'probe-token': { value: `Bearer ${namedSecret}`, hosts: ['127.0.0.1'] } }),
    NOTIFICATION_TARGETS: JSON.stringify({
      'on-call': { format: 'webhook', url: `${sinkUrl}/${hookPath}`, secret: `whsec_${signingSecret}` },
    }),
    OIDC_ISSUERS: JSON.stringify({ ci: { issuer: provider.issuer, audience: AUDIENCE } }),
    RATE_LIMITS: JSON.stringify(NO_LIMITS),
    ALLOW_LOOPBACK_PROBES: 'true',
  };
}

/** Returns every item of the table as text. */
export async function tableText(client: DynamoDBClient): Promise<string> {
  const texts: string[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: DEFAULT_TABLE_NAME, ...(from && { ExclusiveStartKey: from as never }) }),
    );
    for (const item of page.Items ?? []) texts.push(JSON.stringify(item));
    from = page.LastEvaluatedKey;
  } while (from);
  return texts.join('\n');
}
