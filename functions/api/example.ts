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
}

/** Of the answer with the status. */
export function responseOf({ response, created, accepted }: Example, status: number): unknown {
  if (status === 201) return created ?? response;
  return status === 202 ? (accepted ?? response) : response;
}
