import {
  DeclaredManifest,
  FleetApplyQuery,
  FleetPlan,
  FleetRollbackInput,
  Manifest,
  ManifestQuery,
} from '../../../schemas/manifest.ts';
import { Operation } from '../../../schemas/operation.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import type { Applied } from '../../commands/write/fleet.ts';
import { applyManifest, exportManifest } from '../../commands/write/manifests.ts';
import { rollBackFleet } from '../../commands/write/rollback.ts';
import { inFleet } from '../../core/access/access.ts';
import { JSON_TYPE } from '../http/body.ts';
import { defineEndpoint, type Endpoint, type Reply, type Success } from '../http/endpoint.ts';
import { MANIFEST_BODY, manifestYaml, YAML } from '../http/manifest-body.ts';
import { InFleet } from '../http/params.ts';
import { writeEndpoint } from '../http/writes.ts';
import { operationReply } from './push.ts';
import { APPROVAL_PROBLEMS } from './resources.ts';

const SUCCESSES: readonly Success[] = [
  { status: 200, description: 'The plan, when there was nothing to do or in a dry run.', schema: FleetPlan },
  {
    status: 202,
    description: 'The operation that writes the changes and makes the gateways follow.',
    schema: Operation,
    headers: ['Location', 'Retry-After'],
  },
];

const APPLY_PROBLEMS: readonly ProblemCode[] = [
  'not-found',
  'stale-plan',
  'write-conflict',
  'unknown-reference',
  'forbidden-address',
  'credential-in-clear',
  'conflicting-declaration',
  'unsupported-feature',
  'quota-exceeded',
  'redirect-loop',
  'backend-without-cluster',
  'still-referenced',
  'would-empty-gateway',
  'rule-violated',
  'limit-exceeded',
  ...APPROVAL_PROBLEMS,
];

function replyOf({ operation, plan }: Applied): Reply {
  return operation ? { ...operationReply(operation), status: 202 } : { status: 200, body: plan };
}

const getManifest = defineEndpoint({
  operationId: 'getManifest',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/manifest',
  tag: 'manifest',
  summary: 'Get a whole fleet as a manifest',
  description:
    'Answers with YAML, one document for each resource, or with JSON if Accept prefers it. Putting the manifest back changes ' +
    'nothing; derived fields are not in it.',
  idempotency: 'safe',
  params: InFleet,
  successes: [{ status: 200, description: 'The manifest.', schema: DeclaredManifest, mediaType: YAML }],
  problems: ['not-found'],
  handle: async (ctx, { params, preferred }): Promise<Reply> => {
    const manifest = await exportManifest(ctx, params.fleet);
    if (preferred([YAML, JSON_TYPE]) === JSON_TYPE) return { status: 200, body: manifest };
    return { status: 200, body: manifestYaml(manifest), headers: { 'Content-Type': YAML } };
  },
});

const putManifest = writeEndpoint({
  operationId: 'putManifest',
  access: inFleet('declare'),
  method: 'put',
  path: '/v1/fleets/{fleet}/manifest',
  tag: 'manifest',
  summary: 'Apply a manifest to a fleet',
  description:
    'Takes a YAML stream with one document for each resource, or JSON with one document or a List of them; at most 8 MiB. Every ' +
    'document is checked against the fleet as it would be, and all faults are reported at once. With any fault, nothing is ' +
    'changed. The request needs no If-Match: each change is conditional on the revision that it was planned from, and the same ' +
    'manifest can be applied again and again.',
  format: MANIFEST_BODY,
  params: InFleet,
  query: ManifestQuery,
  body: Manifest,
  successes: SUCCESSES,
  problems: APPLY_PROBLEMS,
  handle: async (ctx, { params, query, body }) => {
    const { prune, allowEmpty, digest } = query;
    const options = { prune: prune === 'true', allowEmpty: allowEmpty === 'true', digest };
    return replyOf(await applyManifest(ctx, params.fleet, body, options));
  },
});

const rollback = writeEndpoint({
  operationId: 'rollbackManifest',
  access: inFleet('declare'),
  method: 'post',
  path: '/v1/fleets/{fleet}/manifest/rollback',
  tag: 'manifest',
  summary: 'Roll a fleet back to a time',
  description:
    'Resources that have changed since are declared as they were then, new ones are deleted, and deleted ones come back. The ' +
    'change is planned and applied as a manifest is, as one operation.',
  params: InFleet,
  query: FleetApplyQuery,
  body: FleetRollbackInput,
  successes: SUCCESSES,
  problems: APPLY_PROBLEMS,
  handle: async (ctx, { params, query: { allowEmpty, digest }, body }) =>
    replyOf(await rollBackFleet(ctx, params.fleet, body.at, { allowEmpty: allowEmpty === 'true', digest })),
});

/** The operations on whole fleets. */
export const manifestEndpoints: readonly Endpoint[] = [getManifest, putManifest, rollback];
