/**
 * The one DynamoDB table of Fairlead. `node infra/table.ts [name] > table.json` prints a CloudFormation template:
 * `aws cloudformation deploy --stack-name fairlead --template-file table.json`.
 */

import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

export const DEFAULT_TABLE_NAME = 'fairlead';

/** Keys are generic, since one table holds every kind of item. Nothing is looked up by anything else. */
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
 * DynamoDB deletes an item some time after the second in its attribute `ttl`. Observations, operations with their outcomes and steps, deliveries,
 * and what is remembered of gateways have one; declarations, revisions, audit events and decisions have none.
 */
export const timeToLive = { AttributeName: 'ttl', Enabled: true };

export function createTableInput(tableName: string): CreateTableCommandInput {
  return { TableName: tableName, ...shape };
}

/** CloudFormation: as above, and protected against loss. */
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
