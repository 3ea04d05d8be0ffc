import type { Json } from '../core/gateway/provider-object.ts';

/**
 * Returns parameters in the form of the RPC style: members of objects are joined with `.`, items of lists are numbered
 * from 1, and every value is a text. Absent and null values are left out.
 */
export function flatten(parameters: Record<string, Json | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) add(flat, name, value);
  return flat;
}

/**
 * Returns parameters in the form of MSE (OpenAPI 2019-05-31): each object or list is one JSON text. Only tags are
 * flattened. Absent and null values are left out.
 */
export function toJsonTexts(parameters: Record<string, Json | undefined>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== 'object' || value === null || name === 'Tag') add(texts, name, value);
    else texts[name] = JSON.stringify(value);
  }
  return texts;
}

function add(flat: Record<string, string>, name: string, value: Json | undefined): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object') {
    flat[name] = String(value);
    return;
  }
  const members = Array.isArray(value) ? value.map((item, index) => [index + 1, item] as const) : Object.entries(value);
  for (const [key, member] of members) add(flat, `${name}.${key}`, member);
}
