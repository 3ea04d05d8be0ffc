/** What middleware hands on to handlers. */
export interface AppEnv {
  Variables: {
    requestId: string;
    /** Whose token was sent; set behind the check of it. */
    actor: string;
    /** Path template of the operation; absent where no path matches. */
    route?: string;
  };
}
