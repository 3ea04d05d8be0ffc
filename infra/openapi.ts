/**
 * Writes schemas/openapi.json from the table of endpoints. With --check it fails when the file differs from what it
 * would write.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { endpoints } from '../functions/api/endpoints/index.ts';
import { examples } from '../functions/api/examples/resources.ts';
import { JSON_BODY } from '../functions/api/http/body.ts';
import { type Endpoint, NO_BODY, SIGNATURE_HEADER, type Success } from '../functions/api/http/endpoint.ts';
import { type Example, responseOf } from '../functions/api/http/example.ts';
import type { PreconditionHeader } from '../functions/api/http/precondition.ts';
import { rolesWith } from '../functions/core/access/roles.ts';
import { Problem, type ProblemCode, problems } from '../schemas/problem.ts';

const FILE = fileURLToPath(new URL('../schemas/openapi.json', import.meta.url));

const TAGS = {
  fleets: 'Sets of clusters that serve the same applications.',
  clusters: 'Kubernetes clusters, their entry addresses and their health.',
  gateways: 'Managed cloud gateways that carry routes.',
  services: 'Applications that several clusters serve.',
  distributions: 'Named splits of requests between clusters, which routes use.',
  routes: 'Routes say what clients may ask of gateways, and which services in which clusters answer.',
  manifest: 'A whole fleet as one declaration, for pipelines.',
  operations: 'Pushes to gateways, and what became of them.',
  shifts: 'Shifts take clusters, sites or cities out of service for a time.',
  'break-glasses': 'Safety rules that are set aside for a time.',
  'drill-runs': 'Rehearsals of the loss of a cluster, and their reports.',
  decisions: 'Decisions record how traffic moved, and why.',
  notifications: 'Notifications tell other systems about incidents, and deliveries show whether they arrived.',
  audit: 'Audit events say who changed what, and why.',
  approvals: 'Approvals are requests that take a second person, and what that person decided.',
  access: 'Tokens and grants say who may do what in which fleets.',
  'probe-rounds': 'A probe round checks the health of clusters at once, and acts on the results.',
  health: 'Health checks tell whether the control plane itself works.',
};

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
  'WWW-Authenticate': { description: 'This header tells how to authenticate.', schema: { type: 'string' } },
} as const;

const PRECONDITIONS: Record<PreconditionHeader, z.ZodType> = {
  'If-Match': z
    .string()
    .optional()
    .meta({
      description:
        'ETag last seen, or *. Required when there is something to replace or delete. Only its revision is compared, and may stand alone ("3"): ' +
        'what is merely observed may have changed since.',
      examples: ['"3-1f0a9c2e"'],
    }),
  'If-None-Match': z
    .string()
    .optional()
    .meta({
      description:
        'On GET: ETag last seen, compared as a whole and answered by 304 when nothing that is shown has changed. On PUT: * to create only.',
      examples: ['*'],
    }),
};

const SIGNATURE = z.string().meta({
  description: 'Base64 of the Ed25519 signature of the body, byte by byte, by the key of the agent.',
});

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer' },
  voter: { type: 'http', scheme: 'bearer', description: 'The token of the voter, of which the fleet has the SHA-256.' },
} as const;

export function buildDocument() {
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: {
      title: 'Fairlead',
      version: '1.0.0',
      description:
        'Control plane for the traffic of a fleet of Kubernetes clusters. Resources are declared by PUT under names of your choice; ' +
        'conditions tell what became of them. Clients must tolerate new fields and new values of conditions.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The control plane that serves this document.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(endpoints),
    components: { securitySchemes: SECURITY, headers: HEADERS },
  };
  return createDocument(document, { override: plain });
}

/**
 * Removes from a schema what does not help readers: patterns of well-known formats, bounds that every JSON number has,
 * and the ban of further fields in answers.
 */
function plain({ jsonSchema, io }: { jsonSchema: Record<string, unknown>; io: 'input' | 'output' }): void {
  if (jsonSchema['format'] !== undefined) delete jsonSchema['pattern'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  // A field that must be absent, which tells one alternative of a route's distribution from the others, is left out.
  const { properties, discriminator } = jsonSchema as { properties?: object; discriminator?: { mapping?: object } };
  for (const [name, field] of Object.entries(properties ?? {})) {
    if ('not' in field) Reflect.deleteProperty(properties ?? {}, name);
  }
  if (discriminator && discriminator.mapping === undefined) delete jsonSchema['discriminator'];
  // Answers may get new fields, on which clients generated from this document must not fail.
  if (io === 'output' && jsonSchema['additionalProperties'] === false) delete jsonSchema['additionalProperties'];
}

function pathsOf(table: readonly Endpoint[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const endpoint of table) {
    const example = examples[endpoint.operationId];
    if (example === undefined)
      throw new Error(`functions/api/examples/resources.ts has no example of ${endpoint.operationId}.`);
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operationObject(endpoint, example) };
  }
  return paths;
}

