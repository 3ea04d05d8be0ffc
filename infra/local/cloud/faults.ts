import type { Execute, ProductName } from './product.ts';
import type { ActionSpec } from './table.ts';

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

type Frozen = ReadonlyMap<ProductName, Execute>;

interface Waiting {
  fault: Fault & { times: number };
  /** The frozen products that answer instead, for `stale-read`. */
  frozen: Frozen | undefined;
}

/** The fault that a call meets, and the frozen product that answers it, if any, instead of the current one. */
export interface Hit {
  fault: Fault;
  execute: Execute | undefined;
}

/** Faults that wait for their calls. A call meets at most one fault: the first that fits. */
export class FaultQueue {
  readonly #freeze: () => Frozen;
  #queue: Waiting[] = [];

  /** Creates an empty queue; `freeze` returns every product as it is now. */
  constructor(freeze: () => Frozen) {
    this.#freeze = freeze;
  }

  add(fault: Fault): void {
    const frozen = fault.kind === 'stale-read' ? this.#freeze() : undefined;
    this.#queue.push({ fault: { ...fault, times: fault.times ?? 1 }, frozen });
  }

  list(): readonly Fault[] {
    return this.#queue.map(({ fault }) => fault);
  }

  clear(): void {
    this.#queue = [];
  }

  /** Takes one hit of the first fault that fits. */
  take(product: ProductName, spec: ActionSpec): Hit | undefined {
    const found = this.#queue.find(({ fault }) => fits(fault, product, spec));
    if (!found) return undefined;
    const { fault, frozen } = found;
    fault.times -= 1;
    if (fault.times <= 0) this.#queue = this.#queue.filter((other) => other !== found);
    return { fault, execute: frozen?.get(product) };
  }
}

/**
 * Tells whether a fault fits a call. `partial-batch` fits only calls that start a job, `stale-read` only reads,
 * `body-error` only MSE.
 */
function fits({ kind, ...fault }: Fault, product: ProductName, spec: ActionSpec): boolean {
  return (
    (fault.product ?? product) === product &&
    (fault.action ?? spec.name) === spec.name &&
    (kind !== 'partial-batch' || spec.returnsJobId === true) &&
    (kind !== 'stale-read' || spec.kind === 'read') &&
    (kind !== 'body-error' || product === 'mse')
  );
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
