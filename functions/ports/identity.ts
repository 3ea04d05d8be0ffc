/** Identity providers, which vouch for people and for pipelines by signed tokens (OpenID Connect). */

/** Whoever an identity provider vouches for. */
export interface Identity {
  /** The name of the provider in the settings. */
  provider: string;
  issuer: string;
  subject: string;
  groups: readonly string[];
  /** The time at which the token expires. */
  expiresAt: string;
}

export interface IdentityProviders {
  /** The issuers of the settings. */
  readonly issuers: readonly string[];
  /**
   * Verifies a token. Returns undefined when it is not a valid token of one of the providers for this control plane. Throws
   * `IdentityUnavailable` when the keys of the provider cannot be had, so that nobody can tell.
   */
  verify(token: string): Promise<Identity | undefined>;
}

/** The error of a provider whose keys cannot be had at present. The message may be shown to anybody. */
export class IdentityUnavailable extends Error {
  constructor(provider: string, options?: ErrorOptions) {
    super(`The keys of the identity provider ${provider} cannot be had at present.`, options);
    this.name = 'IdentityUnavailable';
  }
}
