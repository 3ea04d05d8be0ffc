/** The examples of an operation in the OpenAPI document. */
export interface Example {
  /** The body of the request. */
  body?: unknown;
  /** The body of the answer. */
  response?: unknown;
  /** The body of the answer 201, when it differs from `response`. */
  created?: unknown;
  /** The body of the answer 202, when it differs from `response`. */
  accepted?: unknown;
  /** The body of the answer 503 of operations whose answer 503 is not a problem. */
  unavailable?: unknown;
}

/** Returns the example of the answer with the status. */
export function responseOf({ response, created, accepted, unavailable }: Example, status: number): unknown {
  if (status === 503) return unavailable ?? response;
  if (status === 201) return created ?? response;
  return status === 202 ? (accepted ?? response) : response;
}

/**
 * Returns the examples of the operations that `readEndpoints` makes, for members as the API shows them. `names` are the
 * same. The first member is the one that is read by itself.
 */
export function readExamples(
  [one, several]: readonly [one: string, several: string],
  ...members: readonly [object, ...object[]]
): Record<string, Example> {
  return { [`list${several}`]: { response: { items: members } }, [`get${one}`]: { response: members[0] } };
}
