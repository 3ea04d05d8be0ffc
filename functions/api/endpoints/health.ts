import * as z from 'zod';
import { Liveness, Readiness } from '../../../schemas/readiness.ts';
import { checkReadiness } from '../../commands/read/readiness.ts';
import { defineEndpoint, type Endpoint } from '../http/endpoint.ts';

const NOTHING = z.strictObject({});

/** The endpoints for load balancers and uptime checks. They need no token, since their answers hold no declared names. */
export const healthEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    operationId: 'getLiveness',
    method: 'get',
    path: '/livez',
    tag: 'health',
    summary: 'Check that the control plane answers',
    description: 'The check covers nothing else: an outage of the store is no reason to restart a process.',
    idempotency: 'safe',
    access: 'public',
    params: NOTHING,
    successes: [{ status: 200, description: 'The control plane answers.', schema: Liveness }],
    problems: [],
    handle: async () => ({ status: 200, body: { status: 'ok' } }),
  }),
  defineEndpoint({
    operationId: 'getReadiness',
    method: 'get',
    path: '/readyz',
    tag: 'health',
    summary: 'Check that the control plane does its work',
    description:
      'The control plane is ready when the store answers and each scheduled job has ended within the last three minutes. Traffic ' +
      'does not depend on it: gateways keep the configuration that they were last given.',
    idempotency: 'safe',
    access: 'public',
    params: NOTHING,
    successes: [
      { status: 200, description: 'The control plane is ready.', schema: Readiness },
      {
        status: 503,
        description: 'The control plane is not ready. The checks that failed say why.',
        schema: Readiness,
      },
    ],
    problems: [],
    handle: async ({ deps }) => {
      const readiness = await checkReadiness(deps);
      return { status: readiness.status === 'ready' ? 200 : 503, body: readiness };
    },
  }),
];
