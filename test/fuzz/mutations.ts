/** Spoils requests: what each mutation returns is what a careless or hostile client might send. */

import type { Prng } from '../sim/prng.ts';

type Place = { parent: Record<string, unknown> | unknown[]; key: string | number };

/** A text that no field takes, beyond the limit of most bodies. */
const HUGE = 'x'.repeat(70_000);
const TOO_LARGE = 'y'.repeat(1_100_000);

/** Values of every type, and texts that are known to break parsers, keys of tables and logs. */
const STRANGE: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -0, 2 ** 53, 4_294_967_296, [], {}, [[]], [null], ''],
  ...[' ', '\u0000', '\ud800', 'a\ud800b', '\u202e', '\ufeff', 'é', 'e\u0301', '中', '🚢', 'NaN', 'null', 'undefined'],
  ...['__proto__', 'constructor', 'toString', '../..', '%00', '%2e%2e', "' OR 1=1", '{{7*7}}', '<script>', '\r\nX: y'],
  ...['fleet#x', 'a/b', 'a#b', '*', '-', '~1~0', '9'.repeat(400), '2026-13-45T99:99:99Z', '0001-01-01T00:00:00Z'],
  ...['9999-12-31T23:59:59.999Z', 'http://[', 'http://127.0.0.1/', 'file:///etc/passwd', 'a'.repeat(64), HUGE],
];

/** Returns the value with one place of it spoiled. */
export function spoiled(prng: Prng, value: unknown): unknown {
  const copy = structuredClone(value);
  const places = placesIn(copy);
  if (places.length === 0 || prng.chance(0.03)) return prng.pick(STRANGE);
  const { parent, key } = prng.pick(places);
  const at = parent as Record<string | number, unknown>;
  const kind = prng.int(0, 7);
  if (kind === 0) Reflect.deleteProperty(parent, key);
  else if (kind === 1) at[key] = nested(prng.pick([5, 100, 3000]));
  else if (kind === 2)
    define(at, prng.pick(['surprise', '__proto__', 'constructor', 'a/b', '', '\u0000', 'x'.repeat(5000)]));
  else if (kind === 3 && Array.isArray(parent))
    parent.push(...Array.from({ length: prng.pick([1, 30, 1100]) }, () => at[key]));
  else if (kind === 4 && typeof at[key] === 'number') at[key] = Number(at[key]) + prng.pick([-1, 1, 0.5, 1e9]);
  else if (kind === 5 && typeof at[key] === 'string') at[key] = cut(prng, String(at[key]));
  else at[key] = prng.pick(STRANGE);
  return copy;
}

/** Defines a field as JSON.parse does, also one of the name __proto__. */
function define(target: object, name: string): void {
  Object.defineProperty(target, name, { value: { polluted: true }, enumerable: true, configurable: true });
}

function cut(prng: Prng, text: string): string {
  const at = prng.int(0, text.length);
  return prng.pick([
    text.slice(0, at),
    text.toUpperCase(),
    `${text.slice(0, at)}\u0000${text.slice(at)}`,
    text + text,
    ` ${text}`,
  ]);
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Record<string, unknown>;
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(parent);
  return keys.flatMap((key) => [{ parent, key }, ...placesIn(parent[key])]);
}

/** Returns the text of a body with its syntax spoiled. */
export function garbled(prng: Prng, text: string): string | Uint8Array<ArrayBuffer> {
  const at = prng.int(0, text.length);
  const kinds: (() => string | Uint8Array<ArrayBuffer>)[] = [
    () => '',
    () => text.slice(0, at),
    () => `${text.slice(0, at)}${prng.pick(['"', '}', '\\', '\u0000', ',', '\\ud800', 'NaN'])}${text.slice(at)}`,
    () => `\ufeff${text}`,
    () => text.replace('{', `{"reason":1,"reason":"twice","name":"x",`),
    () => text.replace('{', '{"__proto__":{"isAdmin":true},'),
    () => `${text}${text}`,
    () => '['.repeat(prng.pick([100, 100_000])),
    () => TOO_LARGE,
    () => prng.pick(YAML),
    () => new Uint8Array([...new TextEncoder().encode(text.slice(0, at)), 0xff, 0xfe, 0xc0]),
  ];
  return prng.pick(kinds)();
}

