/** The parts of the OpenAPI document that its operations share: headers, and problems with their examples. */

import type { createDocument, ZodOpenApiResponseObject } from 'zod-openapi';
import { endpoints } from '../functions/api/endpoints/index.ts';
import { readOnlyMembers } from '../functions/api/http/declaration.ts';
import type { Endpoint } from '../functions/api/http/endpoint.ts';
import recorded from '../schemas/examples.json' with { type: 'json' };
import { Problem, type ProblemCode, problems } from '../schemas/problem.ts';
import type { RecordedOperation } from './examples/recorder.ts';

type Document = ReturnType<typeof createDocument>;
type ParameterObject = Extract<
  NonNullable<NonNullable<Document['components']>['parameters']>[string],
  { name: string }
>;

/** Problems that every endpoint with a token can answer. */
const COMMON_PROBLEMS: readonly ProblemCode[] = [
  'invalid-request',
  'unauthorized',
  'invalid-token',
  'too-many-requests',
  'internal',
  'unreadable-record',
  'newer-record',
  'unavailable',
];

/** Problems that every endpoint without a token can answer. */
const PUBLIC_PROBLEMS: readonly ProblemCode[] = ['invalid-request', 'too-many-requests', 'internal'];

const HEADERS = {
  ETag: {
    description:
      'A strong entity tag: the revision, a hyphen, and a digest of all that is shown, so that it changes also when what is observed does.',
    schema: { type: 'string' },
    example: '"3-1f0a9c2e"',
  },
  Location: { description: 'The path of the resource that was created.', schema: { type: 'string' } },
  'Operation-Location': {
    description: 'Path of the operation that makes the gateways follow; absent when none has to.',
    schema: { type: 'string' },
  },
  'Idempotency-Replayed': {
    description:
      'This header has the value true when the answer is that of the first request with the Idempotency-Key.',
    schema: { type: 'string' },
    example: 'true',
  },
  'Retry-After': { description: 'Seconds to wait before trying again.', schema: { type: 'integer' }, example: 1 },
  'RateLimit-Policy': {
    description:
      'The limits of the class of the request, for each actor: requests in a minute, and requests at the same time ' +
      '(draft-ietf-httpapi-ratelimit-headers-10). Every answer to a request that was counted has it, problems included.',
    schema: { type: 'string' },
    example: '"read";q=6000;w=60, "read-at-once";q=100;qu="concurrent-requests"',
  },
  RateLimit: {
    description:
      'The requests that are left now, and the seconds until all of them are there again. Every answer to a request that was counted has it, ' +
      'problems included.',
    schema: { type: 'string' },
    example: '"read";r=5999;t=1',
  },
  Deprecation: {
    description:
      'The time, in seconds since 1970, since which something that the request used is deprecated (RFC 9745). Fields and values are marked ' +
      'in their schemas. The header is absent when the request used nothing that is deprecated.',
    schema: { type: 'string' },
    example: '@1795824000',
  },
  Sunset: {
    description: 'The day until which it is accepted at least (RFC 8594).',
    schema: { type: 'string' },
    example: 'Tue, 01 Jun 2027 00:00:00 GMT',
  },
  Link: {
    description: 'The page about compatibility, with the relation `deprecation` (RFC 9745).',
    schema: { type: 'string' },
    example: '<https://fairlead.dev/api#compatibility>; rel="deprecation"; type="text/html"',
  },
  'WWW-Authenticate': { description: 'This header tells how to authenticate.', schema: { type: 'string' } },
} as const;

/** The headers that tell of limits. Problems of requests that are within them have them as well, which is described once, with the headers. */
export const LIMIT_HEADERS = ['RateLimit-Policy', 'RateLimit'] as const;

/** The headers of answers to requests that have used what is deprecated. */
export const DEPRECATION_HEADERS = ['Deprecation', 'Sunset', 'Link'] as const;

