/** IAM in front of a DynamoDB that checks no signatures: what a policy does not allow is refused as AWS refuses it. */

import { type DynamoDBClient, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { DynamoCall, Fate } from './proxy.ts';

/** One pattern or several: `*` stands for any characters, `?` for one. */
const Patterns = (flags = 's') =>
  z.union([z.string(), z.array(z.string())]).transform((value) =>
    [value].flat().map((pattern) => {
      const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
      return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, flags);
    }),
  );

/** The elements of IAM policies that are evaluated here. A policy with any other is refused by the parser, rather than misread. */
export const Policy = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().optional(),
      Effect: z.enum(['Allow', 'Deny']),
      // Names of actions are case-insensitive, unlike all else.
      Action: Patterns('is'),
      Resource: Patterns(),
      Condition: z
        .strictObject({ 'ForAllValues:StringLike': z.strictObject({ 'dynamodb:LeadingKeys': Patterns() }) })
        .optional(),
    }),
  ),
});

/** The permission that one call needs; a transaction needs several. */
export interface Access {
  /** The action, such as `dynamodb:PutItem`. */
  action: string;
  table: string;
  /** Partition keys of the items; there are none where the call names no items. */
  leadingKeys: string[];
}

/** The location of the tables, for ARNs. */
export interface Location {
  account: string;
  region: string;
}

/** An explicit Deny wins; what no statement allows is denied (IAM user guide, "Policy evaluation logic"). */
export function isAllowed({ Statement }: z.output<typeof Policy>, access: Access, location: Location): boolean {
  const effects = Statement.filter((statement) => isAbout(statement, access, location)).map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

function isAbout({ Action, Resource, Condition }: Statement, access: Access, location: Location): boolean {
  const patterns = Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'];
  return (
    matches(access.action, Action) &&
    matches(arnOf(access.table, location), Resource) &&
    (patterns === undefined || access.leadingKeys.every((key) => matches(key, patterns)))
  );
}

type Statement = z.output<typeof Policy>['Statement'][number];

function matches(text: string, patterns: readonly RegExp[]): boolean {
  return patterns.some((pattern) => pattern.test(text));
}

function arnOf(table: string, { account, region }: Location): string {
  return `arn:aws:dynamodb:${region}:${account}:table/${table}`;
}

type Attributes = Record<string, { S?: string }>;

/** The parameters of the actions of DynamoDB that name items. */
interface Parameters {
  TableName?: string;
  Key?: Attributes;
  Item?: Attributes;
  KeyConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Attributes;
  RequestItems?: Record<
    string,
    { Keys: Attributes[] } | { PutRequest?: { Item: Attributes }; DeleteRequest?: { Key: Attributes } }[]
  >;
  TransactItems?: Record<string, Parameters>[];
}

/**
 * A batch is one access to each of its tables. A transaction is not authorized as such, but as the actions that it is made of ("Using IAM
 * with DynamoDB transactions" in the developer guide of DynamoDB).
 */
export function accessesOf({ action, body }: Pick<DynamoCall, 'action' | 'body'>): Access[] {
  const parameters = body as Parameters;
  const { TransactItems, RequestItems } = parameters;
  if (TransactItems) {
    return TransactItems.flatMap((item) => Object.entries(item)).map(([verb, one]) => accessOf(`${verb}Item`, one));
  }
  if (RequestItems) {
    return Object.entries(RequestItems).map(([table, requests]) => ({
      action: `dynamodb:${action}`,
      table,
      leadingKeys: (Array.isArray(requests)
        ? requests.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? {})
        : requests.Keys
      ).map(partitionOf),
    }));
  }
  return [accessOf(action, parameters)];
}

function accessOf(action: string, parameters: Parameters): Access {
  const { TableName = '*', Key, Item, KeyConditionExpression } = parameters;
  const item = Key ?? Item;
  const leadingKeys = item ? [partitionOf(item)] : KeyConditionExpression ? [queried(parameters)] : [];
  return { action: `dynamodb:${action}`, table: TableName, leadingKeys };
}

function partitionOf(item: Attributes): string {
  const pk = item['pk']?.S;
  if (pk === undefined) throw new Error(`There is no partition key in ${JSON.stringify(item)}.`);
  return pk;
}

/** The partition key in `pk = :value`, where both the name and the value may be placeholders of any name. */
function queried(parameters: Parameters): string {
  const { KeyConditionExpression = '', ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = parameters;
  for (const [, name = '', value = ''] of KeyConditionExpression.matchAll(/([#\w]+)\s*=\s*(:\w+)/g)) {
    const key = ExpressionAttributeValues[value]?.S;
    if ((ExpressionAttributeNames[name] ?? name) === 'pk' && key !== undefined) return key;
  }
  throw new Error(`There is no partition key in the condition ${KeyConditionExpression}.`);
}

/** Stands before a database and lets through what a policy allows. */
export interface Guard {
  /** Decides for the proxy, behind which anything with an endpoint can be put. */
  fateOf(call: DynamoCall): Fate;
  /**
   * Decides upon the requests of this client when they are about to be sent, as the proxy does, but without the cost of
   * a second hop.
   */
  watch(client: DynamoDBClient): DynamoDBClient;
  /** Actions that were asked for and allowed. */
  used: ReadonlySet<string>;
  /** Returns the accesses that were refused since the last call. */
  takeDenials(): Access[];
  /** Throws when accesses were refused and nobody has asked for them. */
  expectNoDenials(): void;
}

/** Allows what the policy allows for tables at the location. */
export function createGuard(policy: unknown, location: Location): Guard {
  const parsed = Policy.parse(policy);
  const used = new Set<string>();
  const denials: Access[] = [];
  const fateOf: Guard['fateOf'] = (call) => {
    const accesses = accessesOf(call);
    const denied = accesses.find((access) => !isAllowed(parsed, access, location));
    if (denied) {
      denials.push(denied);
      return { type: 'answer', status: 400, body: accessDenied(denied, location) };
    }
    for (const { action } of accesses) used.add(action);
    return { type: 'forward' };
  };
  return {
    fateOf,
    watch: (client) => watch(client, fateOf),
    used,
    takeDenials: () => denials.splice(0),
    expectNoDenials: () => {
      if (denials.length > 0) throw new Error(`The policy refused ${JSON.stringify(denials)}.`);
    },
  };
}

/** Reads what a command asks for, which is the same for every kind of table. The client throws as when AWS answers so. */
function watch(client: DynamoDBClient, fateOf: Guard['fateOf']): DynamoDBClient {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const action = String(context['commandName']).replace(/Command$/, '');
      const fate = fateOf({ action, body: { ...args.input }, headers: {} });
      if (fate.type === 'answer') throw refused(fate.body as AccessDenied);
      return await next(args);
    },
    { step: 'finalizeRequest', name: 'policy' },
  );
  return client;
}

type AccessDenied = ReturnType<typeof accessDenied>;

function refused({ __type, Message }: AccessDenied): DynamoDBServiceException {
  const [, name = ''] = __type.split('#');
  return new DynamoDBServiceException({ name, message: Message, $fault: 'client', $metadata: { httpStatusCode: 400 } });
}

function accessDenied({ action, table }: Access, location: Location) {
  return {
    __type: 'com.amazon.coral.service#AccessDeniedException',
    Message:
      `User: arn:aws:iam::${location.account}:user/fairlead is not authorized to perform: ${action} on resource: ` +
      `${arnOf(table, location)} because no identity-based policy allows the ${action} action`,
  };
}
