/** The port to the APIs of the clouds. */

import type { Priority } from '../core/gateway/budget.ts';
import type { Json } from '../core/gateway/provider-object.ts';

export type CloudProduct = 'alb' | 'mse';

export interface CloudRequest {
  product: CloudProduct;
  regionId: string;
  /** The name of the credential set. */
  credentials: string;
  action: string;
  /** The parameters, nested as in the documentation of the API; the adapter flattens them. Absent values are left out. */
  parameters: Record<string, Json | undefined>;
  /** The priority of the call; `normal` when absent. */
  priority?: Priority | undefined;
  /** A callback that is awaited before every attempt. The call is given up when it throws. */
  beforeAttempt?: (() => Promise<void>) | undefined;
  /** A callback that is awaited now and then while the call waits for its budget. The call is given up when it throws. */
  whileWaiting?: (() => Promise<void>) | undefined;
}

export interface Cloud {
  /**
   * Makes one call, once its budget allows it, and retries it when the class of its error allows that. Every attempt has the
   * same parameters, and so the same ClientToken. Resolves with the body of the answer; rejects with a `CloudError`.
   */
  call(request: CloudRequest): Promise<Record<string, Json>>;
}

/**
 * The class of an error of a cloud. throttled: too many calls were made. unavailable: the cloud did not answer properly.
 * busy: the object or its parent is being configured. in-use: another object still refers to it. gone: the object does not
 * exist. quota: a quota is used up. denied: the caller has no permission. credentials: the key, the token or the signature
 * is wrong, so that no call can succeed. invalid: the call is wrong.
 */
export type CloudErrorClass =
  | 'throttled'
  | 'unavailable'
  | 'busy'
  | 'in-use'
  | 'gone'
  | 'quota'
  | 'denied'
  | 'credentials'
  | 'invalid';

/** An error that a cloud answered, stripped of URLs and signatures. */
export class CloudError extends Error {
  readonly code: string;
  readonly errorClass: CloudErrorClass;
  readonly action: string;
  readonly requestId: string | undefined;

  constructor(fields: {
    code: string;
    errorClass: CloudErrorClass;
    action: string;
    requestId?: string | undefined;
    message: string;
  }) {
    super(fields.message);
    this.name = 'CloudError';
    this.code = fields.code;
    this.errorClass = fields.errorClass;
    this.action = fields.action;
    this.requestId = fields.requestId;
  }
}
