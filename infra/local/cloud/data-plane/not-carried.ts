/**
 * Thrown for a configuration that is valid in the cloud but not carried by this data plane; the client gets a 501 that
 * says so.
 */
export class NotCarriedError extends Error {
  constructor(feature: string) {
    super(`the local data plane does not carry ${feature}`);
    this.name = 'NotCarriedError';
  }
}
