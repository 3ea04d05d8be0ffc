import { ApiError } from './errors.ts';
import type { ProductName } from './table.ts';

/** A RAM policy, of which only the actions are enforced. Resources are ignored. */
export interface RamPolicy {
  Version: '1';
  Statement: readonly { Effect: 'Allow' | 'Deny'; Action: readonly string[]; Resource: unknown }[];
}

export interface Authorizer {
  /** Throws when the key has policies and they do not allow the action. */
  authorize(accessKeyId: string, product: ProductName, action: string): void;
  /** Actions that were refused, such as `alb:CreateRules`. */
  denied: ReadonlySet<string>;
}

/**
 * The error codes of refusals. NoPermission is documented for every action of MSE; Forbidden.RAM, the older code of
 * RAM, is assumed for ALB.
 */
const CODES: Record<ProductName, string> = { alb: 'Forbidden.RAM', mse: 'NoPermission' };

/**
 * Creates an authorizer from policies by access key id. A key without policies is that of the account itself, which may
 * do everything.
 */
export function createAuthorizer(policies: Readonly<Record<string, readonly RamPolicy[]>>): Authorizer {
  const denied = new Set<string>();
  return {
    denied,
    authorize: (accessKeyId, product, name) => {
      const action = `${product}:${name}`;
      const attached = policies[accessKeyId];
      if (attached === undefined || isAllowed(attached, action)) return;
      denied.add(action);
      throw new ApiError(CODES[product], `You are not authorized to do this action. Action: ${action}`, 403);
    },
  };
}

/** Tells whether the policies allow an action. An explicit Deny wins; an action that no statement allows is denied. */
function isAllowed(policies: readonly RamPolicy[], action: string): boolean {
  const effects = policies
    .flatMap(({ Statement }) => Statement)
    .filter(({ Action }) => Action.includes(action))
    .map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}
