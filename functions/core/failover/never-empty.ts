/** Whether what people ask for would leave a service with nobody who serves it. */

import type { RuleResult } from '../../../schemas/decision.ts';
import { setAside } from '../allocation/safety.ts';
import { compareText } from '../precedence.ts';
import { type Context, result, stateOf } from './context.ts';
import type { Traffic } from './traffic.ts';

/** Only a break-glass lets people leave a service with nobody who serves. */
export function neverEmpty(context: Context, before: Traffic, after: Traffic): RuleResult[] {
  const stranded = strandedBy(context, before, after);
  if (stranded.length === 0) return [];
  const detail = `no cluster would be left that may serve ${stranded.join(', ')}`;
  return [setAside(result('never-empty', false, detail), { ...before, nowMs: context.situation.nowMs })];
}

/**
 * Services that people would leave with nobody who serves: clusters that are down, and clusters that people have taken out, do not count. None
 * where it was so before.
 */
function strandedBy(context: Context, before: Traffic, after: Traffic): string[] {
  const [did, does] = [servingIn(context, before), servingIn(context, after)];
  const found = context.situation.placements.filter(({ members, pinned }) => {
    const able = members.filter(({ weight }) => weight > 0);
    return !pinned && able.some(({ cluster }) => did(cluster)) && !able.some(({ cluster }) => does(cluster));
  });
  return [...new Set(found.flatMap(({ services, key }) => (services.length > 0 ? services : [key])))].sort(compareText);
}

function servingIn(context: Context, traffic: Traffic): (cluster: string) => boolean {
  const taken = traffic.shifts.filter(({ mode, percent }) => mode === 'isolate' || (mode === 'drain' && percent === 0));
  const { drill } = traffic;
  const drilled = drill && drill.phase !== 'returning' ? drill.clusters : [];
  const out = new Set([...taken.map(({ cluster }) => cluster), ...drilled]);
  return (cluster) => {
    const facts = context.clusters.get(cluster)?.facts;
    return facts !== undefined && !out.has(cluster) && stateOf(traffic, facts).standing !== 'down';
  };
}
