/** What the OpenAPI document shows of an operation. */
export interface Example {
  /** Of the request. */
  body?: unknown;
  /** Of the answer. */
  response?: unknown;
  /** Of the answer 201, where it is another one. */
  created?: unknown;
  /** Of the answer 202, where it is another one. */
  accepted?: unknown;
  /** The example of the answer 503 of operations that answer it without a problem. */
  unavailable?: unknown;
}

/** Of the answer with the status. */
export function responseOf({ response, created, accepted, unavailable }: Example, status: number): unknown {
  if (status === 503) return unavailable ?? response;
  if (status === 201) return created ?? response;
  return status === 202 ? (accepted ?? response) : response;
}
