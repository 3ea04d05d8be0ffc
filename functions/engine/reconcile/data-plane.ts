import { HttpProbe } from '../../../schemas/probe.ts';
import {
  afterRequest,
  type DataPlaneOutcome,
  type DataPlaneRecord,
  isCheckDue,
} from '../../core/gateway/data-plane.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps } from '../../deps.ts';
import { send } from '../observe.ts';

/**
 * Sends one request through a gateway whose traffic has changed since the last request, or whose last request failed,
 * and stores the outcome. Whether a request is due follows from stored data, so that a lost request is sent by the next
 * pass. It never rejects, because its failure must not affect a failover.
 */
export async function checkDataPlane(deps: Deps, fleet: string, gateway: string): Promise<void> {
  const { store, log } = deps;
  try {
    const resource = await store.get('gateway', fleet, gateway);
    if (resource?.spec.dataPlaneCheck === undefined) return;
    const [reading, document] = await Promise.all([
      store.reading(fleet, gateway),
      store.document(fleet, 'data-plane', gateway),
    ]);
    if (reading === undefined || !isCheckDue(resource, reading, document?.body)) return;
    const outcome = await request(deps, resource.spec.dataPlaneCheck);
    const body = afterRequest(resource, reading, outcome, { before: document?.body, nowMs: deps.clock.now() });
    const version = (document?.version ?? 0) + 1;
    // The outcome is ignored, because a concurrent writer has sent a request as well; the next pass sees what is due
    // after that.
    await store.putDocument({ fleet, kind: 'data-plane', id: gateway, version, body, isPending: false });
    log.info('data-plane.checked', { fleet, gateway, outcome: outcome.outcome, detail: outcome.detail });
  } catch (error) {
    log.error('data-plane.failed', { fleet, gateway }, error);
  }
}

/** Reads the outcomes of the last request through each gateway of a fleet, by the name of the gateway. */
export async function readRequests(
  store: Pick<Deps['store'], 'documents'>,
  fleet: string,
): Promise<Map<string, DataPlaneRecord>> {
  const { items } = await store.documents(fleet, 'data-plane', { limit: GATEWAYS });
  return new Map(items.map(({ id, body }) => [id, body]));
}

/**
 * The most records that are read. A fleet has at most forty gateways, but gateways that are no longer declared may have
 * left records.
 */
const GATEWAYS = 200;

type Check = NonNullable<Resource<'gateway'>['spec']['dataPlaneCheck']>;

async function request(deps: Deps, { timeoutSeconds, ...check }: Check): Promise<DataPlaneOutcome> {
  const probe = HttpProbe.parse({ type: 'http', ...check });
  const { outcome, detail, latencyMs } = await send(deps, probe, timeoutSeconds * 1000);
  return { outcome, detail, latencyMs };
}
