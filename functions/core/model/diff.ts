import microdiff from 'microdiff';
import type { Changes, FieldChange } from '../../../schemas/common.ts';
import { compareText } from './text.ts';

/** What differs between two JSON objects, sorted by pointer. Elements of arrays are compared place by place. */
export function diff(before: object, after: object): FieldChange[] {
  return microdiff(bare(before), bare(after), { cyclesFix: false })
    .map((difference) => ({
      pointer: difference.path.map((segment) => `/${escaped(segment)}`).join(''),
      ...(difference.type !== 'CREATE' && { before: difference.oldValue }),
      ...(difference.type !== 'REMOVE' && { after: difference.value }),
    }))
    .sort((a, b) => compareText(a.pointer, b.pointer));
}

/** Without prototypes: microdiff takes an inherited `constructor` for a key that is there. What is undefined is absent in JSON. */
function bare(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value), (_, part) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.assign(Object.create(null), part) : part,
  );
}

/** RFC 6901, section 3. */
function escaped(segment: string | number): string {
  return String(segment).replaceAll('~', '~0').replaceAll('/', '~1');
}

const MAX_CHANGES = 100;
const MAX_BYTES = 32 * 1024;

/** The difference, cut so that it can be kept and shown with what it belongs to. */
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
