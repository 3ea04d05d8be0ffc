import { createHash } from 'node:crypto';
import type { CloudState, Listener, Rule, Server, ServerGroup, ServerGroupTuple } from '../model.ts';
import { NotCarriedError } from './actions.ts';
import { matches } from './matcher.ts';
import type { ProxyRequest } from './request.ts';

/** The rule of the listener that a request meets first, by ascending priority; undefined: the default action. */
export function selectRule(state: CloudState, listenerId: string, request: ProxyRequest): Rule | undefined {
  const rules = rulesInForce(state, listenerId);
  if (rules.some((rule) => rule.Direction === 'Response')) throw new NotCarriedError('rules of direction Response');
  return rules.toSorted((a, b) => a.Priority - b.Priority).find((rule) => matches(rule.RuleConditions, request));
}

/** The server groups that a listener may send requests to: only those are probed. */
export function referencedGroups(state: CloudState, listener: Listener): Set<string> {
  const tuples = rulesInForce(state, listener.ListenerId)
    .flatMap((rule) => rule.RuleActions)
    .flatMap((action) => action.ForwardGroupConfig?.ServerGroupTuples ?? []);
  return new Set([listener.DefaultServerGroupId, ...tuples.map((tuple) => tuple.ServerGroupId)]);
}

/** A rule in Provisioning is not in force yet; one in Configuring still has its configuration of before. */
function rulesInForce(state: CloudState, listenerId: string): Rule[] {
  return [...state.rules.values()].filter(
    (rule) => rule.ListenerId === listenerId && (rule.RuleStatus === 'Available' || rule.RuleStatus === 'Configuring'),
  );
}

/** Gets requests and is probed. */
export function isInService(server: Server): boolean {
  return server.Weight > 0 && (server.Status === 'Available' || server.Status === 'Configuring');
}

/** Host and port; names a server within its group. */
export function serverAddress(server: Server): string {
  return `${server.ServerIp || server.ServerId}:${server.Port}`;
}

export interface Balancer {
  /** By the weights of the tuples, whatever the health of the groups: a request never moves to another tuple. */
  tuple(ruleId: string, tuples: readonly ServerGroupTuple[]): ServerGroupTuple | undefined;
  /** Among the healthy servers by the group's algorithm, or among all when none is healthy; undefined: none has a weight. */
  server(group: ServerGroup, clientIp: string): Server | undefined;
}

/** Selection of groups and servers; keeps what round robin has to remember between requests. */
export function createBalancer(
  isHealthy: (group: ServerGroup, server: Server) => boolean,
  activeRequests: (group: ServerGroup, server: Server) => number,
): Balancer {
  const roundRobin = createRoundRobin();

  function server(group: ServerGroup, clientIp: string): Server | undefined {
    ensureCarried(group);
    const inService = group.Servers.filter(isInService);
    const healthy = inService.filter((candidate) => isHealthy(group, candidate));
    const candidates = healthy.length > 0 ? healthy : inService;
    switch (group.Scheduler) {
      case 'Wrr':
        return roundRobin(group.ServerGroupId, candidates, serverAddress);
      case 'Wlc': {
        const load = (candidate: Server) => activeRequests(group, candidate) / candidate.Weight;
        const least = Math.min(...candidates.map(load));
        const idlest = candidates.filter((candidate) => load(candidate) === least);
        return roundRobin(group.ServerGroupId, idlest, serverAddress);
      }
      case 'Sch':
        return byHash(clientIp, candidates);
      case 'Uch':
        throw new NotCarriedError('the scheduler Uch');
    }
  }

  return { tuple: (ruleId, tuples) => roundRobin(ruleId, tuples, (tuple) => tuple.ServerGroupId), server };
}

function ensureCarried(group: ServerGroup): void {
  if (group.Protocol === 'GRPC') throw new NotCarriedError('server groups of protocol GRPC');
  if (group.ServerGroupType === 'Fc') throw new NotCarriedError('server groups of type Fc');
  if (group.StickySessionConfig.StickySessionEnabled) throw new NotCarriedError('sticky sessions');
  if (group.SlowStartConfig.SlowStartEnabled) throw new NotCarriedError('slow start');
}

/**
 * Smooth weighted round robin: every choice earns its share of each turn, the one with the most credit gets it and pays
 * one. Credits are shares of a turn and not weights, so that an edit of weights holds from the next turn on, with no
 * debts of old, larger weights. What leaves loses its credit; what comes begins with none.
 */
export function createRoundRobin() {
  const rings = new Map<string, ReadonlyMap<string, number>>();

  return function next<T extends { Weight: number }>(
    ring: string,
    choices: readonly T[],
    keyOf: (choice: T) => string,
  ): T | undefined {
    const live = choices.filter((choice) => choice.Weight > 0);
    const total = live.reduce((sum, choice) => sum + choice.Weight, 0);
    const before = rings.get(ring);
    const credits = new Map(live.map((choice) => [keyOf(choice), before?.get(keyOf(choice)) ?? 0]));
    let chosen: { choice: T; key: string; credit: number } | undefined;
    for (const choice of live) {
      const key = keyOf(choice);
      const credit = (credits.get(key) ?? 0) + choice.Weight / total;
      credits.set(key, credit);
      if (!chosen || credit > chosen.credit) chosen = { choice, key, credit };
    }
    if (chosen) credits.set(chosen.key, chosen.credit - 1);
    rings.set(ring, credits);
    return chosen?.choice;
  };
}

/** Weighted rendezvous hashing: a client stays with its server as long as that one is a candidate. */
function byHash(clientIp: string, servers: readonly Server[]): Server | undefined {
  const score = (server: Server) => -server.Weight / Math.log(unitHash(`${clientIp} ${serverAddress(server)}`));
  return servers.toSorted((a, b) => score(b) - score(a))[0];
}

/** Between 0 and 1, both excluded. */
function unitHash(text: string): number {
  return (createHash('sha1').update(text).digest().readUInt32BE(0) + 0.5) / 2 ** 32;
}
