import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudState, HealthCheckConfig, Listener, Server, ServerHealth } from '../model.ts';
import { type ProbeResult, probe } from './probe.ts';
import { isInService, referencedGroups, serverAddress } from './select.ts';

export interface HealthChecker {
  health(serverGroupId: string, server: Server): ServerHealth;
  /** Starts and stops checks so that they are those of the servers in service of the groups that are referred to. */
  sync(): void;
  close(): void;
}

/** A server of a group under check. */
interface Target {
  server: Server;
  health: ServerHealth;
  consecutiveSuccesses: number;
  consecutiveFailures: number;
  stop: AbortController;
}

/**
 * ALB's own active health checks. Each server is checked per group, the first time at once and then HealthCheckInterval
 * after the last check has ended.
 */
export function createHealthChecker(state: CloudState, servingListeners: () => Listener[]): HealthChecker {
  const targets = new Map<string, Target>();

  function wanted(): Map<string, { serverGroupId: string; server: Server }> {
    const servers = new Map<string, { serverGroupId: string; server: Server }>();
    const groups = new Set(servingListeners().flatMap((listener) => [...referencedGroups(state, listener)]));
    for (const serverGroupId of groups) {
      const group = state.serverGroups.get(serverGroupId);
      if (!group?.HealthCheckConfig.HealthCheckEnabled) continue;
      for (const server of group.Servers.filter(isInService)) {
        servers.set(targetKey(serverGroupId, server), { serverGroupId, server });
      }
    }
    return servers;
  }

  function sync(): void {
    const servers = wanted();
    for (const [key, target] of targets) {
      if (servers.has(key)) continue;
      target.stop.abort();
      targets.delete(key);
    }
    for (const [key, { serverGroupId, server }] of servers) {
      if (targets.has(key)) continue;
      const target = newTarget(server);
      targets.set(key, target);
      void watch(serverGroupId, target);
    }
  }

  async function watch(serverGroupId: string, target: Target): Promise<void> {
    const { signal } = target.stop;
    while (!signal.aborted) {
      // Read anew each time: an edit of the configuration holds from the next check on.
      const config = state.serverGroups.get(serverGroupId)?.HealthCheckConfig;
      if (!config) return;
      const result = await probe(config, target.server, signal);
      if (signal.aborted) return;
      record(target, result, config);
      await sleep(config.HealthCheckInterval * 1000, undefined, { ref: false, signal }).catch(() => undefined);
    }
  }

  function health(serverGroupId: string, server: Server): ServerHealth {
    if (server.Weight === 0) return { status: 'Unused' };
    const group = state.serverGroups.get(serverGroupId);
    if (!group?.HealthCheckConfig.HealthCheckEnabled) return { status: 'Unavailable' };
    return targets.get(targetKey(serverGroupId, server))?.health ?? { status: 'Initial' };
  }

  function close(): void {
    for (const target of targets.values()) target.stop.abort();
    targets.clear();
  }

  return { health, sync, close };
}

function targetKey(serverGroupId: string, server: Server): string {
  return `${serverGroupId}/${serverAddress(server)}`;
}

function newTarget(server: Server): Target {
  return {
    server,
    health: { status: 'Initial' },
    consecutiveSuccesses: 0,
    consecutiveFailures: 0,
    stop: new AbortController(),
  };
}

/** Assumed: a server stays Initial, and gets requests, until one of the thresholds is reached. */
function record(target: Target, result: ProbeResult, config: HealthCheckConfig): void {
  target.consecutiveSuccesses = result.ok ? target.consecutiveSuccesses + 1 : 0;
  target.consecutiveFailures = result.ok ? 0 : target.consecutiveFailures + 1;
  if (target.consecutiveSuccesses >= config.HealthyThreshold) {
    target.health = { status: 'Healthy' };
  } else if (!result.ok && target.consecutiveFailures >= config.UnhealthyThreshold) {
    const { reason, actualResponse } = result;
    target.health = { status: 'Unhealthy', reason, ...(actualResponse !== undefined && { actualResponse }) };
  }
}
