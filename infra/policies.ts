/**
 * Writes the IAM policy of the table and the RAM policies of the gateways from the actions that the code calls. With
 * --check it fails when a file differs from what it would write. With the place of a table it prints the IAM policy of
 * that table.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { providerFor } from '../functions/providers/registry.ts';
import { IAM_ACTIONS } from '../functions/store/table.ts';
import { GatewayTarget } from '../schemas/gateway.ts';
import type { RamPolicy } from './local/cloud/ram.ts';
import { usageOf } from './scripts.ts';
import { DEFAULT_TABLE_NAME } from './table.ts';

/** The place of a DynamoDB table: its account, its Region and its name. */
export interface TablePlace {
  account: string;
  region: string;
  table: string;
}

/** The place that the committed policy names; the account number is the one that AWS uses in its documentation. */
export const EXAMPLE_PLACE: TablePlace = {
  account: '123456789012',
  region: 'us-west-2',
  table: DEFAULT_TABLE_NAME,
};

const providers = GatewayTarget.options.map((option) => providerFor(option.shape.provider.value));

/** Formats of the parts of a table's ARN (AWS: account ids, Regions, naming rules of DynamoDB). */
const FORMATS: Record<keyof TablePlace, RegExp> = {
  account: /^\d{12}$/,
  region: /^[a-z]{2}(-[a-z]+)+-\d+$/,
  table: /^[A-Za-z0-9_.-]{3,255}$/,
};

/**
 * Returns the IAM policy that allows what the store does with the table, and nothing with any other table.
 * docs/adr/0018-policies-are-generated.md tells why it has no conditions.
 */
export function iamPolicy(place: TablePlace = EXAMPLE_PLACE) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ReadAndWriteItems',
        Effect: 'Allow',
        Action: IAM_ACTIONS.map((action) => `dynamodb:${action}`),
        Resource: tableArn(place),
      },
    ],
  };
}

export function tableArn({ account, region, table }: TablePlace): string {
  return `arn:${partitionOf(region)}:dynamodb:${region}:${account}:table/${table}`;
}

/** Returns the partition of an ARN, which differs for Regions of China and of the United States government. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** The RAM policy that carrying routes requires, and the additional one that creating gateways requires. */
export const ramPolicies = { routing: routingPolicy(), provisioning: provisioningPolicy() };

function routingPolicy(): RamPolicy {
  return ramPolicy(
    providers.flatMap(({ kind, permissions: { routing, writtenResources } }) => [
      { actions: namesOf(kind, routing.reads), resources: ['*'] },
      { actions: namesOf(kind, routing.writes), resources: writtenResources },
    ]),
  );
}

function provisioningPolicy(): RamPolicy {
  const actions = providers.flatMap(({ kind, permissions: { provisioning } }) =>
    namesOf(kind, [...provisioning.reads, ...provisioning.writes]),
  );
  return ramPolicy([{ actions, resources: ['*'] }]);
}

function namesOf(product: string, actions: readonly string[]): string[] {
  return actions.map((action) => `${product}:${action}`);
}

function ramPolicy(grants: readonly { actions: readonly string[]; resources: readonly string[] }[]): RamPolicy {
  return {
    Version: '1',
    Statement: grants.map(({ actions, resources }) => ({ Effect: 'Allow', Action: actions, Resource: resources })),
  };
}

const FILES: Record<string, object> = {
  'iam/aws-policy.json': iamPolicy(),
  'ram/alibaba-policy.json': ramPolicies.routing,
  'ram/alibaba-provision-policy.json': ramPolicies.provisioning,
};

function main(): void {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean' },
      account: { type: 'string' },
      region: { type: 'string' },
      table: { type: 'string' },
    },
  });
  const { check, ...place } = values;
  if (Object.keys(place).length > 0) console.log(textOf(iamPolicy(placeFrom(place))));
  else if (check) checkFiles();
  else for (const [file, policy] of Object.entries(FILES)) writeFileSync(pathOf(file), `${textOf(policy)}\n`);
}

/**
 * Completes and checks the place. The account must be given, because a policy for the example account would be of no
 * use.
 */
function placeFrom(given: Partial<TablePlace>): TablePlace {
  if (given.account === undefined) throw new Error('Give --account, the number of the AWS account that has the table.');
  const place = { ...EXAMPLE_PLACE, ...given };
  for (const part of Object.keys(FORMATS) as (keyof TablePlace)[]) {
    if (!FORMATS[part].test(place[part])) throw new Error(`--${part} ${place[part]} is not a valid ${part}.`);
  }
  return place;
}

function checkFiles(): void {
  for (const [file, policy] of Object.entries(FILES)) {
    const path = pathOf(file);
    if (existsSync(path) && readFileSync(path, 'utf8') === `${textOf(policy)}\n`) continue;
    console.error(`infra/${file} does not allow exactly what the code calls: run "npm run policies" and commit it.`);
    process.exitCode = 1;
  }
}

function textOf(policy: object): string {
  return JSON.stringify(policy, undefined, 2);
}

function pathOf(file: string): URL {
  return new URL(file, import.meta.url);
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usageOf('policies')}`);
    process.exitCode = 1;
  }
}
