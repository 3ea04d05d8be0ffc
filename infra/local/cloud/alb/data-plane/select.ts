import { chooseByHash, createRoundRobin } from '../../data-plane/balancing.ts';
import { NotCarriedError } from '../../data-plane/not-carried.ts';
import type { ProxyRequest } from '../../data-plane/request.ts';
import { groupsOfRule } from '../context.ts';
import type { CloudState, Listener, Rule, Server, ServerGroup, ServerGroupTuple } from '../model.ts';
import { matches } from './matcher.ts';
import { boundServer } from './sticky.ts';

/**
 * Returns the rule of the listener that a request meets first, by ascending priority, or undefined when the default
 * action applies.
 */
export function selectRule(state: CloudState, listenerId: string, request: ProxyRequest): Rule | undefined {
  const rules = rulesInForce(state, listenerId);
  if (rules.some((rule) => rule.Direction === 'Response')) throw new NotCarriedError('rules of direction Response');
  return rules.toSorted((a, b) => a.Priority - b.Priority).find((rule) => matches(rule.RuleConditions, request));
}

/**
 * Returns the ids of the server groups that a listener may send requests or copies to; only these groups are probed.
 */
export function referencedGroups(state: CloudState, listener: Listener): Set<string> {
  return new Set([listener.DefaultServerGroupId, ...rulesInForce(state, listener.ListenerId).flatMap(groupsOfRule)]);
}

/**
 * Returns the rules in force. A rule in Provisioning is not in force yet; one in Configuring is in force with its
 * previous configuration.
 */
function rulesInForce(state: CloudState, listenerId: string): Rule[] {
  return [...state.rules.values()].filter(
    (rule) => rule.ListenerId === listenerId && (rule.RuleStatus === 'Available' || rule.RuleStatus === 'Configuring'),
  );
}

/** Tells whether a server gets requests and is probed. */
export function isInService(server: Server): boolean {
  return server.Weight > 0 && (server.Status === 'Available' || server.Status === 'Configuring');
}

/** Returns host and port of a server, which identify it within its group. */
export function serverAddress(server: Server): string {
  return `${server.ServerIp || server.ServerId}:${server.Port}`;
}

export interface Balancer {
  /** Chooses a tuple by the weights, regardless of the health of the groups: a request never moves to another tuple. */
  tuple(ruleId: string, tuples: readonly ServerGroupTuple[]): ServerGroupTuple | undefined;
  /**
   * Chooses among the healthy servers, or among all when none is healthy: the one that the session is bound to, or else
   * one by the group's algorithm. Returns undefined when no server has a weight.
   */
  server(group: ServerGroup, request: ProxyRequest): Server | undefined;
}

/** Creates the selection of groups and servers, with the memory of round robin between requests. */
export function createBalancer(
  isHealthy: (group: ServerGroup, server: Server) => boolean,
  activeRequests: (group: ServerGroup, server: Server) => number,
): Balancer {
  const roundRobin = createRoundRobin();

  function server(group: ServerGroup, request: ProxyRequest): Server | undefined {
    ensureCarried(group);
    const inService = group.Servers.filter(isInService);
    const healthy = inService.filter((candidate) => isHealthy(group, candidate));
    const candidates = healthy.length > 0 ? healthy : inService;
    const bound = boundServer(group, request, candidates);
    return bound ?? scheduled(group, request, candidates);
  }

  function scheduled(group: ServerGroup, request: ProxyRequest, candidates: readonly Server[]): Server | undefined {
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
        return chooseByHash(request.clientIp, candidates, serverAddress);
      case 'Uch':
        throw new NotCarriedError('the scheduler Uch');
    }
  }

  return { tuple: (ruleId, tuples) => roundRobin(ruleId, tuples, (tuple) => tuple.ServerGroupId), server };
}

function ensureCarried(group: ServerGroup): void {
  if (group.Protocol === 'GRPC') throw new NotCarriedError('server groups of protocol GRPC');
  if (group.ServerGroupType === 'Fc') throw new NotCarriedError('server groups of type Fc');
  if (group.SlowStartConfig.SlowStartEnabled) throw new NotCarriedError('slow start');
}
