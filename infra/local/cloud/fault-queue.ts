import type { Fault } from './faults.ts';
import type { Execute } from './product.ts';
import type { ActionSpec, ProductName } from './table.ts';

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
