import type * as z from 'zod';
import { Name } from '../../../schemas/common.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import { BreakGlass, BreakGlassInput, BreakGlassPage, Shift, ShiftInput, ShiftPage } from '../../../schemas/shift.ts';
import { endBreakGlass, getBreakGlass, listBreakGlasses, putBreakGlass } from '../../commands/traffic/break-glasses.ts';
import { endShift, getShift, listShifts, putShift } from '../../commands/traffic/shifts.ts';
import { inFleet } from '../http/access.ts';
import { defineEndpoint, type Endpoint, NO_BODY, NO_QUERY, type Reply, type Success } from '../http/endpoint.ts';
import { InFleet } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { ENDED, endedReply, operationHeader } from '../http/traffic-reply.ts';
import { APPROVAL_PROBLEMS, BODY_PROBLEMS } from './resources.ts';

const InShift = InFleet.extend({ shift: Name });
const InBreakGlass = InFleet.extend({ breakGlass: Name });

const SHIFTS = '/v1/fleets/{fleet}/shifts';
const BREAK_GLASSES = '/v1/fleets/{fleet}/break-glasses';

const WRITE_PROBLEMS: readonly ProblemCode[] = [
  ...BODY_PROBLEMS,
  'not-found',
  'not-owner',
  'already-ended',
  'rule-violated',
  'write-conflict',
];
const END_PROBLEMS: readonly ProblemCode[] = ['not-found', 'not-owner', 'rule-violated', 'write-conflict'];

function writeSuccesses(schema: z.ZodType): Success[] {
  return [
    {
      status: 200,
      description:
        'The shift or the break-glass was changed, or is unchanged. In a dry run, it is shown as it would be, with the decision in ' +
        '`dryRun`.',
      schema,
      headers: ['Operation-Location'],
    },
    {
      status: 201,
      description: 'The shift or the break-glass has begun.',
      schema,
      headers: ['Location', 'Operation-Location'],
    },
  ];
}

interface Written {
  created: boolean;
  view: Shift | BreakGlass;
  operation?: string | undefined;
}

function writeReply(collection: string, { created, view, operation }: Written): Reply {
  if (view.dryRun) return { status: 200, body: view };
  const headers = operationHeader(view.fleet, operation);
  if (!created) return { status: 200, body: view, headers };
  const Location = `${collection.replace('{fleet}', view.fleet)}/${view.name}`;
  return { status: 201, body: view, headers: { ...headers, Location } };
}

const shiftReads = readEndpoints({
  names: ['Shift', 'Shifts'],
  tag: 'shifts',
  path: SHIFTS,
  member: 'shift',
  list: {
    params: InFleet,
    summary: 'List shifts, live and ended',
    order: 'by name',
    page: ShiftPage,
    read: (ctx, { fleet }, page) => listShifts(ctx, fleet, page),
  },
  get: {
    params: InShift,
    summary: 'Get a shift and its progress',
    found: 'The shift.',
    schema: Shift,
    read: (ctx, { fleet, shift }) => getShift(ctx, fleet, shift),
  },
});

const putShiftOperation = defineEndpoint({
  operationId: 'putShift',
  access: inFleet('operate'),
  method: 'put',
  path: `${SHIFTS}/{shift}`,
  tag: 'shifts',
  summary: 'Take a cluster, or a part of its share, out of service, or change or renew such a shift',
  description:
    'The creator of a shift owns it: only they, and administrators, may change, renew or end it. Shifts take precedence over the ' +
    'decisions of automation. An unchanged declaration changes nothing. A shift that has ended is not brought back by the same ' +
    'declaration; with a different one, its owner begins a new shift of the name.',
  idempotency: 'idempotent',
  write: true,
  params: InShift,
  query: NO_QUERY,
  body: ShiftInput,
  successes: writeSuccesses(Shift),
  problems: [...WRITE_PROBLEMS, 'unknown-reference', 'already-live'],
  handle: async (ctx, { params, body }) => {
    const { shift, ...written } = await putShift(ctx, params.fleet, params.shift, body);
    return writeReply(SHIFTS, { ...written, view: shift });
  },
});

const deleteShiftOperation = defineEndpoint({
  operationId: 'deleteShift',
  access: inFleet('operate'),
  method: 'delete',
  path: `${SHIFTS}/{shift}`,
  tag: 'shifts',
  summary: 'End a shift',
  description: 'The cluster of the shift gets its share back step by step. The record of the shift stays.',
  idempotency: 'idempotent',
  write: true,
  params: InShift,
  query: NO_QUERY,
  body: NO_BODY,
  successes: ENDED,
  problems: END_PROBLEMS,
  handle: async (ctx, { params }) =>
    endedReply(params.fleet, await endShift(ctx, params.fleet, params.shift), ctx.isDry),
});

const breakGlassReads = readEndpoints({
  names: ['BreakGlass', 'BreakGlasses'],
  tag: 'break-glasses',
  path: BREAK_GLASSES,
  member: 'breakGlass',
  list: {
    params: InFleet,
    summary: 'List break-glasses, live and ended',
    order: 'by name',
    page: BreakGlassPage,
    read: (ctx, { fleet }, page) => listBreakGlasses(ctx, fleet, page),
  },
  get: {
    params: InBreakGlass,
    summary: 'Get a break-glass',
    found: 'The break-glass.',
    schema: BreakGlass,
    read: (ctx, { fleet, breakGlass }) => getBreakGlass(ctx, fleet, breakGlass),
  },
});

const putBreakGlassOperation = defineEndpoint({
  operationId: 'putBreakGlass',
  access: inFleet('operate'),
  method: 'put',
  path: `${BREAK_GLASSES}/{breakGlass}`,
  tag: 'break-glasses',
  summary: 'Set safety rules aside for a time, or change or renew such a break-glass',
  description:
    'The creator of a break-glass owns it: only they, and administrators, may change, renew or end it. Every decision that a rule ' +
    'would have forbidden names the break-glass. A break-glass that has ended is not brought back by the same declaration.',
  idempotency: 'idempotent',
  write: true,
  params: InBreakGlass,
  query: NO_QUERY,
  body: BreakGlassInput,
  successes: writeSuccesses(BreakGlass),
  problems: [...WRITE_PROBLEMS, ...APPROVAL_PROBLEMS],
  handle: async (ctx, { params, body }) => {
    const { breakGlass, ...written } = await putBreakGlass(ctx, params.fleet, params.breakGlass, body);
    return writeReply(BREAK_GLASSES, { ...written, view: breakGlass });
  },
});

const deleteBreakGlassOperation = defineEndpoint({
  operationId: 'deleteBreakGlass',
  access: inFleet('operate'),
  method: 'delete',
  path: `${BREAK_GLASSES}/{breakGlass}`,
  tag: 'break-glasses',
  summary: 'End a break-glass',
  description: 'The rules apply again from now on. The record of the break-glass stays.',
  idempotency: 'idempotent',
  write: true,
  params: InBreakGlass,
  query: NO_QUERY,
  body: NO_BODY,
  successes: ENDED,
  problems: END_PROBLEMS,
  handle: async (ctx, { params }) =>
    endedReply(params.fleet, await endBreakGlass(ctx, params.fleet, params.breakGlass), ctx.isDry),
});

/** The operations with which people change the traffic of a fleet for a time. */
export const shiftEndpoints: readonly Endpoint[] = [
  ...shiftReads,
  putShiftOperation,
  deleteShiftOperation,
  ...breakGlassReads,
  putBreakGlassOperation,
  deleteBreakGlassOperation,
];
