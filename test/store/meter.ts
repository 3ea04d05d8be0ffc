import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Count {
  items: number;
  /** Bytes of JSON, as the SDK has it. */
  bytes: number;
}

/** Counts by partition, and for declared resources by kind: `OUTBOX`, `POOLS`, `route`. */
export type Tally = Record<string, Count>;

export interface Meter {
  /** Requests since the meter was reset, including retries and conditions that did not hold. */
  requests(): number;
  read(): Tally;
  /** Items that were put, updated or deleted. */
  written(): Tally;
  reset(): void;
}

type Attributes = Record<string, AttributeValue>;

/** The parts of the SDK's commands that are counted. */
interface Parameters {
  RequestItems?: Record<string, { PutRequest?: { Item: Attributes }; DeleteRequest?: { Key: Attributes } }[]>;
  TransactItems?: {
    Put?: { Item: Attributes };
    Update?: { Key: Attributes };
    Delete?: { Key: Attributes };
  }[];
}
interface Answer {
  Item?: Attributes;
  Items?: Attributes[];
  Responses?: Record<string, Attributes[]>;
}

/** Counts everything that passes between the client and DynamoDB from now on. */
export function meterOf(client: DynamoDBClient): Meter {
  let requests = 0;
  let read: Tally = {};
  let written: Tally = {};
  client.middlewareStack.add(
    (next) => async (args) => {
      requests++;
      const result = await next(args);
      add(read, itemsRead(result.output as Answer));
      add(written, itemsWritten(args.input as Parameters));
      return result;
    },
    { step: 'initialize', name: 'meter' },
  );
  return {
    requests: () => requests,
    read: () => read,
    written: () => written,
    reset: () => {
      requests = 0;
      read = {};
      written = {};
    },
  };
}

export function totalOf(tally: Tally): Count {
  return Object.values(tally).reduce(
    (sum, count) => ({ items: sum.items + count.items, bytes: sum.bytes + count.bytes }),
    { items: 0, bytes: 0 },
  );
}

function itemsRead({ Item, Items = [], Responses = {} }: Answer): Attributes[] {
  return [...(Item ? [Item] : []), ...Items, ...Object.values(Responses).flat()];
}

function itemsWritten({ RequestItems = {}, TransactItems = [] }: Parameters): Attributes[] {
  const batched = Object.values(RequestItems).flatMap((requests) =>
    Array.isArray(requests)
      ? requests.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key)
      : [],
  );
  const transacted = TransactItems.map(({ Put, Update, Delete }) => Put?.Item ?? Update?.Key ?? Delete?.Key);
  return [...batched, ...transacted].filter((item) => item !== undefined);
}

function add(tally: Tally, items: readonly Attributes[]): void {
  for (const item of items) {
    const name = nameOf(item['pk']?.S ?? '', item['sk']?.S ?? '');
    const { items: count, bytes } = tally[name] ?? { items: 0, bytes: 0 };
    tally[name] = { items: count + 1, bytes: bytes + JSON.stringify(item).length };
  }
}

function nameOf(pk: string, sk: string): string {
  const [partition = ''] = pk.split('#');
  return partition === 'FLEET' || partition === 'FLEETS' ? (sk.split('#')[0] ?? '') : partition;
}
