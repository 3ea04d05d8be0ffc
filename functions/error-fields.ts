import type { Json } from './core/gateway/provider-object.ts';
import type { Redact } from './redact.ts';

/** The number of nested causes that are shown. */
const MAX_DEPTH = 4;

const MAX_FRAMES = 20;

/** A name, a code or a request id. Any other text could be a message, and is not shown as one of these. */
const WORD = /^[\w.:/-]{1,80}$/;

/** A stack frame as V8 writes it: an optional function, and a place in a file. */
const FRAME = /^\s*at (?:(?<name>[\w$.<>#[\] ]{1,100}) \()?(?<place>[^()]+:\d+:\d+)\)?$/;

/** The query that some loaders append to the name of a module. */
const QUERY = /\?[^:]*(?=:\d+:\d+$)/;

/** The last parts of a path, which tell the file. The first parts tell about the machine, and are not shown. */
const PLACE = /(?:[\w@.-]+\/){0,3}[\w@.-]+:\d+:\d+$/;

/**
 * Returns the fields of an error that a log may show: its name, its redacted message, its code, request id and HTTP status,
 * the frames of its stack, and the same fields of its cause. It takes any thrown value, and never throws.
 */
export function errorFields(thrown: unknown, redact: Redact): Json {
  return fieldsOf(thrown, redact, new Set(), 0);
}

function fieldsOf(thrown: unknown, redact: Redact, seen: Set<unknown>, depth: number): Record<string, Json> {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) {
    return { name: typeof thrown, message: redact.foreign(textOf(thrown)) };
  }
  seen.add(thrown);
  const metadata = read(thrown, '$metadata');
  const message = read(thrown, 'message');
  const stack = framesOf(read(thrown, 'stack'), message, redact);
  const cause = read(thrown, 'cause') ?? firstOf(read(thrown, 'errors'));
  return {
    name: wordOf(read(thrown, 'name'), redact) ?? 'UnnamedError',
    message: redact.foreign(typeof message === 'string' ? message : ''),
    ...defined('code', wordOf(read(thrown, 'code'), redact)),
    ...defined('requestId', wordOf(read(metadata, 'requestId') ?? read(thrown, 'requestId'), redact)),
    ...defined('status', statusOf(read(metadata, 'httpStatusCode') ?? read(thrown, 'status'))),
    ...(stack.length > 0 && { stack }),
    ...(cause !== undefined &&
      depth < MAX_DEPTH &&
      !seen.has(cause) && { cause: fieldsOf(cause, redact, seen, depth + 1) }),
  };
}

/** Returns a property of any value; undefined when its getter throws. */
function read(value: unknown, name: string): unknown {
  try {
    return typeof value === 'object' || typeof value === 'function' ? Reflect.get(value ?? {}, name) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : String(thrown);
}

/** Returns the first error of an AggregateError, which stands for all: such an error has several causes, and often no message. */
function firstOf(errors: unknown): unknown {
  return read(errors, '0');
}

function wordOf(value: unknown, redact: Redact): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && WORD.test(text) && redact.foreign(text) === text ? text : undefined;
}

function statusOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

function defined(name: string, value: Json | undefined): Record<string, Json> {
  return value === undefined ? {} : { [name]: value };
}

/** Returns the frames of a stack. The stack repeats the message at its head, and only lines that look like frames are taken. */
function framesOf(stack: unknown, message: unknown, redact: Redact): string[] {
  if (typeof stack !== 'string') return [];
  const head = typeof message === 'string' && message !== '' ? stack.indexOf(message) : -1;
  const frames = head < 0 ? stack : stack.slice(head + String(message).length);
  const lines = frames.slice(0, 20_000).split('\n');
  return lines.flatMap((line) => frameOf(line, redact)).slice(0, MAX_FRAMES);
}

function frameOf(line: string, redact: Redact): string[] {
  const { name, place = '' } = FRAME.exec(line)?.groups ?? {};
  const [where] = PLACE.exec(place.replace(QUERY, '')) ?? [];
  if (where === undefined) return [];
  return [redact.foreign(name === undefined ? where : `${name} (${where})`)];
}
