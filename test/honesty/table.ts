import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';

type Item = Record<string, AttributeValue>;
type Part = Record<'Put' | 'Update' | 'Delete' | 'ConditionCheck', Written>;

interface Written {
  Item?: Item;
  Key?: Item;
  ConditionExpression?: string;
  UpdateExpression?: string;
  ExpressionAttributeValues?: Item;
}

/**
 * The table in the memory of this process, for runs that are long: it knows the commands and the expressions that the store uses, refuses all
 * others, and takes a tenth of the time. The tests of the store and of the engine have a real DynamoDB.
 */
export class MemoryTable {
  /** Items by partition key, and then by sort key. */
  #partitions = new Map<string, Map<string, Item>>();
  readonly middlewareStack = { add: () => undefined };

  asClient(): DynamoDBClient {
    return this as unknown as DynamoDBClient;
  }

  destroy(): void {
    // The table holds nothing that must be released.
  }

  async send(command: object): Promise<object> {
    if (command instanceof GetItemCommand) return { Item: this.#get(command.input.Key) };
    if (command instanceof QueryCommand) return this.#query(command.input);
    if (command instanceof BatchGetItemCommand) {
      const keys = command.input.RequestItems?.[DEFAULT_TABLE_NAME]?.Keys ?? [];
      return { Responses: { [DEFAULT_TABLE_NAME]: keys.flatMap((key) => listOf(this.#get(key))) } };
    }
    if (command instanceof BatchWriteItemCommand) return this.#write(command.input);
    if (command instanceof TransactWriteItemsCommand) return this.#transact(command.input);
    if (command instanceof ScanCommand) {
      return { Items: [...this.#partitions.values()].flatMap((partition) => [...partition.values()]) };
    }
    throw new Error(`The table in memory does not know ${command.constructor.name}.`);
  }

  #write({ RequestItems }: BatchWriteItemCommand['input']): object {
    for (const { PutRequest, DeleteRequest } of RequestItems?.[DEFAULT_TABLE_NAME] ?? []) {
      if (PutRequest?.Item) this.#put(PutRequest.Item);
      if (DeleteRequest?.Key) this.#remove(DeleteRequest.Key);
    }
    return {};
  }

  #get(key: Item | undefined): Item | undefined {
    const found = this.#partitions.get(key?.['pk']?.S ?? '')?.get(key?.['sk']?.S ?? '');
    return found && { ...found };
  }

  #put(item: Item): void {
    const pk = item['pk']?.S ?? '';
    const partition = this.#partitions.get(pk) ?? new Map<string, Item>();
    this.#partitions.set(pk, partition.set(item['sk']?.S ?? '', { ...item }));
  }

  #remove(key: Item): void {
    this.#partitions.get(key['pk']?.S ?? '')?.delete(key['sk']?.S ?? '');
  }

  #query(input: QueryCommand['input']): { Items: Item[]; LastEvaluatedKey?: Item } {
    const { ExpressionAttributeValues: values = {}, ScanIndexForward = true, Limit, ExclusiveStartKey } = input;
    const [pk = '', from = '', to = ''] = [':pk', ':from', ':to'].map((name) => values[name]?.S);
    const start = ExclusiveStartKey?.['sk']?.S;
    const isAfter = (sk: string) => start === undefined || (ScanIndexForward ? sk > start : sk < start);
    const keys = [...(this.#partitions.get(pk)?.keys() ?? [])]
      .filter((sk) => sk >= from && sk <= to && isAfter(sk))
      .sort();
    if (!ScanIndexForward) keys.reverse();
    const Items = keys.slice(0, Limit).flatMap((sk) => listOf(this.#get({ pk: { S: pk }, sk: { S: sk } })));
    const last = Items.at(-1);
    const hasMore = Limit !== undefined && keys.length > Limit && last !== undefined;
    return {
      Items,
      ...(hasMore && { LastEvaluatedKey: { pk: last['pk'] as AttributeValue, sk: last['sk'] as AttributeValue } }),
    };
  }

  #transact({ TransactItems = [] }: TransactWriteItemsCommandInput): object {
    const parts = TransactItems.map((item) => Object.entries(item as Partial<Part>)[0] as [keyof Part, Written]);
    const reasons = parts.map(([, part]) => {
      const current = this.#get(part.Key ?? part.Item);
      const holds =
        part.ConditionExpression === undefined ||
        isTrue(part.ConditionExpression, current, part.ExpressionAttributeValues ?? {});
      return { Code: holds ? 'None' : 'ConditionalCheckFailed' };
    });
    if (reasons.some(({ Code }) => Code !== 'None')) {
      throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: reasons });
    }
    for (const [verb, part] of parts) {
      if (verb === 'Put' && part.Item) this.#put(part.Item);
      if (verb === 'Delete' && part.Key) this.#remove(part.Key);
      if (verb === 'Update' && part.Key) {
        const current = this.#get(part.Key) ?? part.Key;
        this.#put(updated(current, part.UpdateExpression ?? '', part.ExpressionAttributeValues ?? {}));
      }
    }
    return {};
  }
}

function listOf(item: Item | undefined): Item[] {
  return item === undefined ? [] : [item];
}

/** AND binds closer than OR; there are no parentheses but those of functions. */
function isTrue(condition: string, item: Item | undefined, values: Item): boolean {
  return condition
    .split(' OR ')
    .some((terms) => terms.split(' AND ').every((term) => holds(term.trim(), item, values)));
}

function holds(term: string, item: Item | undefined, values: Item): boolean {
  const exists = /^attribute_(not_)?exists\(#(\w+)\)$/.exec(term);
  if (exists) return (item?.[exists[2] ?? ''] === undefined) === (exists[1] !== undefined);
  const [, name = '', sign, value = ''] = /^#(\w+) (=|<>|<) (:\w+)$/.exec(term) ?? [];
  if (sign === undefined) throw new Error(`The table in memory does not know the condition ${term}.`);
  const [left, right] = [plain(item?.[name]), plain(values[value])];
  if (sign === '<>') return left !== right;
  return left !== undefined && right !== undefined && (sign === '=' ? left === right : left < right);
}

function plain(value: AttributeValue | undefined): string | number | undefined {
  return value?.N === undefined ? value?.S : Number(value.N);
}

function updated(current: Item, expression: string, values: Item): Item {
  const item = { ...current };
  for (const clause of expression.split(/ (?=(?:SET|ADD|REMOVE) )/)) {
    const [verb, ...rest] = clause.trim().split(' ');
    for (const term of rest.join(' ').split(/, (?=#)/)) change(item, verb ?? '', term, values);
  }
  return item;
}

function change(item: Item, verb: string, term: string, values: Item): void {
  const [, name = '', kept = '', value = ''] =
    /^#(\w+)(?:(?: =)? (?:if_not_exists\(#(\w+), )?(:\w+)\)?)?$/.exec(term) ?? [];
  const given = item[kept] ?? values[value];
  if (verb === 'SET' && given) item[name] = given;
  else if (verb === 'REMOVE' && name !== '') delete item[name];
  else if (verb === 'ADD' && given) item[name] = sumOf(item[name], given);
  else throw new Error(`The table in memory does not know ${verb} ${term}.`);
}

function sumOf(before: AttributeValue | undefined, given: AttributeValue): AttributeValue {
  if (given.SS !== undefined) return { SS: [...new Set([...(before?.SS ?? []), ...given.SS])] };
  return { N: String(Number(before?.N ?? 0) + Number(given.N)) };
}
