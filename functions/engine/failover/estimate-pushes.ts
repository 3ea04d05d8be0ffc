import type { PlannedCall } from '../../../schemas/plan.ts';
import type { Traffic } from '../../core/failover/traffic.ts';
import { plan } from '../../core/gateway/plan.ts';
import type { ProviderObject } from '../../core/gateway/provider-object.ts';
import { rateOf } from '../../core/gateway/rates.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps } from '../../deps.ts';
import { areMatched, type GatewayContext, readContext } from '../reconcile/context.ts';
import { desiredObjects, planReconcile } from '../reconcile/reconcile-plan.ts';
import { readSession } from '../reconcile/session.ts';

/** The expected cost of a sequence of pushes to a gateway. */
export interface PushEstimate {
  /** The number of calls and the duration of each push that has anything to do. */
  pushes: { calls: number; seconds: number }[];
}

/** The assumed duration of one call with its job, in seconds, at a cloud that works well. */
export const CALL_SECONDS = 1;

/**
 * Predicts the calls that a gateway needs to go from each state of traffic to the next. The gateway is read once, and
 * nothing is written or remembered. Returns undefined while the gateway has no instance yet. Throws CloudErrors.
 */
export async function estimatePushes(
  deps: Deps,
  resource: Resource<'gateway'>,
  states: readonly Traffic[],
): Promise<PushEstimate | undefined> {
  const record = await deps.store.sync(resource.fleet, resource.name);
  const target = resource.spec.target ?? record?.provisioned;
  if (target === undefined) return undefined;
  const { memory, ...opened } = readSession(deps, resource);
  const session = { ...opened, target, memory: { recall: memory.recall, remember: async () => undefined } };
  const scope = areMatched(await deps.store.pools(resource.fleet, resource.name)) ? 'pools' : 'full';
  const context = await readContext(deps.store, resource, session, { scope, isAsked: false });
  const observed = await context.provider.observe(session, scope, context.known);
  const { config } = planReconcile(context, observed, deps.clock.now());
  const ids = new Map(observed.objects.map((object) => [object.key, object.remoteId]));
  const objectsIn = (traffic: Traffic) =>
    desiredObjects({ ...context, traffic }, config, observed).map((object) => known(object, ids));
  const steps = states.map(objectsIn);
  const pushes = steps.slice(1).flatMap((after, index) => {
    const objects = steps[index] ?? [];
    const { changes } = plan(after, objects, resource.spec.policy, 'update');
    const calls = context.provider.calls(changes, { ...observed, objects }, session);
    return calls.length === 0 ? [] : [{ calls: calls.length, seconds: secondsOf(calls, context) }];
  });
  return { pushes };
}

function known(object: ProviderObject, ids: ReadonlyMap<string, string | undefined>): ProviderObject {
  const remoteId = ids.get(object.key);
  return remoteId === undefined ? object : { ...object, remoteId };
}

/**
 * Returns how many seconds the calls take. A failover may use a whole rate budget at once and again in each further
 * window, so the budget that needs the most windows determines the wait.
 */
function secondsOf(calls: readonly PlannedCall[], { session, resource }: GatewayContext): number {
  const { provider: product, regionId } = session.target;
  const { credentials } = resource.spec;
  const budgets = Map.groupBy(calls, ({ action }) => rateOf({ product, regionId, credentials, action }).scope.action);
  const waits = [...budgets.values()].map((counted) => {
    const [first] = counted;
    if (first === undefined) return 0;
    const { rate } = rateOf({ product, regionId, credentials, action: first.action });
    return (Math.ceil(counted.length / rate.calls) - 1) * (rate.windowMs / 1000);
  });
  return Math.max(0, ...waits) + calls.length * CALL_SECONDS;
}
