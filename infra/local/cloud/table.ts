import { readFileSync } from 'node:fs';

/** Reads the table of a product's actions and their parameters as the tree that validation walks. */

/**
 * The products of the local cloud. They share endpoint, keys, log and faults; a call names its product by `Version`.
 */
export type ProductName = 'alb' | 'mse';

export interface ParameterSpec {
  type: 'string' | 'integer' | 'boolean' | 'object' | 'array<string>' | 'array<integer>' | 'array<object>';
  /** True when it is required wherever its parent is given. */
  required?: boolean;
  /** True when the value is sent as one JSON text; an object whose members are not listed takes any. */
  json?: boolean;
  enum?: string[];
  range?: [number | null, number | null];
  /** The least and greatest length in characters; null means no limit. */
  length?: [number | null, number | null];
  maxItems?: number;
}

interface TableAction {
  kind: 'read' | 'write';
  clientToken?: boolean;
  dryRun?: boolean;
  returnsJobId?: boolean;
  /** The documented rate limit; absent when none is documented. */
  throttle?: { limit: number; perSeconds: number };
  /** The parameters by flattened name; `N` stands for an index, which begins with 1. */
  parameters: Record<string, ParameterSpec>;
}

export interface ParameterNode {
  spec: ParameterSpec;
  /** The members of an object, or of the items of a list of objects. */
  members: Map<string, ParameterNode>;
}

export interface ActionSpec extends Omit<TableAction, 'parameters'> {
  name: string;
  members: Map<string, ParameterNode>;
}

export interface Table {
  /** The name of the product as the cloud spells it. */
  product: string;
  version: string;
  actions: ReadonlyMap<string, ActionSpec>;
}

function insert(members: Map<string, ParameterNode>, name: string, spec: ParameterSpec): void {
  const segments = name.split('.').filter((segment) => segment !== 'N');
  const last = segments.pop();
  let level = members;
  for (const segment of segments) {
    const node = level.get(segment) ?? { spec: { type: 'object' }, members: new Map() };
    level.set(segment, node);
    level = node.members;
  }
  if (last) level.set(last, { spec, members: level.get(last)?.members ?? new Map() });
}

function toSpec(name: string, { parameters, ...rest }: TableAction): ActionSpec {
  const members = new Map<string, ParameterNode>();
  for (const [parameter, spec] of Object.entries(parameters)) insert(members, parameter, spec);
  return { ...rest, name, members };
}

/** Reads the table in `parameters/<name>.json`. */
export function loadTable(name: string): Table {
  const text = readFileSync(new URL(`./parameters/${name}.json`, import.meta.url), 'utf8');
  const table: { product: string; version: string; actions: Record<string, TableAction> } = JSON.parse(text);
  const actions = new Map(Object.entries(table.actions).map(([action, spec]) => [action, toSpec(action, spec)]));
  return { product: table.product, version: table.version, actions };
}
