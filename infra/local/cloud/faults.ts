import type { ProductName } from './product.ts';
import type { ActionSpec } from './table.ts';

/**
 * latency: answers late. throttle: refuses as flow control does. error: refuses with `code`. drop: closes the connection before
 * anything is done. lost-response: does the work, then closes the connection. html: a gateway's page with status 502.
 * partial-batch: the job applies the first half of its items, then fails. body-error (MSE): refuses inside an HTTP 200.
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
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  kind: FaultKind;
  /** Absent: any product. */
  product?: ProductName;
  /** Absent: any action. */
  action?: string;
  /** How many calls it hits; 1 when absent. */
  times?: number;
  /** Of `error`, ServiceUnavailable when absent, and of `body-error`, InternalError when absent. */
  code?: string;
  /** Of `latency`; 1000 when absent. */
  latencyMs?: number;
}

/** Faults that wait for their calls. A call meets at most one: the first that fits. */
export class FaultQueue {
  #queue: (Fault & { times: number })[] = [];

  add(fault: Fault): void {
    this.#queue.push({ ...fault, times: fault.times ?? 1 });
  }

  list(): readonly Fault[] {
    return this.#queue;
  }

  clear(): void {
    this.#queue = [];
  }

  /** Takes one hit of the first fault that fits; partial-batch fits only calls that start a job, body-error only MSE. */
  take(product: ProductName, { name, returnsJobId }: ActionSpec): Fault | undefined {
    const fault = this.#queue.find(
      (one) =>
        (one.product ?? product) === product &&
        (one.action ?? name) === name &&
        (one.kind !== 'partial-batch' || returnsJobId) &&
        (one.kind !== 'body-error' || product === 'mse'),
    );
    if (!fault) return undefined;
    fault.times -= 1;
    if (fault.times <= 0) this.#queue = this.#queue.filter((other) => other !== fault);
    return fault;
  }
}

/** Reads a fault from JSON; returns a sentence when it is none. */
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
