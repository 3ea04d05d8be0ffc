/** Requests for every operation of the table, made of the examples of the document. */

import type { Endpoint } from '../../functions/api/http/endpoint.ts';
import recorded from '../../schemas/examples.json' with { type: 'json' };
import type { Json } from './harness.ts';

/** Names of what the shop has, unless given. */
const NAMES: Record<string, string> = {
  fleet: 'shop',
  cluster: 'one',
  gateway: 'edge',
  service: 'checkout',
  distribution: 'main',
  route: 'checkout',
  decision: 'dec_none',
  delivery: 'dlv_01KAR2Z3V4W5X6Y7Z8A9B0C1D2-oncall',
  operation: 'opn_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  revision: '1',
  shift: 'upgrade',
  breakGlass: 'one-cluster',
  run: 'drl_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  rollout: 'rol_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  event: 'aud_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
  token: 'ci',
  grant: 'ci-edits-shop',
  approval: 'apr-5f0c1d2e3b4a59687766f0e1',
};

/** Returns the path of an operation with names of what there is, unless others are given. */
export function pathOf({ path }: Endpoint, names: Record<string, string> = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? NAMES[name] ?? name);
}

const examples: Json = recorded.operations;

/** Returns the body of the example of an operation, about the shop instead of the fleet of the story. */
export function bodyOf(operation: Endpoint): Json {
  const { request } = examples[operation.operationId];
  if (request === undefined) return undefined;
  return {
    ...request,
    ...(request.fleet && { fleet: NAMES['fleet'] }),
    // Examples are of a day that is gone.
    ...(request.expiresAt && { expiresAt: new Date(Date.now() + 3_600_000).toISOString() }),
  };
}
