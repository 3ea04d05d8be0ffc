/**
 * Records of declared resources and of their history. Specs are parsed by the schemas of the API. These schemas may
 * become wider and gain defaults, but must still accept what older releases have written.
 */

import * as z from 'zod';
import { ClusterInput } from '../../../schemas/cluster.ts';
import { Kind as KindName } from '../../../schemas/common.ts';
import { DistributionInput } from '../../../schemas/distribution.ts';
import { FleetInput } from '../../../schemas/fleet.ts';
import { GatewayInput } from '../../../schemas/gateway.ts';
import { OperationProblem } from '../../../schemas/operation.ts';
import { RouteInput } from '../../../schemas/route.ts';
import { ServiceInput } from '../../../schemas/service.ts';
import type { Kind, Resource, Specs } from '../../core/model/resource.ts';
import type { ManifestWrite, Revision, ManifestStep } from '../../deps.ts';
import type { Item } from '../items.ts';
import { parsed, recordOf, recordType } from '../record-type.ts';

const Count = z.int().min(0);

const specs: { [K in Kind]: z.ZodType<Specs[K]> } = {
  fleet: FleetInput,
  cluster: ClusterInput,
  gateway: GatewayInput,
  service: ServiceInput,
  distribution: DistributionInput,
  route: RouteInput,
};

/**
 * Returns a spec with the defaults of this release. Fields that a newer release has added are left out. The API refuses
 * unknown fields to catch typing errors, which is no concern of a spec that has been accepted.
 */
function specOf<K extends Kind>(kind: K, item: Item, value: unknown): Specs[K] {
  const result = specs[kind].safeParse(value);
  return result.success ? result.data : parsed(item, specs[kind], withoutUnknown(value, result.error.issues));
}

function withoutUnknown(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const place = issue.path.reduce<unknown>((at, step) => Reflect.get(Object(at), step), copy);
    for (const key of issue.keys) Reflect.deleteProperty(Object(place), key);
  }
  return copy;
}

const Declared = z.object({
  fleet: z.string(),
  name: z.string(),
  uid: z.string(),
  revision: z.int().min(1),
  createdAt: z.string(),
  updatedAt: z.string(),
  spec: z.unknown(),
});

export const resourceRecord = recordType('resource', Declared);

export const revisionRecord = recordType('revision', Declared.extend({ deleted: z.boolean().optional() }));

export function resourceOf<K extends Kind>(kind: K, item: Item): Resource<K> {
  const declared = recordOf(item, resourceRecord);
  return { ...declared, kind, spec: specOf(kind, item, declared.spec) };
}

/** Returns a snapshot of a resource. It is marked if it is that of a deletion. */
export function revisionOf<K extends Kind>(kind: K, item: Item): Revision<K> {
  const { deleted = false, ...declared } = recordOf(item, revisionRecord);
  return { ...declared, deleted, kind, spec: specOf(kind, item, declared.spec) };
}

/** Returns the reference count of an item, or 0 if it has none yet. */
export function refsOf(item: Item | undefined): number {
  return item ? parsed(item, z.object({ refs: Count.default(0) }), item).refs : 0;
}

/** An entry, whose key leads to a resource. It has no other content. */
export const entryRecord = recordType('entry', z.object({}));

const StoredStep = z.object({
  verb: z.enum(['create', 'update', 'delete']),
  resource: Declared.extend({ kind: KindName }),
  references: z.array(z.object({ kind: KindName, fleet: z.string(), name: z.string() })),
  referenceCount: Count.optional(),
  gateways: z.array(z.string()),
  movedTerms: Count,
});

export const stepsRecord = recordType('batch of steps', z.object({ steps: z.array(StoredStep) }));

export function stepsOf(item: Item): ManifestStep[] {
  return recordOf(item, stepsRecord).steps.map(({ resource, ...rest }) => ({
    ...rest,
    resource: { ...resource, spec: specOf(resource.kind, item, resource.spec) },
  }));
}

const StoredManifestWrite = z.object({
  fleet: z.string(),
  operation: z.string(),
  batches: Count,
  steps: Count,
  endedAt: z.string().optional(),
  problem: OperationProblem.optional(),
});

export const manifestWriteRecord = recordType('write of a manifest', StoredManifestWrite);

/** Returns a rollout. Its progress is kept in attributes, which each batch advances. */
export function manifestWriteOf(item: Item): ManifestWrite {
  const cursor = parsed(item, z.object({ writtenBatches: Count, writtenSteps: Count }), item);
  return { ...recordOf(item, manifestWriteRecord), ...cursor };
}

export const holdRecord = recordType('hold', z.object({ fleet: z.string(), operation: z.string() }));
