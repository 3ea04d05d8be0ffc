/** An answer that refuses. `code` and `status` are the cloud's own where they are known; docs/local-cloud.md lists the assumed ones. */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status. */
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

/** `product` as the cloud spells it. */
export function errorBody(error: ApiError, requestId: string, hostId: string, product: string): ErrorBody {
  return {
    Code: error.code,
    Message: error.message,
    RequestId: requestId,
    HostId: hostId,
    Recommend: `https://api.aliyun.com/troubleshoot?q=${encodeURIComponent(error.code)}&product=${product}&requestId=${requestId}`,
  };
}

/** `path` is the flattened name; the code ends with its last named segment. */
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

/** What the product offers and the local cloud does not: said openly rather than half done. */
export function notCarried(what: string): ApiError {
  return new ApiError('UnsupportedOperation', `The local cloud does not carry ${what}.`);
}

function lastName(path: string): string {
  return path.split('.').findLast((segment) => !/^\d+$/.test(segment)) ?? path;
}
