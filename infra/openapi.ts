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
import { JSON_BODY, JSON_TYPE } from '../functions/api/http/body.ts';
import { type Endpoint, NO_BODY, SIGNATURE_HEADER, type Success } from '../functions/api/http/endpoint.ts';
import { type KeyedAnswer, REPLAYED_HEADER } from '../functions/api/http/idempotency-key.ts';
import type { PreconditionHeader } from '../functions/api/http/precondition.ts';
import { rolesWith } from '../functions/core/access/roles.ts';
import { hasDeprecated } from '../schemas/deprecation.ts';
import {
  DEPRECATION_HEADERS,
  examplesOf,
  headerRefs,
  LIMIT_HEADERS,
  markReadOnly,
  problemResponses,
  sharedComponents,
  shareParameters,
} from './openapi-components.ts';

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

const PRECONDITIONS: Record<PreconditionHeader, z.ZodType> = {
  'If-Match': z
    .string()
    .optional()
    .meta({
      description:
        'ETag last seen, or *. Required when there is something to replace, change or delete. Only its revision is compared, and may stand alone ("3"): ' +
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

const KEY_DESCRIPTION =
  'A key of 1 to 255 printable ASCII characters, in quotes or without blanks, quotes, commas and semicolons. For 24 hours, the same request ' +
  'with the same key is carried out once';

const idempotencyKey = (repeated: string) =>
  z
    .string()
    .optional()
    .meta({
      description: `${KEY_DESCRIPTION}${repeated} Another request with the key is refused. Failures and dry runs are not kept.`,
      examples: ['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
    });

const KEYS: Record<KeyedAnswer, z.ZodType> = {
  replayed: idempotencyKey(', and its first answer is given again, with Idempotency-Replayed.'),
  'shown-once': idempotencyKey('. The first answer holds a secret: it is not given again.'),
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
        'Control plane for the traffic of a fleet of Kubernetes clusters. Resources are declared by PUT under names of your choice, and changed in part by PATCH; ' +
        'conditions tell what became of them. Clients must tolerate new fields and new values of conditions.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The control plane that serves this document.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(endpoints),
    components: { securitySchemes: SECURITY, ...sharedComponents() },
  };
  const created = createDocument(document, { override: plain });
  shareParameters(created);
  markReadOnly(created);
  return created;
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
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operationObject(endpoint) };
  }
  return paths;
}

function operationObject(endpoint: Endpoint): ZodOpenApiOperationObject {
  const { operationId, tag, summary, description, idempotency, body, format = JSON_BODY } = endpoint;
  const media = { schema: body, ...examplesOf(operationId, 'request') };
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
    responses: responsesOf(endpoint),
  };
}

/** Describes who may use an operation: the tokens that it takes, the permission, and the roles that have it. */
function accessOf({ access }: Endpoint) {
  if (access === 'public') return { security: [] };
  if (access === 'anybody') return { security: [{ bearer: [] }] };
  const security = access.permission === 'alert' ? [{ bearer: [] }, { voter: [] }] : [{ bearer: [] }];
  return { security, 'x-access': { ...access, roles: rolesWith(access.permission) } };
}

function requestParams({ params, query, preconditions = [], keyedAnswer, signed }: Endpoint) {
  const header = z.object({
    ...Object.fromEntries(preconditions.map((name) => [name, PRECONDITIONS[name]])),
    ...(keyedAnswer && { 'Idempotency-Key': KEYS[keyedAnswer] }),
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

function responsesOf(endpoint: Endpoint): ZodOpenApiResponsesObject {
  return Object.fromEntries([
    ...endpoint.successes.map((success) => [success.status, successObject(endpoint, success)]),
    ...problemResponses(endpoint),
  ]);
}

/** Describes an answer that is no problem. Where both JSON and text are answered, the example is the JSON. */
function successObject(
  { operationId, keyedAnswer, body, declares = body }: Endpoint,
  { status, description, schema, mediaType, headers }: Success,
) {
  const examples = examplesOf(operationId, String(status));
  const dated = hasDeprecated(declares) ? DEPRECATION_HEADERS : [];
  const replayed = keyedAnswer === 'replayed' ? ([REPLAYED_HEADER] as const) : [];
  return {
    description,
    headers: headerRefs([...LIMIT_HEADERS, ...(headers ?? []), ...replayed, ...dated]),
    ...((schema || mediaType !== undefined) && {
      content: {
        ...(schema && { [JSON_TYPE]: { schema, ...examples } }),
        ...(mediaType !== undefined && {
          [mediaType]: { schema: { type: 'string' as const }, ...(!schema && examples) },
        }),
      },
    }),
  };
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
