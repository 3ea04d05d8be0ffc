/** The secrets that declarations refer to by name. */

export interface Secrets {
  /** Returns the value of a secret; undefined when there is none of the name that may be sent to the host. */
  find(name: string, host: string): Promise<string | undefined>;
  /**
   * Removes the values of all secrets from a part of a text of foreign origin, such as the first bytes of an answer, and the pieces of
   * them at which it was cut.
   */
  redactPart(text: string): string;
}
