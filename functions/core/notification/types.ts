/** The variable parts of a POST request with a JSON body. */
export interface TargetRequest {
  /** Parameters that are added to those of the URL. */
  query: Record<string, string>;
  headers: Record<string, string>;
  body: string;
}
