/**
 * The codes in the body for the documented error codes (MSE OpenAPI 2019-05-31). 409 for conflicts with the current
 * state is assumed.
 */
const CODES: Readonly<Record<string, number>> = {
  NoPermission: 403,
  NotFound: 404,
  AlreadyExists: 409,
  GatewayNotRunning: 409,
  RouteBusy: 409,
  InternalError: 500,
};

/**
 * A refusal inside the body of an HTTP 200. MSE reports an error in this way after its API gateway has let the call
 * pass.
 */
export class Refusal extends Error {
  readonly errorCode: string;
  /** The `Code` in the body. */
  readonly code: number;

  constructor(errorCode: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.errorCode = errorCode;
    this.code = CODES[errorCode] ?? 400;
  }
}

export function invalid(parameter: string, reason: string): Refusal {
  return new Refusal('InvalidParameter', `The parameter ${parameter} is invalid: ${reason}.`);
}

export function notFound(kind: string, id: string | number): Refusal {
  return new Refusal('NotFound', `The ${kind} ${id} is not found.`);
}

export function alreadyExists(message: string): Refusal {
  return new Refusal('AlreadyExists', message);
}

/** Returns the error for an object that callers may not change, or may not change in its present state. */
export function illegalRequest(reason: string): Refusal {
  return new Refusal('IllegalRequest', `The request is illegal: ${reason}.`);
}
