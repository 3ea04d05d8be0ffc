import type { Fault } from './faults.ts';
import type { ActionSpec, ProductName, Table } from './table.ts';
import type { Rate } from './throttle.ts';

/** The body of an answer, without RequestId. */
export type Answer = Record<string, unknown>;

/** A call that is authenticated and within its rate. */
export interface Call {
  spec: ActionSpec;
  /** The flat parameters, without the common ones. */
  parameters: ReadonlyMap<string, string>;
  regionId: string;
  /** True when the caller named the region. */
  regionGiven: boolean;
  /** The injected fault that the product has to carry out. */
  fault: Fault | undefined;
}

export interface Outcome {
  body: Answer;
  /** The error code of a body that refuses although the HTTP status is 200. */
  code?: string;
}

export type Execute = (call: Call) => Outcome;

export interface Product {
  name: ProductName;
  table: Table;
  /** Returns the rate limit of an action; calls of one scope share it. */
  rateOf(spec: ActionSpec, regionId: string): { scope: string; rate: Rate };
  /** Carries out a call. Throws an `ApiError` for a refusal with an HTTP error status. */
  execute: Execute;
  /** Returns a function that answers reads from the state as it is now, regardless of later writes. */
  freeze(): Execute;
  /** Opens the data plane for the objects that the product began with. */
  resume(): Promise<void>;
  /** Ends the data plane. */
  close(): Promise<void>;
}
