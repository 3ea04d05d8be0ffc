import { ApiError, illegal, missing } from './errors.ts';
import type { ActionSpec, ParameterNode, ParameterSpec } from './table.ts';

export type Value = string | number | boolean | Value[] | { [name: string]: Value };
export type Parameters = { [name: string]: Value };

/** A flat parameter before its type is known: text, or what stands below a dot. */
type Raw = string | Map<string, Raw>;

/**
 * Checks flat RPC parameters against the table and nests them: `Servers.1.Port=80` becomes `{Servers: [{Port: 80}]}`.
 * An empty text counts as absent. Throws an ApiError at the first fault: InvalidParameter for a name that the action does not
 * know, MissingParam.*, IllegalParam.*.
 */
export function validateParameters(action: ActionSpec, flat: ReadonlyMap<string, string>): Parameters {
  return objectValue(nest(flat), action.members, '', action.name);
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

function objectValue(
  raw: Map<string, Raw>,
  members: Map<string, ParameterNode>,
  path: string,
  action: string,
): Parameters {
  for (const name of raw.keys()) {
    if (members.has(name)) continue;
    throw new ApiError('InvalidParameter', `${path}${name} is not a parameter of ${action} (2020-06-16).`);
  }
  const result: Parameters = {};
  for (const [name, node] of members) {
    const value = raw.get(name);
    if (value !== undefined) result[name] = nodeValue(value, node, path + name, action);
    else if (node.spec.required) throw missing(path + name);
  }
  return result;
}

function nodeValue(raw: Raw, node: ParameterNode, path: string, action: string): Value {
  const { type } = node.spec;
  if (type === 'object') {
    if (typeof raw === 'string') throw illegal(path, 'an object is expected');
    return objectValue(raw, node.members, `${path}.`, action);
  }
  if (type === 'array<object>') {
    return items(raw, node.spec, path).map((item, index) => {
      const itemPath = `${path}.${index + 1}`;
      if (typeof item === 'string') throw illegal(itemPath, 'an object is expected');
      return objectValue(item, node.members, `${itemPath}.`, action);
    });
  }
  if (type === 'array<string>') {
    return items(raw, node.spec, path).map((item, index) => text(item, node.spec, `${path}.${index + 1}`));
  }
  if (type === 'integer') return integer(raw, node.spec, path);
  if (type === 'boolean') return boolean(raw, path);
  return text(raw, node.spec, path);
}

/** The items of a list, whose indexes must be 1 to n. */
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

function text(raw: Raw, spec: ParameterSpec, path: string): string {
  if (typeof raw !== 'string') throw illegal(path, 'a text is expected');
  if (spec.enum && !spec.enum.includes(raw)) throw illegal(path, `it must be one of ${spec.enum.join(', ')}`);
  if (spec.length) within(Array.from(raw).length, spec.length, path, 'characters');
  return raw;
}

function integer(raw: Raw, spec: ParameterSpec, path: string): number {
  if (typeof raw !== 'string' || !/^-?\d{1,15}$/.test(raw)) throw illegal(path, 'an integer is expected');
  const value = Number(raw);
  if (spec.range) within(value, spec.range, path, '');
  return value;
}

function boolean(raw: Raw, path: string): boolean {
  if (raw !== 'true' && raw !== 'false') throw illegal(path, 'true or false is expected');
  return raw === 'true';
}

function within(value: number, [least, most]: [number | null, number | null], path: string, unit: string): void {
  if ((least === null || value >= least) && (most === null || value <= most)) return;
  throw illegal(path, `it must be ${least ?? 0} to ${most ?? 'any number of'} ${unit}`.trim());
}
