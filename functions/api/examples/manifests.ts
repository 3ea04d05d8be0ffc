/** Examples of manifests for the OpenAPI document, by operation id. */

import type * as z from 'zod';
import { API_VERSION, type FleetPlan, type FleetRollbackInput, Manifest } from '../../../schemas/manifest.ts';
import type { Operation } from '../../../schemas/operation.ts';
import type { Example } from '../http/example.ts';

/** Returns the examples of manifests. `push` is the example of any operation. */
export function manifestExamples(
  manifest: Pick<z.input<typeof Manifest>, 'items'>,
  push: Operation,
): Record<string, Example> {
  const body: z.input<typeof Manifest> = { apiVersion: API_VERSION, kind: 'List', ...manifest };
  const plan: FleetPlan = {
    fleet: 'shop',
    digest: '4e1243bd22c66e76c2ba9eddc1f91394e57f9f83000000000000000000000000',
    changes: [
      {
        verb: 'update',
        kind: 'route',
        name: 'checkout',
        fields: [{ pointer: '/distribution/clusters/0/weight', before: 70, after: 50 }],
      },
    ],
    plans: [],
  };
  const accepted: Operation = {
    ...push,
    action: 'manifest.apply',
    target: { kind: 'fleet', name: 'shop' },
    state: 'Running',
    done: 0,
    total: 2,
    step: 'writing changes: 0 of 1',
  };
  return {
    getManifest: { response: Manifest.parse(body) },
    putManifest: { body, response: plan, accepted },
    rollbackManifest: {
      body: { at: '2026-11-23T06:00:00.000Z' } satisfies z.input<typeof FleetRollbackInput>,
      response: plan,
      accepted: { ...accepted, action: 'fleet.rollback' },
    },
  };
}
