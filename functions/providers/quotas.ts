import type { Finding, QuotaUse } from './provider.ts';

/** Use of a quota by one of those that each have it to themselves. `kind` is the same for all of them. */
export interface Use extends QuotaUse {
  kind: string;
  /** What would have to stay out where the use is too much, as a finding names it. */
  rules?: readonly string[] | undefined;
  pools?: readonly string[] | undefined;
  excess?: number | undefined;
}

/** Of each kind the one that uses most. */
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

/** `gateways`: how many like this one would hold it all, where that is known. */
export function refusal(cloud: string, use: Omit<Use, 'kind'>, gateways?: number): Finding {
  const { quota, used, allowed, pointer, rules = [], pools = [], excess } = use;
  const remedy = gateways === undefined ? '' : ` ${gateways} gateways like this one would hold it.`;
  const detail = `Quota of ${cloud}: ${quota}: ${used} used, ${allowed} allowed.${remedy}`;
  return { pointer, code: 'quota-exceeded', detail, rules, pools, ...(excess !== undefined && { excess }) };
}
