import type { Deps } from '../../deps.ts';

export interface AppEnv {
  /** The ports that this request works with. */
  Bindings: Deps;
  /** Values that middleware hands on to handlers. */
  Variables: {
    requestId: string;
    /** Whose token was sent; set behind the check of it, and absent where there is none. */
    actor?: string;
    /** Path template of the operation; absent where no path matches. */
    route?: string;
  };
}
