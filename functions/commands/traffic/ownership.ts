import { issueAt, say } from '../../../schemas/messages/index.ts';
import { mayDo } from '../../core/access/principal.ts';
import { AppError, throwFaults } from '../app-error.ts';
import type { Context } from '../context.ts';

const MAX_LIFE_HOURS = 72;

/**
 * The longest lifetime of an override. It is longer than any maintenance, and short enough that a forgotten override
 * ends soon.
 */
export const MAX_LIFE_MS = MAX_LIFE_HOURS * 3600 * 1000;

/**
 * Throws `not-owner` unless the actor has created it, or is an administrator. `what` names it, such as `shift upgrade`.
 */
export function requireOwner({ principal }: Context, what: string, owner: string): void {
  if (principal.actor === owner || mayDo(principal, 'administer', {})) return;
  throw new AppError('not-owner', say('NotOwner', { what, owner }));
}

/** Throws `invalid-request` unless the time lies within the next 72 hours. */
export function requireExpiry({ deps }: Context, expiresAt: string): void {
  const lifeMs = Date.parse(expiresAt) - deps.clock.now();
  if (lifeMs > 0 && lifeMs <= MAX_LIFE_MS) return;
  const fault = lifeMs <= 0 ? say('ExpiresTooEarly') : say('ExpiresTooLate', { hours: MAX_LIFE_HOURS });
  throwFaults([issueAt('#/expiresAt', 'invalid_value', fault)]);
}
