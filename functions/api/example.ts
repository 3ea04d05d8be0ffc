/** What the OpenAPI document shows of an operation. */
export interface Example {
  /** Of the request. */
  body?: unknown;
  /** Of the answer. */
  response?: unknown;
  /** Of the answer 202, where it is another one. */
  accepted?: unknown;
}
