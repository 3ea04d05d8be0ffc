import { issueAt, say } from '../../schemas/messages/index.ts';
import type { Finding, QuotaUse } from './provider.ts';

/**
 * The use of a quota by one object that has the quota to itself. `kind` is the same for all objects that each have such
 * a quota.
 */
export interface Use extends QuotaUse {
  kind: string;
  /** The rules that would have to stay out when the use is too much, as a finding names them. */
  rules?: readonly string[] | undefined;
  pools?: readonly string[] | undefined;
  excess?: number | undefined;
}

/** Returns the largest use of each kind. */
export function largest(uses: readonly Use[]): QuotaUse[] {
  const byKind = new Map<string, Use>();
  for (const use of uses) {
    const other = byKind.get(use.kind);
    if (other === undefined || use.used > other.used) byKind.set(use.kind, use);
  }
  return [...byKind.values()].map(({ quota, used, allowed, pointer }) => ({ quota, used, allowed, pointer }));
}

export function isExceeded({ used, allowed }: QuotaUse): boolean {
  return used > allowed;
}

/**
 * Returns the finding for a quota that is exceeded. `gateways` is the number of gateways like this one that would hold
 * everything, if that is known.
 */
export function refusal(cloud: string, use: Omit<Use, 'kind'>, gateways?: number): Finding {
  const { quota, used, allowed, pointer, rules = [], pools = [], excess } = use;
  const message = say('QuotaExceeded', { cloud, quota, used, allowed, gateways });
  return { ...issueAt(pointer, 'quota-exceeded', message), rules, pools, ...(excess !== undefined && { excess }) };
}
