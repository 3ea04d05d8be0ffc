import { type Check, createHealthChecker } from '../../data-plane/health-checker.ts';
import type { CloudState, HealthCheckConfig, Listener, Server, ServerHealth } from '../model.ts';
import { isInService, referencedGroups, serverAddress } from './select.ts';

export interface ServerHealthChecks {
  health(serverGroupId: string, server: Server): ServerHealth;
  sync(): void;
  close(): void;
}

/**
 * Creates ALB's own active health checks. They are made per group, for the servers in service of the groups that the
 * serving listeners refer to.
 */
export function createServerHealthChecks(state: CloudState, servingListeners: () => Listener[]): ServerHealthChecks {
  const checker = createHealthChecker(() => {
    const checks = new Map<string, Check>();
    const groups = new Set(servingListeners().flatMap((listener) => [...referencedGroups(state, listener)]));
    for (const serverGroupId of groups) {
      const group = state.serverGroups.get(serverGroupId);
      if (!group?.HealthCheckConfig.HealthCheckEnabled) continue;
      for (const server of group.Servers.filter(isInService)) {
        checks.set(keyOf(serverGroupId, server), checkOf(group.HealthCheckConfig, server));
      }
    }
    return checks;
  });

  function health(serverGroupId: string, server: Server): ServerHealth {
    if (server.Weight === 0) return { status: 'Unused' };
    const group = state.serverGroups.get(serverGroupId);
    if (!group?.HealthCheckConfig.HealthCheckEnabled) return { status: 'Unavailable' };
    return checker.verdict(keyOf(serverGroupId, server));
  }

  return { health, sync: checker.sync, close: checker.close };
}

function keyOf(serverGroupId: string, server: Server): string {
  return `${serverGroupId}/${serverAddress(server)}`;
}

/**
 * Returns the check that a configuration describes (ALB OpenAPI 2020-06-16, HealthCheckConfig). Assumed: the timeout
 * spans connection and answer; a gRPC check is a TCP check; HealthCheckHttpVersion makes no difference (always
 * HTTP/1.1).
 */
function checkOf(config: HealthCheckConfig, server: Server): Check {
  const { HealthCheckProtocol: protocol, HealthCheckCodes: codes } = config;
  const host = server.ServerIp || server.ServerId;
  return {
    probe: {
      protocol: protocol === 'HTTP' || protocol === 'HTTPS' ? protocol : 'TCP',
      host,
      port: config.HealthCheckConnectPort || server.Port,
      timeoutMs: config.HealthCheckTimeout * 1000,
      http: {
        method: config.HealthCheckMethod,
        path: config.HealthCheckPath || '/',
        host: config.HealthCheckHost || host,
        expects: (status) => codes.some((code) => code.toLowerCase() === `http_${Math.floor(status / 100)}xx`),
      },
    },
    intervalMs: config.HealthCheckInterval * 1000,
    healthyThreshold: config.HealthyThreshold,
    unhealthyThreshold: config.UnhealthyThreshold,
  };
}
