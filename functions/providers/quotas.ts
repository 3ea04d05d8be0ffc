import type { Issue } from '../../schemas/problem.ts';
import type { QuotaUse } from './provider.ts';

/** Use of a quota by one of those that each have it to themselves. `kind` is the same for all of them. */
export interface Use extends QuotaUse {
  kind: string;
}

/** Of each kind the one that uses most. */
export function largest(uses: readonly Use[]): QuotaUse[] {
  const byKind = new Map<string, Use>();
  for (const use of uses) {
    const other = byKind.get(use.kind);
    if (other === undefined || use.used > other.used) byKind.set(use.kind, use);
  }
  return [...byKind.values()].map(({ kind: _, ...use }) => use);
}

export function isExceeded({ used, allowed }: QuotaUse): boolean {
  return used > allowed;
}

/** `gateways`: how many like this one would hold it all, where that is known. */
export function refusal(cloud: string, { quota, used, allowed, pointer }: QuotaUse, gateways?: number): Issue {
  const remedy = gateways === undefined ? '' : ` ${gateways} gateways like this one would hold it.`;
  const detail = `Quota of ${cloud}: ${quota}: ${used} used, ${allowed} allowed.${remedy}`;
  return { pointer, code: 'quota-exceeded', detail };
}
