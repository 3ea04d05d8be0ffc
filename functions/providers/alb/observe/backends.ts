import * as z from 'zod';
import type { Pool, PoolObject } from '../../../core/model/ir.ts';
import { clustersOf, type EndpointHealth, together } from '../../backends.ts';
import type { BackendHealth } from '../../provider.ts';
import { awaitAll } from '../../shared.ts';
import { type AlbSession, list } from '../calls.ts';
import { KEY_TAG, tagOf, tagValue } from '../compile/marks.ts';
import { listOwnGroups } from './lists.ts';

/** The most rules that a page of this list contains (ALB OpenAPI 2020-06-16). */
const PAGE_SIZE = 30;

const GroupHealth = z.object({
  ServerGroupId: z.string(),
  HealthCheckEnabled: z.string().default('off'),
  NonNormalServers: z.array(z.object({ ServerId: z.string(), Port: z.int(), Status: z.string() })).default([]),
});
type GroupHealth = z.infer<typeof GroupHealth>;

const Parts = z.array(z.object({ ServerGroupInfos: z.array(GroupHealth).default([]) })).default([]);

const Page = z
  .object({ ListenerHealthStatus: Parts, RuleHealthStatus: Parts, NextToken: z.string().optional() })
  .transform(({ ListenerHealthStatus, RuleHealthStatus, NextToken }) => ({
    items: [...ListenerHealthStatus, ...RuleHealthStatus].flatMap((part) => part.ServerGroupInfos),
    nextToken: NextToken,
  }));

/**
 * Returns the health of clusters. This takes one call for each listener and 30 of its rules, and one more for our
 * groups where the ids of some are not known. The answer names the servers that are not healthy; all others of a group
 * with health checks are healthy. A server of weight 0 is not checked (`Unused`).
 */
export async function backends(session: AlbSession, pools: readonly Pool[]): Promise<BackendHealth> {
  const listeners = session.target.listenerIds.map((ListenerId) =>
    list(session, 'GetListenerHealthStatus', { ListenerId, IncludeRule: true }, Page, PAGE_SIZE),
  );
  const objects = pools.flatMap((pool) => pool.objects ?? []);
  const isKnown = objects.every(({ remoteId }) => remoteId !== undefined);
  const [groups, ...infos] = await awaitAll([isKnown ? [] : listOwnGroups(session), ...listeners]);
  const ids = new Map(groups.map((group) => [tagOf(group, KEY_TAG), group.ServerGroupId]));
  const health = Map.groupBy(infos.flat(), ({ ServerGroupId }) => ServerGroupId);
  const healthOf = ({ key, remoteId = ids.get(tagValue(key)) }: PoolObject) => health.get(remoteId ?? '') ?? [];
  return clustersOf(pools, ({ objects: own = [] }, endpoint) =>
    together(own.flatMap(healthOf).map((group) => serverHealth(group, endpoint))),
  );
}

/** Returns the health of a server. It is `unknown` for one that is being added, removed or not checked yet. */
function serverHealth({ HealthCheckEnabled, NonNormalServers }: GroupHealth, endpoint: string): EndpointHealth {
  if (HealthCheckEnabled !== 'on') return 'unknown';
  const server = NonNormalServers.find(({ ServerId, Port }) => `${ServerId}:${Port}` === endpoint);
  if (server === undefined) return 'ok';
  return server.Status === 'Unhealthy' ? 'fail' : 'unknown';
}
