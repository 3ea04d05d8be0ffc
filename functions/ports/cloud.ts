/** The port to the APIs of the clouds. */

import type { Priority } from '../core/gateway/budget.ts';
import type { Json } from '../core/gateway/provider-object.ts';

export type CloudProduct = 'alb' | 'mse';

export interface CloudRequest {
  product: CloudProduct;
  regionId: string;
  /** Name of the credential set. */
  credentials: string;
  action: string;
  /** Parameters as the API documents them, nested; the adapter flattens them. Absent values are left out. */
  parameters: Record<string, Json | undefined>;
  /** Default normal. */
  priority?: Priority | undefined;
  /** Awaited before every attempt; when it throws, the call is given up. */
  beforeAttempt?: (() => Promise<void>) | undefined;
  /** Awaited now and then while the call waits for its budget; when it throws, the call is given up. */
  whileWaiting?: (() => Promise<void>) | undefined;
}

export interface Cloud {
  /**
   * One call, made when the budget of its kind allows it and retried when its error class does; the same parameters (and so the same
   * ClientToken) each time. Resolves with the body of the answer; rejects with a CloudError.
   */
  call(request: CloudRequest): Promise<Record<string, Json>>;
}

/**
 * throttled: slow down; unavailable: the cloud did not answer properly; busy: the object or its parent is being
 * configured; in-use: something still refers to it; gone: it does not exist; quota: free something first;
 * denied: this caller may not do this; credentials: the key, the token or the signature is wrong, so that no call will do;
 * invalid: the call is wrong.
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

/** What a cloud answered, stripped of URLs and signatures. */
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
