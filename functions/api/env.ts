/** What middleware hands on to handlers. */
export interface AppEnv {
  Variables: {
    requestId: string;
    /** Path template of the operation; absent where no path matches. */
    route?: string;
  };
}