const YAML: readonly string[] = [
  'a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n',
  'apiVersion: fairlead.dev/v1\nkind: List\nitems: &x [*x]\n',
  'apiVersion: fairlead.dev/v1\nkind: List\nkind: Fleet\nitems: []\n',
  'apiVersion: fairlead.dev/v1\nkind: List\nitems:\n- !!js/function "function(){}"\n- !!binary aGVsbG8=\n',
  '---\napiVersion: fairlead.dev/v1\n---\n- a\n---\n...\n',
  '%YAML 1.1\n---\n? [complex, key]\n: yes\n<<: {a: 1}\n',
  'apiVersion: fairlead.dev/v1\nkind: Fleet\nmetadata: {name: on}\nspec: {displayName: 012, labels: {a: ~, ? b}}\n',
  '\tapiVersion: fairlead.dev/v1\n',
  '{"apiVersion": "fairlead.dev/v1", "kind": "List", "items": [',
];

/** Returns one segment of a path as a client might get it wrong; it is written as it is sent. */
export function strangeSegment(prng: Prng): string {
  return prng.pick([
    ...['%00', '%2F', '%2e%2e', '%ff', '%', '%zz', '%ED%A0%80', '%F0%9F%9A%A2', 'UPPER', 'a.b', '-a', 'a-', '_', '%20'],
    ...[
      'x'.repeat(63),
      'x'.repeat(64),
      'x'.repeat(6000),
      '__proto__',
      'constructor',
      '%23',
      '%3F',
      '*',
      '%2A',
      ':fleet',
    ],
    ...[
      '{fleet}',
      'a;b',
      'a,b',
      '0',
      '-1',
      '9'.repeat(30),
      '%E2%80%AE',
      "'",
      '%0d%0aX-Injected:%20y',
      'apr-',
      'opn_',
      'dec_',
    ],
  ]);
}

/** Returns a query parameter as a client might get it wrong, without the question mark. */
export function strangeQuery(prng: Prng): string {
  return prng.pick([
    ...[
      'dryrun=true',
      'dryRun=TRUE',
      'dryRun=',
      'dryRun=true&dryRun=true',
      'reason=',
      'reason=%00',
      'reason=%ff',
      '&&&',
      '=',
      '%',
    ],
    ...[
      `reason=${'x'.repeat(300)}`,
      'pageSize=0',
      'pageSize=-1',
      'pageSize=1e3',
      'pageSize=201',
      'pageSize=1&pageSize=2',
    ],
    ...['pageToken=after.', 'pageToken=..%2F', 'pageToken=%7B%7D', `pageToken=${'A'.repeat(3000)}`, 'access_token=x'],
    ...[
      '__proto__=1',
      'constructor=1',
      'toString=1',
      'a[b]=c',
      `${'q'.repeat(3000)}=1`,
      'timeZone=Mars/Olympus',
      'uid=',
    ],
    ...['since=yesterday', 'until=0001-01-01T00:00:00Z', 'since=9999-12-31T23:59:59Z', 'digest=0', 'prune=maybe'],
  ]);
}

/** Returns the value of a conditional header as a client might get it wrong. */
export function strangeTag(prng: Prng): string {
  return prng.pick([
    '',
    '1',
    'W/"1"',
    '"1"',
    '"999"',
    '""',
    '"1',
    '"1", "2"',
    '*, "1"',
    '**',
    '"1-00000000"',
    '"-1"',
    `"${'1'.repeat(2000)}"`,
    '"\u00e9"',
  ]);
}

export function strangeMediaType(prng: Prng): string {
  return prng.pick([
    ...['', 'text/plain', 'application/merge-patch+json', 'application/json; charset=latin1', 'application/xml'],
    ...[
      'application/json; charset="utf-8"',
      'APPLICATION/JSON',
      'application/json, text/plain',
      'application/yaml',
      'multipart/form-data',
    ],
    ...['application/x-www-form-urlencoded', 'application/json;;', 'text/yaml', 'application/x-yaml'],
  ]);
}
