import type { Context } from 'hono';
import type { Principal } from '../../core/access/principal.ts';
import type { Refused } from '../../core/audit/refusals.ts';
import type { Deps } from '../../deps.ts';

export interface AppEnv {
  /** The ports that this request works with. */
  Bindings: Deps;
  /** The values that middleware passes to handlers. */
  Variables: {
    /** The id of the request, which the control plane has made. */
    requestId: string;
    /** The id that the client has given to its request; absent when it has given none. */
    clientRequestId?: string;
    /** The network that the request comes from. */
    addressPrefix: string;
    /** Counts something that is refused because of its sender. */
    countRefused: (refused: Refused) => void;
    /** Whoever sent the request. The check of the token sets it; it is absent when an operation is public. */
    principal?: Principal;
    /** True when what is known of the principal was read for an earlier request. */
    isRemembered?: boolean;
    /** The path template of the operation; absent when no path matches. */
    route?: string;
  };
}

/** Keeps a Worker alive until the work is done, after its answer. A Node process needs no such call, and has no execution context. */
export function outlive(c: Context<AppEnv>, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Without an execution context, the work goes on by itself.
  }
}
