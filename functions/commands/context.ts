import type { Permission } from '../../schemas/access.ts';
import type { UsedApproval } from '../../schemas/approval.ts';
import type { Principal } from '../core/access/principal.ts';
import type { Author } from '../core/model/audit.ts';
import type { Deps } from '../deps.ts';

/** Whoever sends a request, and the ports that serve it. */
export interface Context {
  deps: Deps;
  principal: Principal;
  /** The permission that the operation takes; absent when nobody asked for it, or when it takes none. */
  permission?: Permission | undefined;
  requestId: string;
  /** The reason that the principal gives. */
  reason?: string | undefined;
  /** The approval that the request uses up. */
  approval?: UsedApproval | undefined;
  /** True when the request is only checked and planned, and nothing is written. */
  isDry?: boolean;
  /** Keeps the invocation alive until the work is done, after the response has been sent. */
  waitUntil(work: Promise<unknown>): void;
}

/** Returns the author of everything that the request writes. */
export function authorOf({ principal, requestId, reason, approval }: Context): Author {
  return { actor: principal.actor, requestId, reason, approval };
}

/** Formats milliseconds since the epoch as an RFC 3339 timestamp in UTC. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
