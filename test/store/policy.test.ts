import { describe, expect, it } from 'vitest';
import { type Access, accessesOf, isAllowed, Policy } from './policy.ts';

const LOCATION = { account: '123456789012', region: 'us-west-2' };
const ARN = 'arn:aws:dynamodb:us-west-2:123456789012:table/fairlead';

const policyOf = (...Statement: object[]) => Policy.parse({ Version: '2012-10-17', Statement });
const allow = (more: object = {}) => ({ Effect: 'Allow', Action: 'dynamodb:*Item', Resource: ARN, ...more });
const leadingKeys = (...patterns: string[]) => ({
  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns } },
});
const access = (more: Partial<Access> = {}): Access => ({
  action: 'dynamodb:PutItem',
  table: 'fairlead',
  leadingKeys: ['POOLS#shop#edge'],
  ...more,
});

describe('a policy', () => {
  it.each<[string, object[], Partial<Access>, boolean]>([
    ['nothing without a statement', [], {}, false],
    ['an action that a pattern takes in', [allow()], {}, true],
    ['no other action', [allow()], { action: 'dynamodb:Query' }, false],
    ['an action in any case', [allow({ Action: ['DynamoDB:putitem'] })], {}, true],
    ['no other table', [allow()], { table: 'fairlead2' }, false],
    ['what a list has', [allow({ Resource: ['arn:aws:s3:::x', ARN] })], {}, true],
    ['not what is denied as well', [allow(), allow({ Effect: 'Deny', Action: 'dynamodb:Pu?Item' })], {}, false],
    ['partitions that fit the condition', [allow(leadingKeys('SYNC#*', 'POOLS#*'))], {}, true],
    ['no other partition', [allow(leadingKeys('SYNC#*'))], {}, false],
    ['a batch only when every partition fits', [allow(leadingKeys('A#*'))], { leadingKeys: ['A#1', 'B#1'] }, false],
    ['a dot only as a dot', [allow({ Resource: ARN.replace('fairlead', 'fair.ead') })], {}, false],
  ])('allows %s', (_, statements, more, expected) => {
    expect(isAllowed(policyOf(...statements), access(more), LOCATION)).toBe(expected);
  });

  it('with an element that is not evaluated is refused', () => {
    const NotAction = { Effect: 'Allow', NotAction: 'dynamodb:Scan', Resource: ARN };
    expect(() => policyOf(NotAction)).toThrow();
    expect(() => policyOf(allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }))).toThrow();
  });
});

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: 'x' } });

describe('a call', () => {
  it.each<[string, object, [string, string[]][]]>([
    ['GetItem', { TableName: 'fairlead', Key: key('A') }, [['GetItem', ['A']]]],
    ['PutItem', { TableName: 'fairlead', Item: key('A') }, [['PutItem', ['A']]]],
    ['Scan', { TableName: 'fairlead' }, [['Scan', []]]],
    [
      'Query',
      {
        TableName: 'fairlead',
        KeyConditionExpression: '#sk = :sk AND #p = :v',
        ExpressionAttributeNames: { '#p': 'pk', '#sk': 'sk' },
        ExpressionAttributeValues: { ':v': { S: 'A' }, ':sk': { S: 'B' } },
      },
      [['Query', ['A']]],
    ],
    ['BatchGetItem', { RequestItems: { fairlead: { Keys: [key('A'), key('B')] } } }, [['BatchGetItem', ['A', 'B']]]],
    [
      'BatchWriteItem',
      { RequestItems: { fairlead: [{ PutRequest: { Item: key('A') } }, { DeleteRequest: { Key: key('B') } }] } },
      [['BatchWriteItem', ['A', 'B']]],
    ],
    [
      'TransactWriteItems',
      {
        TransactItems: [
          { Put: { TableName: 'fairlead', Item: key('A') } },
          { Update: { TableName: 'fairlead', Key: key('B') } },
          { Delete: { TableName: 'fairlead', Key: key('C') } },
          { ConditionCheck: { TableName: 'fairlead', Key: key('D') } },
        ],
      },
      [
        ['PutItem', ['A']],
        ['UpdateItem', ['B']],
        ['DeleteItem', ['C']],
        ['ConditionCheckItem', ['D']],
      ],
    ],
  ])('of %s needs what AWS documents', (action, body, expected) => {
    const accesses = accessesOf({ action, body: body as Record<string, unknown> });
    expect(accesses).toEqual(
      expected.map(([name, leadingKeys]) => ({ action: `dynamodb:${name}`, table: 'fairlead', leadingKeys })),
    );
  });
});
