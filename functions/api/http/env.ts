import type { Deps } from '../../deps.ts';

export interface AppEnv {
  /** The ports that this request works with. */
  Bindings: Deps;
  /** The values that middleware passes to handlers. */
  Variables: {
    requestId: string;
    /** The actor whose token was sent. It is set by the check of the token, and absent when a path has no such check. */
    actor?: string;
    /** The path template of the operation; absent when no path matches. */
    route?: string;
  };
}
