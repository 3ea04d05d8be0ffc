/** The endpoints by which agents enrol, and that by which they learn what to do. */

import * as z from 'zod';
import { Assignment, Enrolled, Enrolment, EnrolmentInput, IssuedInvitation } from '../../../schemas/enrolment.ts';
import { enrol, getEnrolment, invite, revokeEnrolment } from '../../commands/access/enrolments.ts';
import { assignmentOf } from '../../commands/evidence/assignment.ts';
import { inFleet } from '../../core/access/access.ts';
import { defineEndpoint, type Endpoint, type Reply } from '../http/endpoint.ts';
import { InVoter } from '../http/params.ts';
import { writeEndpoint } from '../http/writes.ts';
import { APPROVAL_PROBLEMS } from './resources.ts';

const ENROLMENT = { path: '/v1/fleets/{fleet}/voters/{voter}/enrolment', tag: 'access', params: InVoter } as const;

export const enrolmentEndpoints: readonly Endpoint[] = [
  defineEndpoint({
    ...ENROLMENT,
    operationId: 'getEnrolment',
    access: inFleet('read'),
    method: 'get',
    summary: 'Show what is known of the agent of a voter',
    idempotency: 'safe',
    successes: [{ status: 200, description: 'The enrolment.', schema: Enrolment }],
    problems: ['not-found'],
    handle: async (ctx, { params }) => ({ status: 200, body: await getEnrolment(ctx, params) }),
  }),
  writeEndpoint({
    ...ENROLMENT,
    operationId: 'createInvitation',
    access: inFleet('declare'),
    method: 'post',
    summary: 'Make an enrolment token for the agent of a voter',
    description:
      'The token is accepted once, for 15 minutes, and replaces the one before. It is in this answer only, because only its digest is ' +
      'kept. An agent that has enrolled already stays enrolled until the token is used.',
    idempotency: 'repeatable',
    keyedAnswer: 'shown-once',
    successes: [
      { status: 200, description: 'The enrolment as it would be, in a dry run.', schema: Enrolment },
      { status: 201, description: 'There is a new enrolment token.', schema: IssuedInvitation },
    ],
    problems: ['not-found', 'conflicting-declaration', 'write-conflict', ...APPROVAL_PROBLEMS],
    handle: async (ctx, { params }): Promise<Reply> => {
      const { enrolment, issued } = await invite(ctx, params);
      return issued === undefined ? { status: 200, body: enrolment } : { status: 201, body: issued };
    },
  }),
  writeEndpoint({
    ...ENROLMENT,
    operationId: 'deleteEnrolment',
    access: inFleet('declare'),
    method: 'delete',
    summary: 'Shut the agent of a voter out',
    description:
      'Its key, its credentials and its enrolment token are not accepted any more, from the next request on. What it has voted counts ' +
      'until it is no longer fresh. The voter stays, and another agent can enrol.',
    successes: [{ status: 200, description: 'The enrolment, which is empty.', schema: Enrolment }],
    problems: ['not-found', 'conflicting-declaration', 'write-conflict'],
    handle: async (ctx, { params }) => ({ status: 200, body: await revokeEnrolment(ctx, params) }),
  }),
  defineEndpoint({
    operationId: 'enrolAgent',
    access: 'public',
    method: 'post',
    path: '/v1/enrolments',
    tag: 'access',
    summary: 'Enrol an agent, or renew its credential',
    description:
      'The token is in the body: an enrolment token, or the credential of an agent that has enrolled. The body is signed with the ' +
      'private part of its public key. The new credential is accepted for 30 days, and the one before until the new one is used. A ' +
      'request that is sent again has the same answer; with another key or another credential, an enrolment token that was used is ' +
      'refused.',
    idempotency: 'idempotent',
    signed: true,
    params: z.strictObject({}),
    body: EnrolmentInput,
    successes: [{ status: 200, description: 'The agent has enrolled, or has a new credential.', schema: Enrolled }],
    problems: [
      'invalid-signature',
      'invalid-token',
      'enrolment-used',
      'write-conflict',
      'unreadable-record',
      'newer-record',
      'unavailable',
    ],
    handle: async (ctx, { body, signed }) => ({ status: 200, body: await enrol(ctx, body, await signed()) }),
  }),
  defineEndpoint({
    operationId: 'getAssignment',
    access: { permission: 'observe', place: 'path-voter' },
    method: 'get',
    path: '/v1/fleets/{fleet}/voters/{voter}/assignment',
    tag: 'clusters',
    summary: 'Show an agent its work',
    idempotency: 'safe',
    params: InVoter,
    successes: [{ status: 200, description: 'The clusters to watch, and how.', schema: Assignment }],
    problems: ['not-found'],
    handle: async (ctx, { params }) => ({ status: 200, body: await assignmentOf(ctx, params) }),
  }),
];
