/** The rule that people may not leave a service without a cluster that serves it. */

import type { RuleResult } from '../../../schemas/decision.ts';
import { say } from '../../../schemas/messages/index.ts';
import { setAside } from '../allocation/safety.ts';
import { compareText } from '../model/text.ts';
import { type Context, ruleResult, stateOf } from './context.ts';
import type { Traffic } from './traffic.ts';

/**
 * Checks that a change leaves every service with a cluster that may serve it. Only a break-glass sets this rule aside.
 */
export function neverEmpty(context: Context, before: Traffic, after: Traffic): RuleResult[] {
  const stranded = strandedBy(context, before, after);
  if (stranded.length === 0) return [];
  const detail = say('NobodyLeft', { services: stranded.join(', ') }).text;
  return [setAside(ruleResult('never-empty', false, detail), { ...before, nowMs: context.input.nowMs })];
}

/**
 * Returns the services that a change by people would leave without a cluster that may serve them. Clusters that are
 * down or taken out by people do not count, and neither do services that had no such cluster before.
 */
function strandedBy(context: Context, before: Traffic, after: Traffic): string[] {
  const [did, does] = [servingIn(context, before), servingIn(context, after)];
  const found = context.input.placements.filter(({ service, members, pinned }) => {
    const able = members.filter(({ weight }) => weight > 0);
    const isServed = (serves: typeof did) => able.some(({ cluster }) => serves(cluster, service));
    return !pinned && isServed(did) && !isServed(does);
  });
  return [...new Set(found.flatMap(({ services, key }) => (services.length > 0 ? services : [key])))].sort(compareText);
}

/**
 * Returns a function that tells whether a cluster may serve the backends of a service. `service` is undefined for
 * backends that are not moved by service.
 */
function servingIn(context: Context, traffic: Traffic): (cluster: string, service: string | undefined) => boolean {
  const { shifts, drill } = traffic;
  const taken = shifts.filter(({ mode, percent }) => mode === 'isolate' || (mode === 'drain' && percent === 0));
  const drilled = drill && drill.phase !== 'returning' ? drill.clusters : [];
  const out = [...taken, ...drilled.map((cluster) => ({ cluster, service: drill?.service }))];
  const isOut = (name: string, of: string | undefined) =>
    out.some(({ cluster, service }) => cluster === name && (service === undefined || service === of));
  return (cluster, service) => {
    const facts = context.clusters.get(cluster)?.facts;
    return facts !== undefined && !isOut(cluster, service) && stateOf(traffic, facts).standing !== 'down';
  };
}
