import microdiff from 'microdiff';
import type { Changes, FieldChange } from '../../../schemas/common.ts';
import { compareText } from './text.ts';

/**
 * Returns the fields that differ between two JSON objects, sorted by JSON pointer. Arrays are compared index by index.
 */
export function diff(before: object, after: object): FieldChange[] {
  return microdiff(bare(before), bare(after), { cyclesFix: false })
    .map((difference) => ({
      pointer: pointerTo(difference.path),
      ...(difference.type !== 'CREATE' && { before: difference.oldValue }),
      ...(difference.type !== 'REMOVE' && { after: difference.value }),
    }))
    .sort((a, b) => compareText(a.pointer, b.pointer));
}

/**
 * Copies a JSON value into objects without a prototype, because microdiff would take an inherited `constructor` for an
 * existing key. Members that are undefined are dropped, as in JSON.
 */
function bare(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.assign(Object.create(null), part) : part,
  );
}

/** Returns the JSON pointer to a path (RFC 6901, section 3). */
export function pointerTo(path: readonly (string | number)[]): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const MAX_CHANGES = 100;
const MAX_BYTES = 32 * 1024;

/**
 * Returns the difference between two JSON objects, cut to `MAX_CHANGES` fields and `MAX_BYTES` so that it can be stored
 * and shown. `changeCount` is the number of all fields that differ.
 */
export function changesBetween(before: object, after: object): Changes {
  const all = diff(before, after);
  const changes: FieldChange[] = [];
  let bytes = 0;
  for (const change of all.slice(0, MAX_CHANGES)) {
    bytes += new TextEncoder().encode(JSON.stringify(change)).length;
    if (bytes > MAX_BYTES) break;
    changes.push(change);
  }
  return { changes, changeCount: all.length };
}
