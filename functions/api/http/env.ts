import type { Principal } from '../../core/access/principal.ts';
import type { Deps } from '../../deps.ts';

export interface AppEnv {
  /** The ports that this request works with. */
  Bindings: Deps;
  /** The values that middleware passes to handlers. */
  Variables: {
    requestId: string;
    /** Whoever sent the request. The check of the token sets it; it is absent when an operation is public. */
    principal?: Principal;
    /** The path template of the operation; absent when no path matches. */
    route?: string;
  };
}
