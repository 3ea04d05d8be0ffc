import type { ClientRequest } from 'node:http';
import type { CloudState, Server, ServerGroup } from '../model.ts';
import { serverAddress } from './select.ts';

interface Entry {
  serverGroupId: string;
  address: string;
  upstream: ClientRequest;
  /** When the server was first seen to be gone from its group. */
  removedAtMs?: number;
}

export interface InFlight {
  add(group: ServerGroup, server: Server, upstream: ClientRequest): void;
  count(group: ServerGroup, server: Server): number;
  /** Cuts requests to servers that were removed longer than the group's ConnectionDrainTimeout ago. */
  cutDrained(state: CloudState, nowMs: number): void;
}

/**
 * The requests that backends work on. A request outlives the weight and the membership of its server; only where
 * connection draining is enabled its time is limited. Assumed for the case that it is disabled, in which ALB may cut.
 */
export function createInFlight(): InFlight {
  const entries = new Set<Entry>();

  function add(group: ServerGroup, server: Server, upstream: ClientRequest): void {
    const entry = { serverGroupId: group.ServerGroupId, address: serverAddress(server), upstream };
    entries.add(entry);
    upstream.once('close', () => entries.delete(entry));
  }

  function count(group: ServerGroup, server: Server): number {
    const address = serverAddress(server);
    return [...entries].filter((entry) => entry.serverGroupId === group.ServerGroupId && entry.address === address)
      .length;
  }

  function cutDrained(state: CloudState, nowMs: number): void {
    for (const entry of entries) {
      const group = state.serverGroups.get(entry.serverGroupId);
      if (!group || group.Servers.some((server) => serverAddress(server) === entry.address)) continue;
      entry.removedAtMs ??= nowMs;
      const { ConnectionDrainEnabled, ConnectionDrainTimeout } = group.ConnectionDrainConfig;
      if (ConnectionDrainEnabled && nowMs - entry.removedAtMs >= ConnectionDrainTimeout * 1000) {
        entry.upstream.destroy(new Error('the server was removed'));
      }
    }
  }

  return { add, count, cutDrained };
}