export function headerRefs(names: readonly (keyof typeof HEADERS)[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** Returns the responses of an operation that are problems, by status. Those that other operations have too are references. */
export function problemResponses(endpoint: Endpoint): [status: string, ZodOpenApiResponseObject | { $ref: string }][] {
  return setsOf(endpoint).map(([status, codes]) => {
    const name = nameOf(codes);
    return [status, SHARED.has(name) ? { $ref: `#/components/responses/${name}` } : problemObject(codes)];
  });
}

type ProblemSet = readonly [status: string, codes: readonly ProblemCode[]];

/** Returns the problems that an operation can answer, by status. */
function setsOf(endpoint: Endpoint): ProblemSet[] {
  const byStatus = Map.groupBy(new Set(problemsOf(endpoint)), (code) => problems[code].status);
  return [...byStatus].map(([status, codes]) => [String(status), codes.toSorted()]);
}

function problemsOf({ access, problems: own }: Endpoint): readonly ProblemCode[] {
  if (access === 'public') return [...PUBLIC_PROBLEMS, ...own];
  if (access === 'anybody') return [...COMMON_PROBLEMS, ...own];
  const isOfFleet = access.place !== 'some-fleet' && access.place !== 'installation';
  return [...COMMON_PROBLEMS, 'forbidden', ...(isOfFleet ? (['not-found'] as const) : []), ...own];
}

function nameOf(codes: readonly ProblemCode[]): string {
  return codes.join('-or-');
}

/** The sets of problems that several operations can answer, by name. */
const SHARED: ReadonlyMap<string, readonly ProblemCode[]> = new Map(
  [...Map.groupBy(endpoints.flatMap(setsOf), ([, codes]) => nameOf(codes))].flatMap(([name, [first, ...others]]) =>
    first !== undefined && others.length > 0 ? [[name, first[1]]] : [],
  ),
);

function problemObject(codes: readonly ProblemCode[]): ZodOpenApiResponseObject {
  const headers: (keyof typeof HEADERS)[] = [
    ...(codes.includes('too-many-requests') ? LIMIT_HEADERS : []),
    ...(codes.includes('approval-required') ? ['Location' as const] : []),
    ...(codes.some(isAboutToken) ? ['WWW-Authenticate' as const] : []),
    ...(codes.some((code) => problems[code].retryable) ? ['Retry-After' as const] : []),
  ];
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  return {
    description: codes.map((code) => `${problems[code].title} (${code}).`).join(' '),
    ...(headers.length > 0 && { headers: headerRefs(headers) }),
    content: { 'application/problem+json': { schema: Problem, examples } },
  };
}

/** Tells whether an answer has a challenge (RFC 6750, section 3). */
function isAboutToken(code: ProblemCode): boolean {
  return code === 'unauthorized' || code === 'invalid-token' || code === 'forbidden';
}

/** Returns the examples of a body in the form of a media type: a reference to what was recorded, if anything was. */
export function examplesOf(operationId: string, part: string) {
  const name = `${operationId}.${part}`;
  return name in EXAMPLES ? { examples: { recorded: { $ref: `#/components/examples/${name}` } } } : {};
}

/** The examples of all operations by name: the id of the operation, and `request` or the status of the answer. */
const EXAMPLES = Object.fromEntries(
  Object.entries<RecordedOperation>(recorded.operations).flatMap(([operationId, { request, responses }]) => [
    ...(request === undefined ? [] : [[`${operationId}.request`, { value: request }]]),
    ...Object.entries(responses).map(([status, value]) => [`${operationId}.${status}`, { value }]),
  ]),
);

/** Returns the components besides schemas and parameters, which are collected from the operations. */
export function sharedComponents() {
  const problemExamples = Object.entries(recorded.problems).map(([code, value]) => [code, { value }]);
  return {
    headers: HEADERS,
    responses: Object.fromEntries([...SHARED].map(([name, codes]) => [name, problemObject(codes)])),
    examples: { ...EXAMPLES, ...Object.fromEntries(problemExamples) },
  };
}

/** Marks the members of resources that nobody declares. Writes that send them back are accepted without them. */
export function markReadOnly({ components }: Document): void {
  const patched = new Set(endpoints.flatMap(({ method, path }) => (method === 'patch' ? [path] : [])));
  for (const { method, path, body, successes } of endpoints) {
    const [output] = successes.flatMap(({ schema }) => schema ?? []);
    if (method !== 'put' || !patched.has(path) || output === undefined) continue;
    const schema = components?.schemas?.[output.meta()?.id ?? ''];
    if (typeof schema !== 'object' || !('properties' in schema)) throw new Error(`${path} shows no named object.`);
    for (const name of readOnlyMembers(body, output))
      Object.assign(schema.properties?.[name] ?? {}, { readOnly: true });
  }
}

/** Makes the parameters of the operations components, each of which stands in the document once. */
export function shareParameters(document: Document): void {
  const names = new Map<string, string>();
  const parameters: Record<string, ParameterObject> = {};
  const nameOfParameter = (parameter: ParameterObject) => {
    const known = names.get(JSON.stringify(parameter));
    if (known !== undefined) return known;
    const others = Object.values(parameters).filter(({ name }) => name === parameter.name).length;
    const name = others === 0 ? parameter.name : `${parameter.name}-${others + 1}`;
    names.set(JSON.stringify(parameter), name);
    parameters[name] = parameter;
    return name;
  };
  for (const { method, path } of endpoints) {
    const operation = document.paths?.[path]?.[method];
    if (operation?.parameters === undefined) continue;
    operation.parameters = operation.parameters.map((parameter) =>
      '$ref' in parameter ? parameter : { $ref: `#/components/parameters/${nameOfParameter(parameter)}` },
    );
  }
  document.components = { ...document.components, parameters };
}
