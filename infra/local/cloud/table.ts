import { readFileSync } from 'node:fs';

/** Every action of a product and its parameters, as the tree that validation walks. */

export interface ParameterSpec {
  type: 'string' | 'integer' | 'boolean' | 'object' | 'array<string>' | 'array<integer>' | 'array<object>';
  /** Required wherever its parent is given. */
  required?: boolean;
  /** The value travels as one JSON text; an object whose members are not listed takes any. */
  json?: boolean;
  enum?: string[];
  range?: [number | null, number | null];
  /** In characters. */
  length?: [number | null, number | null];
  maxItems?: number;
}

interface TableAction {
  kind: 'read' | 'write';
  clientToken?: boolean;
  dryRun?: boolean;
  returnsJobId?: boolean;
  /** Absent: the rate is not documented. */
  throttle?: { limit: number; perSeconds: number };
  /** By flattened name; `N` stands for a 1-based index. */
  parameters: Record<string, ParameterSpec>;
}

export interface ParameterNode {
  spec: ParameterSpec;
  /** Of an object, or of the items of a list of objects. */
  members: Map<string, ParameterNode>;
}

export interface ActionSpec extends Omit<TableAction, 'parameters'> {
  name: string;
  members: Map<string, ParameterNode>;
}

export interface Table {
  /** As the cloud spells it. */
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

/** Reads `parameters/<name>.json`. */
export function loadTable(name: string): Table {
  const text = readFileSync(new URL(`./parameters/${name}.json`, import.meta.url), 'utf8');
  const table: { product: string; version: string; actions: Record<string, TableAction> } = JSON.parse(text);
  const actions = new Map(Object.entries(table.actions).map(([action, spec]) => [action, toSpec(action, spec)]));
  return { product: table.product, version: table.version, actions };
}
