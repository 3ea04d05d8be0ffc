import type { HonoRequest } from 'hono';
import { Composer, type Document, isAlias, isScalar, LineCounter, type Node, Parser, stringify, visit } from 'yaml';
import * as z from 'zod';
import { API_VERSION, type DeclaredManifest } from '../../../schemas/manifest.ts';
import { issueAt, type Message, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { faultAt } from '../../commands/app-error.ts';
import { type BodyFormat, isMediaType, JSON_TYPE, type ReadBody, readJson } from './body.ts';
import { issuesOf } from './issues.ts';
import { textOf } from './json.ts';

/** The media type of YAML (RFC 9512). */
export const YAML = 'application/yaml';

/** The format of a manifest: YAML with one document for each resource, or JSON with one document or a List of them. */
export const MANIFEST_BODY: BodyFormat = {
  mediaTypes: [YAML, JSON_TYPE],
  maxBytes: 8 * 1024 * 1024,
  read: async (request) => (isMediaType(request, YAML) ? await readYaml(request) : await readJsonManifest(request)),
};

const List = z.looseObject({ kind: z.literal('List') });

async function readJsonManifest(request: HonoRequest): Promise<ReadBody> {
  const { value, faults } = await readJson(request);
  return bodyOf([value], faults);
}

/** Returns the documents as one List. A single document may be a List already. */
function listOf(documents: readonly unknown[]): unknown {
  const [only] = documents;
  if (documents.length === 1 && List.safeParse(only).success) return only;
  return { apiVersion: API_VERSION, kind: 'List', items: documents };
}

async function readYaml(request: HonoRequest): Promise<ReadBody> {
  const text = textOf(await request.arrayBuffer());
  if (text === undefined) throw faultAt('invalid-request', '#', say('NotUtf8'));
  const { items, faults } = documentsOf(text);
  return bodyOf(items, faults);
}

/** Returns the body that the documents make. Its faults name a document by number; one that could not be read has no further faults. */
function bodyOf(documents: readonly unknown[], faults: Issue[]): ReadBody {
  const unread = new Set(faults.map(({ pointer }) => pointer));
  return {
    value: listOf(documents),
    faults,
    issuesOf: (error) =>
      error.issues.flatMap((issue) => {
        const [list, index, ...path] = issue.path;
        if (list !== 'items' || typeof index !== 'number') return issuesOf(new z.ZodError([issue]), '#');
        const pointer = `documents/${index}#`;
        return unread.has(pointer) ? [] : issuesOf(new z.ZodError([{ ...issue, path }]), pointer);
      }),
  };
}

function fault(pointer: string, message: Message): Issue {
  return issueAt(pointer, 'malformed-yaml', message);
}

/**
 * The number of aliases that a document may have, and that it may resolve to. Anchors that multiply are an attack (yaml,
 * maxAliasCount), and so are many aliases, since the parser walks through the whole document for each.
 */
const MAX_ALIASES = 100;

/**
 * Returns the documents of a stream, except empty ones, with their faults. They are read one after the other, so that only one
 * tree is in memory at a time. Repeated keys are found in `documentFaults`, since the parser would compare each key with all
 * others.
 */
function documentsOf(text: string): { items: unknown[]; faults: Issue[] } {
  const items: unknown[] = [];
  const faults: Issue[] = [];
  const lines = new LineCounter();
  const tokens = new Parser(lines.addNewLine).parse(text);
  try {
    for (const document of new Composer({ uniqueKeys: false }).compose(tokens)) {
      const found = documentFaults(document);
      if (found.length === 0 && document.contents === null) continue;
      const pointer = `documents/${items.length}#`;
      const at = found.map(({ offset, detail }) =>
        fault(pointer, say('YamlFault', { ...placeIn(lines, offset), fault: detail })),
      );
      const value = at.length === 0 ? jsOf(document) : undefined;
      if (value instanceof ReferenceError) at.push(fault(pointer, say('YamlAlias', { fault: value.message })));
      items.push(value);
      faults.push(...at);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.push(fault(`documents/${items.length}#`, say('TooDeep')));
    items.push(undefined);
  }
  return { items, faults };
}

function placeIn(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

interface Fault {
  offset: number;
  detail: string;
}

/** Returns the faults of a document. Warnings of the parser count as faults: the text would be dropped, or read with another meaning. */
function documentFaults(document: Document.Parsed | Document<Node>): Fault[] {
  const found: Fault[] = [...document.errors, ...document.warnings].map(({ pos: [offset], message }) => ({
    offset,
    detail: message,
  }));
  let aliases = 0;
  visit(document, {
    Alias: (_, alias) => {
      aliases += 1;
      if (aliases <= MAX_ALIASES) return undefined;
      found.push({ offset: offsetOf(alias), detail: say('TooManyAliases', { most: MAX_ALIASES }).text });
      return visit.BREAK;
    },
    Map: (_, { items }) => {
      const keys = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) continue;
        if (keys.has(name)) found.push({ offset: offsetOf(key), detail: say('RepeatedKey', { key: name }).text });
        keys.add(name);
      }
    },
    Scalar: (_, scalar) => {
      const isText = typeof scalar.value !== 'string' || scalar.value.isWellFormed();
      if (!isText) found.push({ offset: offsetOf(scalar), detail: say('HalfCharacter').text });
    },
  });
  return found;
}

function offsetOf(node: unknown): number {
  return isScalar(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}

/** Returns the value of a document, or a ReferenceError when an alias leads nowhere or expands to too much. */
function jsOf(document: Document<Node>): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof ReferenceError) return error;
    throw error;
  }
}

/** Returns the manifest as YAML with one document for each resource. Text that older parsers would read as another type is quoted. */
export function manifestYaml({ items }: DeclaredManifest): string {
  const write = (item: unknown) => stringify(item, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  return items.map((item) => `---\n${write(item)}`).join('');
}
