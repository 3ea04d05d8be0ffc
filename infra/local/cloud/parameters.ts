import { ApiError, illegal, missing } from './errors.ts';
import type { ActionSpec, ParameterNode, ParameterSpec } from './table.ts';

export type Value = string | number | boolean | Value[] | { [name: string]: Value };
export type Parameters = { [name: string]: Value };

/** A parameter before its type is known: a text, or a map of what follows the next dot of its name. */
type Raw = string | Map<string, Raw>;

/**
 * Checks flat RPC parameters against the table and nests them: `Servers.1.Port=80` becomes `{Servers: [{Port: 80}]}`,
 * as does a JSON text where the table says so. An empty text counts as absent. Throws an `ApiError` at the first fault:
 * InvalidParameter for a name that the action does not know, MissingParam.*, IllegalParam.*.
 */
export function validateParameters(action: ActionSpec, flat: ReadonlyMap<string, string>): Parameters {
  return members(nest(flat), action.members, '', action.name, nodeValue);
}

function nest(flat: ReadonlyMap<string, string>): Map<string, Raw> {
  const root = new Map<string, Raw>();
  for (const [name, value] of flat) {
    if (value === '') continue;
    const segments = name.split('.');
    const last = segments.pop() ?? name;
    let level = root;
    for (const segment of segments) {
      const below = level.get(segment) ?? new Map<string, Raw>();
      if (typeof below === 'string') throw illegal(name, 'it is given both as a value and as a structure');
      level.set(segment, below);
      level = below;
    }
    if (level.has(last)) throw illegal(name, 'it is given both as a value and as a structure');
    level.set(last, value);
  }
  return root;
}

type Reader<T> = (value: T, node: ParameterNode, path: string, action: string) => Value;

/** Reads the members of an object, or the parameters themselves; `read` gives each its type. */
function members<T>(
  given: ReadonlyMap<string, T>,
  known: ReadonlyMap<string, ParameterNode>,
  path: string,
  action: string,
  read: Reader<T>,
): Parameters {
  for (const name of given.keys()) {
    if (known.has(name)) continue;
    throw new ApiError('InvalidParameter', `${path}${name} is not a parameter of ${action}.`);
  }
  const result: Parameters = {};
  for (const [name, node] of known) {
    const value = given.get(name);
    if (value !== undefined) result[name] = read(value, node, path + name, action);
    else if (node.spec.required) throw missing(path + name);
  }
  return result;
}

function nodeValue(raw: Raw, node: ParameterNode, path: string, action: string): Value {
  const { type, json } = node.spec;
  if (json) return jsonText(raw, node, path, action);
  if (type === 'object') {
    if (typeof raw === 'string') throw illegal(path, 'an object is expected');
    return members(raw, node.members, `${path}.`, action, nodeValue);
  }
  if (type === 'array<object>') {
    return items(raw, node.spec, path).map((item, index) => {
      const itemPath = `${path}.${index + 1}`;
      if (typeof item === 'string') throw illegal(itemPath, 'an object is expected');
      return members(item, node.members, `${itemPath}.`, action, nodeValue);
    });
  }
  if (type === 'array<string>') {
    return items(raw, node.spec, path).map((item, index) => text(item, node.spec, `${path}.${index + 1}`));
  }
  if (type === 'boolean') return boolean(raw, path);
  if (type !== 'integer') return text(raw, node.spec, path);
  if (typeof raw !== 'string' || !/^-?\d{1,15}$/.test(raw)) throw illegal(path, 'an integer is expected');
  return integer(Number(raw), node.spec, path);
}

function jsonText(raw: unknown, node: ParameterNode, path: string, action: string): Value {
  if (typeof raw !== 'string') throw illegal(path, 'one JSON text is expected');
  return jsonValue(parseJson(raw, path), { ...node, spec: { ...node.spec, json: false } }, path, action);
}

function parseJson(raw: string, path: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    throw illegal(path, 'its text is no JSON');
  }
}

function jsonValue(value: unknown, node: ParameterNode, path: string, action: string): Value {
  const { spec } = node;
  if (spec.json) return jsonText(value, node, path, action);
  if (spec.type === 'object') return jsonObject(value, node, path, action);
  if (spec.type === 'boolean') {
    if (typeof value !== 'boolean') throw illegal(path, 'true or false is expected');
    return value;
  }
  if (spec.type === 'integer') return integer(value, spec, path);
  if (spec.type === 'string') return text(value, spec, path);
  if (!Array.isArray(value)) throw illegal(path, 'a list is expected');
  return value.map((item: unknown, index) => {
    const itemPath = `${path}.${index + 1}`;
    if (spec.type === 'array<object>') return jsonObject(item, node, itemPath, action);
    return spec.type === 'array<integer>' ? integer(item, spec, itemPath) : text(item, spec, itemPath);
  });
}

function jsonObject(value: unknown, node: ParameterNode, path: string, action: string): Parameters {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw illegal(path, 'an object is expected');
  // The table does not list its members, so their types are unknown.
  if (node.members.size === 0) return value as Parameters;
  return members(new Map<string, unknown>(Object.entries(value)), node.members, `${path}.`, action, jsonValue);
}

/** Returns the items of a list, whose indexes must be 1 to n. */
function items(raw: Raw, spec: ParameterSpec, path: string): Raw[] {
  if (typeof raw === 'string') throw illegal(path, 'a list is expected, with names that end in .1, .2 and so on');
  const count = raw.size;
  if (spec.maxItems !== undefined && count > spec.maxItems) {
    throw illegal(path, `${count} items are given, at most ${spec.maxItems} are allowed`);
  }
  return Array.from({ length: count }, (_, index) => {
    const item = raw.get(String(index + 1));
    if (item === undefined) throw illegal(path, `the indexes of its ${count} items are not 1 to ${count}`);
    return item;
  });
}

function text(value: unknown, spec: ParameterSpec, path: string): string {
  if (typeof value !== 'string') throw illegal(path, 'a text is expected');
  among(value, spec, path);
  if (spec.length) within(Array.from(value).length, spec.length, path, 'characters');
  return value;
}

function integer(value: unknown, spec: ParameterSpec, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw illegal(path, 'an integer is expected');
  among(String(value), spec, path);
  if (spec.range) within(value, spec.range, path, '');
  return value;
}

function boolean(raw: Raw, path: string): boolean {
  if (raw !== 'true' && raw !== 'false') throw illegal(path, 'true or false is expected');
  return raw === 'true';
}

function among(value: string, spec: ParameterSpec, path: string): void {
  if (spec.enum && !spec.enum.includes(value)) throw illegal(path, `it must be one of ${spec.enum.join(', ')}`);
}

function within(value: number, [least, most]: [number | null, number | null], path: string, unit: string): void {
  if ((least === null || value >= least) && (most === null || value <= most)) return;
  throw illegal(path, `it must be ${least ?? 0} to ${most ?? 'any number of'} ${unit}`.trim());
}
