/**
 * The OpenAPI document, read without any code of the product: the operations that it describes, and the answers of
 * each.
 */

import { isIPv4 } from 'node:net';
import { Ajv2020 } from 'ajv/dist/2020.js';
import document from '../../schemas/openapi.json' with { type: 'json' };

/** The keywords of JSON Schema that the document uses. */
export interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  propertyNames?: Schema;
  items?: Schema;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  enum?: readonly unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  examples?: readonly unknown[];
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
}

export interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
  required?: boolean;
  schema: Schema;
}

/** The answers of an operation with one status. */
export interface Documented {
  /** The names of its headers, in lower case. */
  headers: ReadonlySet<string>;
  mediaTypes: readonly string[];
  /** The codes of its problems. */
  codes: ReadonlySet<string>;
  /** Returns what is wrong with a JSON body; undefined when nothing is. */
  faultOf(body: unknown): string | undefined;
}

export interface Operation {
  id: string;
  method: string;
  /** The path template. */
  path: string;
  parameters: readonly Parameter[];
  body?: { mediaTypes: readonly string[]; schema: Schema; example: unknown } | undefined;
  answers: ReadonlyMap<number, Documented>;
}

interface Media {
  schema: Schema;
  examples?: Record<string, Reference>;
}
interface DescribedAnswer {
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, Media>;
}
interface Reference {
  $ref: string;
}
interface Described {
  operationId: string;
  parameters?: readonly (Parameter | Reference)[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, DescribedAnswer | Reference>;
}

const paths = document.paths as unknown as Record<string, Record<string, Described>>;
const schemas = document.components.schemas as unknown as Record<string, Schema>;
const shared = document.components as unknown as Record<'parameters' | 'responses', Record<string, unknown>>;

/** Follows a reference to a component that operations share, if it is one. Returns its pointer as well. */
function componentOf<T extends object>(place: T | Reference, own: string[]): { part: T; pointer: string[] } {
  if (!('$ref' in place)) return { part: place, pointer: own };
  const pointer = place.$ref.split('/').slice(1);
  const part = shared[pointer[1] as 'parameters' | 'responses'][pointer[2] ?? ''];
  if (part === undefined) throw new Error(`The document has nothing at ${place.$ref}.`);
  return { part: part as T, pointer };
}

/** Follows a reference to a named schema. */
export function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  const found = name === undefined ? schema : schemas[name];
  if (found === undefined) throw new Error(`The document has no schema ${schema.$ref}.`);
  return found;
}

const ajv = new Ajv2020({ strict: false, inlineRefs: false });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
ajv.addFormat('uri', (text: string) => URL.canParse(text));
ajv.addFormat('ipv4', isIPv4);
// Clients have to tolerate new fields; here, a field that the document does not have is a fault of the document.
ajv.addSchema({
  $id: 'https://fairlead.dev/openapi',
  components: { schemas: closed(schemas), responses: closed(shared.responses) },
  paths: closed(paths),
});

/** Returns a copy in which no object may have fields that are not described. */
function closed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(closed) as T;
  if (typeof value !== 'object' || value === null) return value;
  const { example: _, examples: __, ...rest } = value as Record<string, unknown>;
  const isOpen = typeof rest['properties'] === 'object' && rest['additionalProperties'] === undefined;
  const copied = Object.entries(rest).map(([key, member]) => [key, closed(member)]);
  return Object.fromEntries(isOpen ? [...copied, ['additionalProperties', false]] : copied) as T;
}

export const operations: readonly Operation[] = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, described]) => operationOf(path, method, described)),
);

function operationOf(path: string, method: string, described: Described): Operation {
  const { operationId: id, requestBody, responses } = described;
  const parameters = (described.parameters ?? []).map((parameter) => componentOf(parameter, []).part);
  const [first] = Object.values(requestBody?.content ?? {});
  const answers = Object.entries(responses).map(([status, answer]) => {
    const { part, pointer } = componentOf(answer, ['paths', path, method, 'responses', status]);
    return [Number(status), documentedOf(part, [...pointer, 'content'])] as const;
  });
  return {
    ...{ id, method: method.toUpperCase(), path, parameters, answers: new Map(answers) },
    ...(first && {
      body: { mediaTypes: Object.keys(requestBody?.content ?? {}), schema: first.schema, example: exampleOf(first) },
    }),
  };
}

/** Returns the recorded example of a body. */
function exampleOf({ examples }: Media): unknown {
  const [reference] = Object.values(examples ?? {});
  const recorded = document.components.examples as Record<string, { value?: unknown }>;
  return reference && recorded[reference.$ref.split('/').at(-1) ?? '']?.value;
}

function documentedOf({ description, headers = {}, content = {} }: DescribedAnswer, pointer: string[]): Documented {
  const mediaTypes = Object.keys(content);
  const json = mediaTypes.find((type) => type.endsWith('json'));
  // All operations share the check of a named schema.
  const reference = json === undefined ? undefined : content[json]?.schema.$ref;
  const codes = json === 'application/problem+json' ? [...description.matchAll(/\(([a-z-]+)\)\./g)] : [];
  return {
    headers: new Set(Object.keys(headers).map((name) => name.toLowerCase())),
    mediaTypes,
    codes: new Set(codes.map(([, code = '']) => code)),
    faultOf: (body) =>
      json === undefined ? undefined : faultIn(reference ?? pointerOf([...pointer, json, 'schema']), body),
  };
}

function pointerOf(parts: readonly string[]): string {
  const escaped = parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')));
  return `#/${escaped.join('/')}`;
}

function faultIn(pointer: string, body: unknown): string | undefined {
  const validate = ajv.getSchema(`https://fairlead.dev/openapi${pointer}`);
  if (validate === undefined) throw new Error(`The document has nothing at ${pointer}.`);
  if (validate(body)) return undefined;
  return ajv.errorsText(validate.errors?.slice(0, 3) ?? [], { dataVar: 'body' });
}

const templates = operations.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

/** Returns the operations that a path leads to, whatever their methods. One slash at its end means nothing. */
export function operationsAt(path: string): Operation[] {
  const named = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return templates.filter(({ pattern }) => pattern.test(named)).map(({ operation }) => operation);
}