function operationObject(endpoint: Endpoint, example: Example): ZodOpenApiOperationObject {
  const { operationId, tag, summary, description, idempotency, body, format = JSON_BODY } = endpoint;
  const media = { schema: body, ...(example.body !== undefined && { example: example.body }) };
  const content = Object.fromEntries(format.mediaTypes.map((type) => [type, media]));
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...accessOf(endpoint),
    'x-idempotency': idempotency,
    requestParams: requestParams(endpoint),
    ...(body !== NO_BODY && { requestBody: { required: true, content } }),
    responses: responsesOf(endpoint, example),
  };
}

/** Describes who may use an operation: the tokens that it takes, the permission, and the roles that have it. */
function accessOf({ access }: Endpoint) {
  if (access === 'public') return { security: [] };
  if (access === 'anybody') return { security: [{ bearer: [] }] };
  const security = access.permission === 'alert' ? [{ bearer: [] }, { voter: [] }] : [{ bearer: [] }];
  return { security, 'x-access': { ...access, roles: rolesWith(access.permission) } };
}

function problemsOf({ access, problems: own }: Endpoint): readonly ProblemCode[] {
  if (access === 'public') return [...PUBLIC_PROBLEMS, ...own];
  if (access === 'anybody') return [...COMMON_PROBLEMS, ...own];
  const isOfFleet = access.place !== 'some-fleet' && access.place !== 'installation';
  return [...COMMON_PROBLEMS, 'forbidden', ...(isOfFleet ? (['not-found'] as const) : []), ...own];
}

function requestParams({ params, query, preconditions = [], signed }: Endpoint) {
  const header = z.object({
    ...Object.fromEntries(preconditions.map((name) => [name, PRECONDITIONS[name]])),
    ...(signed && { [SIGNATURE_HEADER]: SIGNATURE }),
  });
  return {
    ...(isEmpty(params) ? {} : { path: params }),
    ...(isEmpty(query) ? {} : { query }),
    ...(isEmpty(header) ? {} : { header }),
  };
}

function isEmpty(object: z.ZodObject): boolean {
  return Object.keys(object.shape).length === 0;
}

function responsesOf(endpoint: Endpoint, example: Example): ZodOpenApiResponsesObject {
  const byStatus = Map.groupBy(new Set(problemsOf(endpoint)), (code) => problems[code].status);
  return Object.fromEntries([
    ...endpoint.successes.map((success) => [
      success.status,
      successObject(success, responseOf(example, success.status)),
    ]),
    ...[...byStatus].map(([status, members]) => [status, problemObject(members)]),
  ]);
}

function successObject({ description, schema, mediaType, headers }: Success, example: unknown) {
  return {
    description,
    headers: headerRefs([...LIMIT_HEADERS, ...(headers ?? [])]),
    ...((schema || mediaType !== undefined) && {
      content: {
        ...(schema && { 'application/json': { schema, example } }),
        ...(mediaType !== undefined && { [mediaType]: { schema: { type: 'string' as const } } }),
      },
    }),
  };
}

/** The headers that tell of limits. Problems of requests that are within them have them as well, which is described once, with the headers. */
const LIMIT_HEADERS = ['RateLimit-Policy', 'RateLimit'] as const;

function problemObject(codes: readonly ProblemCode[]) {
  const headers: (keyof typeof HEADERS)[] = [
    ...(codes.includes('too-many-requests') ? LIMIT_HEADERS : []),
    ...(codes.includes('approval-required') ? ['Location' as const] : []),
    ...(codes.some(isAboutToken) ? ['WWW-Authenticate' as const] : []),
    ...(codes.some((code) => problems[code].retryable) ? ['Retry-After' as const] : []),
  ];
  return {
    description: codes.map((code) => `${problems[code].title} (${code}).`).join(' '),
    ...(headers.length > 0 && { headers: headerRefs(headers) }),
    content: { 'application/problem+json': { schema: Problem } },
  };
}

/** Tells whether an answer has a challenge (RFC 6750, section 3). */
function isAboutToken(code: ProblemCode): boolean {
  return code === 'unauthorized' || code === 'invalid-token' || code === 'forbidden';
}

function headerRefs(names: readonly (keyof typeof HEADERS)[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function main(isCheck: boolean): void {
  const text = `${JSON.stringify(buildDocument(), null, 2)}\n`;
  if (!isCheck) {
    writeFileSync(FILE, text);
  } else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
    console.error('schemas/openapi.json is not what the code says: run "npm run openapi" and commit it.');
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'));
