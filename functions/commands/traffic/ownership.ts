import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';

/** The actor that may change what others own. */
const ADMINISTRATOR = 'api';

/**
 * The longest lifetime of an override. It is longer than any maintenance, and short enough that a forgotten override
 * ends soon.
 */
export const MAX_LIFE_MS = 72 * 3600 * 1000;

/**
 * Throws `not-owner` unless the actor may change what `owner` has created. `what` names it, such as `shift upgrade`.
 */
export function requireOwner({ principal: { actor } }: Context, what: string, owner: string): void {
  if (actor === owner || actor === ADMINISTRATOR) return;
  throw new AppError('not-owner', `The ${what} belongs to ${owner}.`);
}

/** Throws `invalid-request` unless the time lies within the next 72 hours. */
export function requireExpiry({ deps }: Context, expiresAt: string): void {
  const lifeMs = Date.parse(expiresAt) - deps.clock.now();
  const detail = lifeMs <= 0 ? 'must be in the future' : lifeMs > MAX_LIFE_MS ? 'must be within 72 hours' : undefined;
  if (detail === undefined) return;
  throw new AppError('invalid-request', `#/expiresAt: ${detail}.`, [
    { pointer: '#/expiresAt', code: 'invalid_value', detail },
  ]);
}
