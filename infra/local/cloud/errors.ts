/**
 * An answer that refuses a call. `code` and `status` are the cloud's own where they are known; docs/local-cloud.md
 * lists the assumed ones.
 */
export class ApiError extends Error {
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(code: string, message: string, status = 400, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

export interface ErrorBody {
  Code: string;
  Message: string;
  RequestId: string;
  HostId: string;
  Recommend: string;
}

/** Returns the body of an error's answer; `product` is the name as the cloud spells it. */
export function errorBody(error: ApiError, requestId: string, hostId: string, product: string): ErrorBody {
  return {
    Code: error.code,
    Message: error.message,
    RequestId: requestId,
    HostId: hostId,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${encodeURIComponent(error.code)}&product=${product}&requestId=${requestId}`,
  };
}

/**
 * Returns the error of an illegal parameter. `path` is its flattened name; the code ends with the last segment that is
 * not an index.
 */
export function illegal(path: string, reason: string): ApiError {
  return new ApiError(`IllegalParam.${lastName(path)}`, `The parameter ${path} is illegal: ${reason}.`);
}

export function missing(path: string): ApiError {
  return new ApiError(`MissingParam.${lastName(path)}`, `The parameter ${path} is required.`);
}

export function notFound(kind: string, id: string): ApiError {
  return new ApiError(`ResourceNotFound.${kind}`, `The specified resource ${id} is not found.`, 404);
}

export function alreadyExists(kind: string, what: string): ApiError {
  return new ApiError(`ResourceAlreadyExist.${kind}`, `${what} exists already.`);
}

export function incorrectStatus(kind: string, id: string, status: string): ApiError {
  return new ApiError(`IncorrectStatus.${kind}`, `The status of ${id} is ${status}: the operation is not allowed now.`);
}

export function inUse(kind: string, id: string, by: string): ApiError {
  return new ApiError(`ResourceInUse.${kind}`, `The specified resource ${id} is in use by ${by}.`);
}

export function denied(reason: string, message: string): ApiError {
  return new ApiError(`OperationDenied.${reason}`, message);
}

/** Returns the error of a feature that the product offers and the local cloud does not. */
export function notCarried(what: string): ApiError {
  return new ApiError('UnsupportedOperation', `The local cloud does not carry ${what}.`);
}

function lastName(path: string): string {
  return path.split('.').findLast((segment) => !/^\d+$/.test(segment)) ?? path;
}
