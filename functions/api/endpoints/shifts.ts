import type * as z from 'zod';
import { Name } from '../../../schemas/common.ts';
import { TrafficAnswer } from '../../../schemas/decision.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import {
  BreakGlass,
  BreakGlassInput,
  BreakGlassPage,
  BreakGlassQuery,
  Shift,
  ShiftInput,
  ShiftPage,
  ShiftQuery,
} from '../../../schemas/shift.ts';
import type { Context } from '../../commands/context.ts';
import { endBreakGlass, getBreakGlass, listBreakGlasses, putBreakGlass } from '../../commands/traffic/break-glasses.ts';
import type { Commanded } from '../../commands/traffic/command.ts';
import { endShift, getShift, listShifts, putShift } from '../../commands/traffic/shifts.ts';
import type { Endpoint, Reply, Success } from '../http/endpoint.ts';
import { InFleet } from '../http/params.ts';
import { readEndpoints } from '../http/reads.ts';
import { answerReply, createdReply, operationHeader, trafficEndpoint, trafficReply } from '../http/writes.ts';
import { APPROVAL_PROBLEMS } from './resources.ts';

const InShift = InFleet.extend({ shift: Name });
const InBreakGlass = InFleet.extend({ breakGlass: Name });

const SHIFTS = '/v1/fleets/{fleet}/shifts';
const BREAK_GLASSES = '/v1/fleets/{fleet}/break-glasses';

const PUT_PROBLEMS: readonly ProblemCode[] = [
  'not-found',
  'not-owner',
  'already-ended',
  'rule-violated',
  'write-conflict',
];

function putSuccesses(schema: z.ZodType): Success[] {
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

function putReply(collection: string, { created, view, operation }: Written): Reply {
  if (view.dryRun) return { status: 200, body: view };
  if (!created) return answerReply(view.fleet, view, operation);
  const path = `${collection.replace('{fleet}', view.fleet)}/${view.name}`;
  return createdReply(path, view, operationHeader(view.fleet, operation));
}

/** The fields that the endpoints have by which people end a shift or a break-glass before it expires. */
const end = {
  method: 'delete',
  successes: [
    { status: 200, description: 'The decision that would be taken, in a dry run.', schema: TrafficAnswer },
    { status: 204, description: 'The shift or the break-glass has ended.', headers: ['Operation-Location'] },
  ],
  problems: ['not-found', 'not-owner', 'rule-violated', 'write-conflict'],
} as const;

function endReply({ isDry }: Context, fleet: string, commanded: Partial<Commanded>): Reply {
  if (isDry) return trafficReply(fleet, commanded);
  return { status: 204, headers: operationHeader(fleet, commanded.operation) };
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
    query: ShiftQuery,
    page: ShiftPage,
    read: (ctx, { fleet }, page, asked) => listShifts(ctx, fleet, page, asked),
  },
  get: {
    params: InShift,
    summary: 'Get a shift and its progress',
    found: 'The shift.',
    schema: Shift,
    read: (ctx, { fleet, shift }) => getShift(ctx, fleet, shift),
  },
});

const putShiftEndpoint = trafficEndpoint({
  operationId: 'putShift',
  method: 'put',
  path: `${SHIFTS}/{shift}`,
  tag: 'shifts',
  summary: 'Take a cluster, or a part of its share, out of service, or change or renew such a shift',
  description:
    'The creator of a shift owns it: only they, and administrators, may change, renew or end it. Shifts take precedence over the ' +
    'decisions of automation. An unchanged declaration changes nothing. A shift that has ended is not brought back by the same ' +
    'declaration; with a different one, its owner begins a new shift of the name.',
  params: InShift,
  body: ShiftInput,
  successes: putSuccesses(Shift),
  problems: [...PUT_PROBLEMS, 'unknown-reference', 'already-live'],
  handle: async (ctx, { params, body }) => {
    const { shift, ...written } = await putShift(ctx, params.fleet, params.shift, body);
    return putReply(SHIFTS, { ...written, view: shift });
  },
});

const deleteShiftEndpoint = trafficEndpoint({
  ...end,
  operationId: 'deleteShift',
  path: `${SHIFTS}/{shift}`,
  tag: 'shifts',
  summary: 'End a shift',
  description: 'The cluster of the shift gets its share back step by step. The record of the shift stays.',
  params: InShift,
  handle: async (ctx, { params }) => endReply(ctx, params.fleet, await endShift(ctx, params.fleet, params.shift)),
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
    query: BreakGlassQuery,
    page: BreakGlassPage,
    read: (ctx, { fleet }, page, asked) => listBreakGlasses(ctx, fleet, page, asked),
  },
  get: {
    params: InBreakGlass,
    summary: 'Get a break-glass',
    found: 'The break-glass.',
    schema: BreakGlass,
    read: (ctx, { fleet, breakGlass }) => getBreakGlass(ctx, fleet, breakGlass),
  },
});

const putBreakGlassEndpoint = trafficEndpoint({
  operationId: 'putBreakGlass',
  method: 'put',
  path: `${BREAK_GLASSES}/{breakGlass}`,
  tag: 'break-glasses',
  summary: 'Set safety rules aside for a time, or change or renew such a break-glass',
  description:
    'The creator of a break-glass owns it: only they, and administrators, may change, renew or end it. Every decision that a rule ' +
    'would have forbidden names the break-glass. A break-glass that has ended is not brought back by the same declaration.',
  params: InBreakGlass,
  body: BreakGlassInput,
  successes: putSuccesses(BreakGlass),
  problems: [...PUT_PROBLEMS, ...APPROVAL_PROBLEMS],
  handle: async (ctx, { params, body }) => {
    const { breakGlass, ...written } = await putBreakGlass(ctx, params.fleet, params.breakGlass, body);
    return putReply(BREAK_GLASSES, { ...written, view: breakGlass });
  },
});

const deleteBreakGlassEndpoint = trafficEndpoint({
  ...end,
  operationId: 'deleteBreakGlass',
  path: `${BREAK_GLASSES}/{breakGlass}`,
  tag: 'break-glasses',
  summary: 'End a break-glass',
  description: 'The rules apply again from now on. The record of the break-glass stays.',
  params: InBreakGlass,
  handle: async (ctx, { params }) =>
    endReply(ctx, params.fleet, await endBreakGlass(ctx, params.fleet, params.breakGlass)),
});

/** The operations with which people change the traffic of a fleet for a time. */
export const shiftEndpoints: readonly Endpoint[] = [
  ...shiftReads,
  putShiftEndpoint,
  deleteShiftEndpoint,
  ...breakGlassReads,
  putBreakGlassEndpoint,
  deleteBreakGlassEndpoint,
];
