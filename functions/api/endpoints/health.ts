import * as z from 'zod';
import { Liveness, Readiness } from '../../../schemas/readiness.ts';
import { checkReadiness } from '../../commands/read/readiness.ts';
import { defineOperation, NO_BODY, NO_QUERY, type Operation } from '../http/operation.ts';

const NOTHING = z.strictObject({});

/** Operations for load balancers and uptime checks, without a token: answers hold no name of anything that is declared. */
export const healthOperations: readonly Operation[] = [
  defineOperation({
    operationId: 'getLiveness',
    method: 'get',
    path: '/livez',
    tag: 'health',
    summary: 'Whether the control plane answers',
    description: 'Looks at nothing else: an outage of the store is no reason to restart a process.',
    idempotency: 'safe',
    isPublic: true,
    params: NOTHING,
    query: NO_QUERY,
    body: NO_BODY,
    successes: [{ status: 200, description: 'It answers.', schema: Liveness }],
    problems: [],
    handle: async () => ({ status: 200, body: { status: 'ok' } }),
  }),
  defineOperation({
    operationId: 'getReadiness',
    method: 'get',
    path: '/readyz',
    tag: 'health',
    summary: 'Whether the control plane does its work',
    description:
      'The store answers, and each scheduled job has come to an end within the last three minutes. Traffic does not depend on it: gateways ' +
      'keep what they were last given.',
    idempotency: 'safe',
    isPublic: true,
    params: NOTHING,
    query: NO_QUERY,
    body: NO_BODY,
    successes: [
      { status: 200, description: 'It does.', schema: Readiness },
      { status: 503, description: 'It does not; the checks that failed say why.', schema: Readiness },
    ],
    problems: [],
    handle: async ({ deps }) => {
      const readiness = await checkReadiness(deps);
      return { status: readiness.status === 'ready' ? 200 : 503, body: readiness };
    },
  }),
];
