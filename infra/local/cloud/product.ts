import type { Fault } from './faults.ts';
import type { ActionSpec, Table } from './table.ts';
import type { Rate } from './throttle.ts';

/** The products of the local cloud. They share endpoint, keys, log and faults; a call names its own by `Version`. */
export type ProductName = 'alb' | 'mse';

/** Body of an answer, without RequestId. */
export type Answer = Record<string, unknown>;

/** A call that is authenticated and within its rate. */
export interface Call {
  spec: ActionSpec;
  /** Flat, without the common parameters. */
  parameters: ReadonlyMap<string, string>;
  regionId: string;
  /** The caller named the region. */
  regionGiven: boolean;
  /** Injected, and left to the product. */
  fault: Fault | undefined;
}

export interface Outcome {
  body: Answer;
  /** Where the body refuses though HTTP says 200. */
  code?: string;
}

export type Execute = (call: Call) => Outcome;

export interface Product {
  name: ProductName;
  table: Table;
  /** Calls of one scope share its rate. */
  rateOf(spec: ActionSpec, regionId: string): { scope: string; rate: Rate };
  /** Throws an ApiError for what HTTP refuses. */
  execute: Execute;
  /** Answers reads from the state as it is now, whatever is written later. */
  freeze(): Execute;
  /** Opens the data plane for the objects that the product began with. */
  resume(): Promise<void>;
  /** Ends the data plane. */
  close(): Promise<void>;
}
