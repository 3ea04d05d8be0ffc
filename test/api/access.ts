/** Tokens and grants for tests, written to the store as the API would have written them. */

import { type HeldGrant, INSTALLATION } from '../../functions/core/access/principal.ts';
import { type StoredToken, secretOf, tokenText } from '../../functions/core/access/token.ts';
import type { IdentityProviders, Store } from '../../functions/deps.ts';
import type { Subject } from '../../schemas/access.ts';

const MADE = '2026-01-01T00:00:00.000Z';

/** Returns the text of the token of this name; the same one each time. */
export function storedToken(name: string): string {
  return tokenText(name, name.repeat(43).replaceAll('-', '_').slice(0, 43));
}

/** Somebody with a stored token, and what they may do. */
export interface Seeded {
  name: string;
  grants: readonly HeldGrant[];
  /** The subject of their grants; their stored token if not given. */
  subject?: Subject;
  /** The difference between their token and a good one. */
  token?: Partial<StoredToken>;
}

/** Returns somebody who may do everything in every fleet, except for what takes an administrator. */
export function person(name: string): Seeded {
  const role = (which: HeldGrant['role']): HeldGrant => ({ role: which, fleets: ['*'] });
  return { name, grants: [role('editor'), role('approver')] };
}

/** Writes tokens, and their grants in place of all that there are. */
export async function seedAccess(store: Store, people: readonly Seeded[]): Promise<void> {
  for (const { name, token } of people) {
    const secrets = [secretOf(storedToken(name), MADE)];
    // The use of a token is recorded once in ten minutes, and its record would be a write more in the tests that count them.
    const lastUsedAt = '2999-01-01T00:00:00.000Z';
    const body: StoredToken = { name, uid: `tok_${name}`, createdAt: MADE, lastUsedAt, secrets, ...token };
    await store.putDocument({ fleet: INSTALLATION, kind: 'token', id: name, version: 1, body, isPending: false });
  }
  const grants = people.flatMap(({ name, grants: held, subject = { type: 'token' as const, token: name } }) =>
    held.map((grant, index) => ({
      ...{ name: `${name}-${index}`, createdAt: MADE, updatedAt: MADE, ...grant },
      subject,
    })),
  );
  const version = ((await store.document(INSTALLATION, 'grants', 'grants'))?.version ?? 0) + 1;
  await store.putDocument({
    ...{ fleet: INSTALLATION, kind: 'grants', id: 'grants', version, isPending: false },
    body: { grants },
  });
}

export const NO_IDENTITIES: IdentityProviders = { issuers: [], verify: async () => undefined };
