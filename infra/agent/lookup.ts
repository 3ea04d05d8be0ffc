import { lookup as resolveByHost } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { checkResolved, type EgressPolicy, ForbiddenTargetError } from '../../functions/core/egress/target.ts';

/** Resolves a name to all of its addresses. */
export type Resolve = (name: string) => Promise<{ address: string; family: number }[]>;

/** The resolver of the machine, with its file of hosts and its search domains. */
export const resolveHere: Resolve = (name) => resolveByHost(name, { all: true });

/**
 * Creates the function by which sockets resolve names. It hands out only addresses that have been checked, and a socket
 * connects to nothing else. So no second resolution, which could answer otherwise, comes between the check and the
 * connection. A name is resolved anew for each connection.
 */
export function createLookup(policy: EgressPolicy, resolve: Resolve): LookupFunction {
  const checked = async (name: string) => {
    const found = await resolve(name);
    const reason = checkResolved(
      name,
      found.map(({ address }) => address),
      policy,
    );
    if (reason !== undefined) throw new ForbiddenTargetError(reason);
    const [first] = found;
    if (first === undefined) throw new Error(`${name} has no address.`);
    return { first, found };
  };
  return (name, { all = false }, callback) => {
    checked(name).then(
      ({ first, found }) => (all ? callback(null, found) : callback(null, first.address, first.family)),
      (error: Error) => callback(error, ''),
    );
  };
}
