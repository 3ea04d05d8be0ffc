/**
 * The expressions of DynamoDB, as far as the store writes them: conditions of comparisons and of whether an attribute exists, joined by AND
 * and OR, and updates by SET, REMOVE and ADD. Any other expression is refused rather than misread.
 */

import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type StoredItem = Record<string, AttributeValue>;

/** The placeholders with which an expression is read. */
export interface Placeholders {
  ExpressionAttributeNames?: Record<string, string> | undefined;
  ExpressionAttributeValues?: StoredItem | undefined;
}

const TERM = /^(?:(attribute_not_exists|attribute_exists)\((#?\w+)\)|(#?\w+) (=|<>|<=|<|>=|>) (:\w+))$/;
const SECTION = /\b(SET|REMOVE|ADD) (.+?)(?= (?:SET|REMOVE|ADD) |$)/gs;
const SET = /^(#?\w+) = (?:(:\w+)|if_not_exists\((#?\w+), (:\w+)\))$/;
const ADD = /^(#?\w+) (:\w+)$/;
/** A comma that does not stand in parentheses. */
const BETWEEN_CLAUSES = /, (?![^(]*\))/;

/** Tells whether a condition holds for an item, which may not exist. OR binds less than AND, and there are no parentheses. */
export function holds(condition: string, item: StoredItem | undefined, placeholders: Placeholders): boolean {
  return condition
    .split(' OR ')
    .some((part) => part.split(' AND ').every((term) => termHolds(term, item, placeholders)));
}

function termHolds(term: string, item: StoredItem | undefined, placeholders: Placeholders): boolean {
  const [, existence, subject = '', path = '', operator = '', value = ''] = TERM.exec(term) ?? unknown(term);
  if (existence) {
    const exists = item?.[nameOf(subject, placeholders)] !== undefined;
    return exists === (existence === 'attribute_exists');
  }
  return compare(item?.[nameOf(path, placeholders)], operator, operandOf(value, placeholders));
}

/** An attribute that is missing differs from every value, and compares with none. Values of two types differ as well. */
function compare(left: AttributeValue | undefined, operator: string, right: AttributeValue): boolean {
  const order = left && orderOf(left, right);
  if (order === undefined) return operator === '<>';
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

function orderOf(left: AttributeValue, right: AttributeValue): number | undefined {
  if (left.N !== undefined && right.N !== undefined) return Number(left.N) - Number(right.N);
  if (left.S === undefined || right.S === undefined) return undefined;
  return left.S < right.S ? -1 : Number(left.S > right.S);
}

/** Returns the item after an update, whose clauses all see the item as it was before. */
export function updated(expression: string, item: StoredItem, placeholders: Placeholders): StoredItem {
  const after = { ...item };
  for (const [, section, clauses = ''] of expression.matchAll(SECTION)) {
    for (const clause of clauses.split(BETWEEN_CLAUSES)) {
      if (section === 'SET') set(after, clause, item, placeholders);
      else if (section === 'ADD') add(after, clause, item, placeholders);
      else delete after[nameOf(clause, placeholders)];
    }
  }
  return after;
}

function set(after: StoredItem, clause: string, item: StoredItem, placeholders: Placeholders): void {
  const [, path = '', value, kept = '', otherwise = ''] = SET.exec(clause) ?? unknown(clause);
  const given = value ? undefined : item[nameOf(kept, placeholders)];
  after[nameOf(path, placeholders)] = given ?? operandOf(value ?? otherwise, placeholders);
}

function add(after: StoredItem, clause: string, item: StoredItem, placeholders: Placeholders): void {
  const [, path = '', value = ''] = ADD.exec(clause) ?? unknown(clause);
  const name = nameOf(path, placeholders);
  const given = operandOf(value, placeholders);
  after[name] = given.SS
    ? { SS: [...new Set([...(item[name]?.SS ?? []), ...given.SS])] }
    : { N: String(Number(item[name]?.N ?? 0) + Number(given.N)) };
}

/** Returns what is wrong with the placeholders of some expressions: DynamoDB refuses those that no expression uses. */
export function unusedPlaceholder(expressions: readonly (string | undefined)[], placeholders: Placeholders) {
  const { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = placeholders;
  const used = new Set(expressions.join(' ').match(/[#:]\w+/g));
  return [...Object.keys(ExpressionAttributeNames), ...Object.keys(ExpressionAttributeValues)].find(
    (name) => !used.has(name),
  );
}

function nameOf(path: string, { ExpressionAttributeNames = {} }: Placeholders): string {
  return path.startsWith('#') ? (ExpressionAttributeNames[path] ?? unknown(path)) : path;
}

function operandOf(placeholder: string, { ExpressionAttributeValues = {} }: Placeholders): AttributeValue {
  return ExpressionAttributeValues[placeholder] ?? unknown(placeholder);
}

function unknown(part: string): never {
  throw new Error(`The table in memory does not know the expression ${part}.`);
}
