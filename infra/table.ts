/**
 * The one DynamoDB table of Fairlead. `node infra/table.ts [name] > table.json` prints a CloudFormation template for
 * `aws cloudformation deploy --stack-name fairlead --template-file table.json`.
 */

import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

export const DEFAULT_TABLE_NAME = 'fairlead';

/**
 * The keys of the table. They are generic, because one table holds every kind of item, and there are no secondary
 * indexes.
 */
const shape = {
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
} satisfies Partial<CreateTableCommandInput>;

/**
 * The time-to-live setting: DynamoDB deletes an item some time after the second in its attribute `ttl`. The attribute
 * is set on observations, deliveries, cached facts about gateways, and operations with their outcomes, steps and
 * entries of what waits for a gateway; declarations, revisions, audit events and decisions do not have it.
 */
export const timeToLive = { AttributeName: 'ttl', Enabled: true };

export function createTableInput(tableName: string): CreateTableCommandInput {
  return { TableName: tableName, ...shape };
}

/** Returns a CloudFormation template of the table, which is protected against loss. */
export function cloudFormationTemplate(tableName: string) {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          TableName: tableName,
          ...shape,
          TimeToLiveSpecification: timeToLive,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          DeletionProtectionEnabled: true,
        },
      },
    },
  };
}

if (import.meta.main) {
  console.log(JSON.stringify(cloudFormationTemplate(process.argv[2] ?? DEFAULT_TABLE_NAME), undefined, 2));
}
