/** Examples of shifts and break-glasses. */

import type * as z from 'zod';
import type { TrafficAnswer } from '../../../schemas/decision.ts';
import type { BreakGlass, BreakGlassInput, Shift, ShiftInput } from '../../../schemas/shift.ts';
import { type Example, readExamples } from '../http/example.ts';

const CREATED = '2026-11-23T07:00:00.000Z';
const EXPIRES = '2026-11-23T09:00:00.000Z';

const shiftInput = {
  cluster: 'hangzhou-a',
  stepPercent: 25,
  stepSeconds: 30,
  reason: 'kernel upgrade in hangzhou-a',
  expiresAt: EXPIRES,
} satisfies z.input<typeof ShiftInput>;

const shift: Shift = {
  ...shiftInput,
  name: 'upgrade',
  fleet: 'shop',
  mode: 'drain',
  percent: 0,
  owner: 'ada',
  state: 'moving',
  currentPercent: 75,
  createdAt: CREATED,
  updatedAt: CREATED,
  decision: 'dec_01KAR2Z3V4W5X6Y7Z8A9B0C1D2',
};

const serviceShift: Shift = {
  ...shift,
  name: 'checkout-upgrade',
  service: 'checkout',
  reason: 'checkout is upgraded in hangzhou-a',
};

const breakGlassInput = {
  rules: ['min-serving'],
  reason: 'shanghai-b is being moved; one cluster has to do',
  expiresAt: EXPIRES,
} satisfies z.input<typeof BreakGlassInput>;

const breakGlass: BreakGlass = {
  rules: ['min-serving'],
  reason: breakGlassInput.reason,
  expiresAt: EXPIRES,
  name: 'one-cluster',
  fleet: 'shop',
  owner: 'ada',
  state: 'live',
  createdAt: CREATED,
  updatedAt: CREATED,
};

/** Returns the examples of shifts and break-glasses. `answer` is the result of a command on traffic. */
export function shiftExamples(answer: TrafficAnswer): Record<string, Example> {
  return {
    ...readExamples(['Shift', 'Shifts'], serviceShift, shift),
    putShift: { body: shiftInput, response: shift },
    deleteShift: { response: answer },
    ...readExamples(['BreakGlass', 'BreakGlasses'], breakGlass),
    putBreakGlass: { body: breakGlassInput, response: breakGlass },
    deleteBreakGlass: { response: answer },
  };
}
