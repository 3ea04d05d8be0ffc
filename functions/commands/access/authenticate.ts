import { EVERY_FLEET, type Principal } from '../../core/access/principal.ts';
import { isTokenOf, tokenDigest } from '../../core/model/token.ts';
import type { Deps } from '../../deps.ts';

/** Finds out whose token it is. Returns undefined when the token is not accepted, whatever the reason. */
export type Authenticate = (deps: Deps, token: string) => Promise<Principal | undefined>;

/**
 * Creates the check of tokens from the tokens of the settings, by actor, who all are administrators. Tokens are kept and looked
 * up as digests: nobody can choose the digest of what they send, so that the time of a look-up tells nothing about a token.
 */
export function createAuthenticate(tokens: Readonly<Record<string, string>>): Authenticate {
  const entries = Object.entries(tokens);
  if (entries.length === 0 || entries.some(([, token]) => token === '')) {
    throw new TypeError('The API needs a token, and no token may be empty.');
  }
  const principals = new Map(entries.map(([actor, token]) => [tokenDigest(token), administrator(actor)]));
  return async (_, token) => principals.get(tokenDigest(token));
}

function administrator(actor: string): Principal {
  return { actor, kind: 'setting', grants: [{ role: 'admin', fleets: [EVERY_FLEET] }] };
}

/** Returns the alert voter whose token it is, who may send its alerts and nothing else; undefined when it is not its token. */
export async function voterOf(
  { store }: Deps,
  { fleet: fleetName, voter: voterName }: { fleet: string; voter: string },
  token: string,
): Promise<Principal | undefined> {
  const fleet = await store.get('fleet', fleetName, fleetName);
  const voter = fleet?.spec.voters.find(({ name }) => name === voterName);
  if (voter?.type !== 'alert' || !isTokenOf(token, voter.tokenHash)) return undefined;
  return {
    actor: `voter ${voterName}`,
    kind: 'voter',
    grants: [{ role: 'alert', fleets: [fleetName], voter: voterName }],
  };
}
