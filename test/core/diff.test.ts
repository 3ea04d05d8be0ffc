import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween, diff } from '../../functions/core/model/diff.ts';
import { equal } from '../../functions/core/model/digest.ts';
import type { FieldChange } from '../../schemas/common.ts';

describe('diff', () => {
  it('points at each field with its value before and after, in order of pointers', () => {
    const before = { zone: 'h', labels: { 'a/b~c': '1' }, endpoints: [{ port: 80 }, { port: 81 }], probes: null };
    const after = { region: 'cn', labels: { 'a/b~c': '2' }, endpoints: [{ port: 8080 }], probes: [] };
    expect(diff(before, after)).toEqual([
      { pointer: '/endpoints/0/port', before: 80, after: 8080 },
      { pointer: '/endpoints/1', before: { port: 81 } },
      { pointer: '/labels/a~1b~0c', before: '1', after: '2' },
      { pointer: '/probes', before: null, after: [] },
      { pointer: '/region', after: 'cn' },
      { pointer: '/zone', before: 'h' },
    ]);
  });

  it('takes what is undefined for absent', () => {
    expect(diff({ a: undefined, b: 1 }, { b: 1, c: undefined })).toEqual([]);
  });

  it('sees fields that are named as what every object inherits', () => {
    expect(diff({ toString: 'x' }, { constructor: 'y' })).toEqual([
      { pointer: '/constructor', after: 'y' },
      { pointer: '/toString', before: 'x' },
    ]);
  });

  it('leads from before to after, and is empty only when they are equal', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'a/b', '~', '', 'constructor', 'length', '0'), fc.string());
    const { value: json } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.jsonValue({ maxDepth: 0 }), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    }));
    const declaration = fc.dictionary(key, json, { maxKeys: 4 });
    fc.assert(
      fc.property(declaration, declaration, (before, after) => {
        const changes = diff(before, after);
        expect(apply(before, changes)).toEqual(JSON.parse(JSON.stringify(after)));
        expect(changes.length === 0).toBe(equal(before, after));
      }),
    );
  });
});

describe('changesBetween', () => {
  const fields = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${String(index).padStart(3, '0')}`, value]));

  it('keeps the first hundred changes and counts them all', () => {
    const { changes, changeCount } = changesBetween({}, fields(150, 'x'));
    expect([changes.length, changeCount, changes[99]?.pointer]).toEqual([100, 150, '/f099']);
  });

  it('never grows beyond what an audit event can hold', () => {
    const { changes, changeCount } = changesBetween(fields(50, '字'.repeat(500)), fields(50, '典'.repeat(500)));
    expect(changeCount).toBe(50);
    expect(changes.length).toBeGreaterThan(5);
    expect(Buffer.byteLength(JSON.stringify(changes))).toBeLessThan(33 * 1024);
    expect(changesBetween({}, { big: 'x'.repeat(400_000) })).toEqual({ changes: [], changeCount: 1 });
  });
});

// biome-ignore lint/suspicious/noExplicitAny: this may be any JSON.
type Json = any;

/**
 * Applies the changes to `before` as a reader would. Removals come last, so that the positions of the others stay
 * valid.
 */
function apply(before: object, changes: FieldChange[]): Json {
  const result: Json = JSON.parse(JSON.stringify(before));
  const [gone, set] = [changes.filter((change) => !('after' in change)), changes.filter((change) => 'after' in change)];
  for (const { pointer, after } of set) {
    const [parent, name] = placeOf(result, pointer);
    Object.defineProperty(parent, name, { value: after, configurable: true, enumerable: true, writable: true });
  }
  for (const { pointer } of gone) {
    const [parent, name] = placeOf(result, pointer);
    delete parent[name];
    if (Array.isArray(parent)) parent.length = Math.min(parent.length, Number(name));
  }
  return JSON.parse(JSON.stringify(result));
}

function placeOf(root: Json, pointer: string): [Json, string] {
  const path = pointer
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = path.pop() ?? '';
  return [path.reduce((parent, segment) => parent[segment], root), name];
}
