import type { ProductName } from './table.ts';

/**
 * The kinds of faults that can be injected. `latency` answers late. `throttle` refuses as flow control does. `error`
 * refuses with `code`. `drop` closes the connection before anything is done. `lost-response` does the work, then closes
 * the connection. `html` answers with a gateway's page and status 502. `partial-batch` makes the job apply the first
 * half of its items and then fail. `body-error` (MSE) refuses inside an HTTP 200. `stale-read` answers a read from the
 * state as it was when the fault was set.
 */
export const FAULT_KINDS = [
  'latency',
  'throttle',
  'error',
  'body-error',
  'drop',
  'lost-response',
  'html',
  'partial-batch',
  'stale-read',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  kind: FaultKind;
  /** The product whose calls it hits; any product when absent. */
  product?: ProductName;
  /** The action that it hits; any action when absent. */
  action?: string;
  /** The number of calls that it hits; 1 when absent. */
  times?: number;
  /** The error code of `error` (ServiceUnavailable when absent) or of `body-error` (InternalError when absent). */
  code?: string;
  /** The delay of `latency` in milliseconds; 1000 when absent. */
  latencyMs?: number;
}

/** Reads a fault from JSON; returns a sentence that tells what is wrong when it is not valid. */
export function parseFault(value: unknown): Fault | string {
  if (typeof value !== 'object' || value === null) return 'A fault is a JSON object.';
  const { kind, product, action, times, code, latencyMs } = value as Record<string, unknown>;
  const known = FAULT_KINDS.find((name) => name === kind);
  if (!known) return `kind must be one of ${FAULT_KINDS.join(', ')}.`;
  const fault: Fault = { kind: known };
  if (product === 'alb' || product === 'mse') fault.product = product;
  else if (product !== undefined) return 'product must be alb or mse.';
  if (typeof action === 'string') fault.action = action;
  else if (action !== undefined) return 'action must be the name of an action.';
  if (typeof code === 'string') fault.code = code;
  else if (code !== undefined) return 'code must be a text.';
  if (isCount(times)) fault.times = times;
  else if (times !== undefined) return 'times must be a positive integer.';
  if (isCount(latencyMs)) fault.latencyMs = latencyMs;
  else if (latencyMs !== undefined) return 'latencyMs must be a positive integer.';
  return fault;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
}
