/**
 * `node test/store/state/record.ts ENDPOINT CLOUD_JSON SENTENCE > test/store/state/YYYY-MM-DD.json` records what a release has written: every
 * item of the table behind ENDPOINT, as DynamoDB has it, and the snapshot of its local cloud. Run it while `npm start` of that release runs,
 * because the embedded DynamoDB prints its port only in its command line.
 */

import { readFileSync } from 'node:fs';
import { type AttributeValue, paginateScan } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../../functions/store/dynamo.ts';
import { localSettings } from '../../../infra/local/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../../infra/table.ts';

/** Observations come every few seconds and are all alike: the newest ones of each cluster are enough. */
const OBSERVATIONS_KEPT = 5;

const [endpoint, cloudFile, madeBy] = process.argv.slice(2);
if (!endpoint || !cloudFile || !madeBy) throw new Error('Usage: record.ts ENDPOINT CLOUD_JSON SENTENCE');

const client = createDynamoClient({ ...localSettings, endpoint });
const items: Record<string, AttributeValue>[] = [];
for await (const page of paginateScan({ client }, { TableName: DEFAULT_TABLE_NAME })) items.push(...(page.Items ?? []));
client.destroy();

const byPartition = Map.groupBy(items, ({ pk }) => pk?.S ?? '');
const kept = [...byPartition].flatMap(([pk, some]) => {
  const sorted = some.sort((a, b) => ((a['sk']?.S ?? '') < (b['sk']?.S ?? '') ? -1 : 1));
  return pk.startsWith('OBSERVATION#') ? sorted.slice(-OBSERVATIONS_KEPT) : sorted;
});
const cloud: unknown = JSON.parse(readFileSync(cloudFile, 'utf8'));
const lines = kept.map((item) => `    ${JSON.stringify(item)}`).join(',\n');
console.log(
  `{\n  "madeBy": ${JSON.stringify(madeBy)},\n  "items": [\n${lines}\n  ],\n  "cloud": ${JSON.stringify(cloud)}\n}`,
);
