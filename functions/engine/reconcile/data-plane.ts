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
 * Sends one request through a gateway whose traffic has changed since the last one, or whose last one failed, and keeps what came of it. What is due
 * follows from what is stored, so that a request that was lost is sent by the next pass. Trouble with it is no trouble of a failover.
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
    // Whoever comes in between has sent a request, too; what is due after that is seen by the next pass.
    await store.putDocument({ fleet, kind: 'data-plane', id: gateway, version, body, isPending: false });
    log.info('data-plane.checked', { fleet, gateway, outcome: outcome.outcome, detail: outcome.detail });
  } catch (error) {
    log.error('data-plane.failed', { fleet, gateway }, error);
  }
}

/** What the last request through each gateway of a fleet has shown, by its name. */
export async function readRequests(
  store: Pick<Deps['store'], 'documents'>,
  fleet: string,
): Promise<Map<string, DataPlaneRecord>> {
  const { items } = await store.documents(fleet, 'data-plane', { limit: GATEWAYS });
  return new Map(items.map(({ id, body }) => [id, body]));
}

/** A fleet has forty gateways at most; those that are not declared any more may have left a record. */
const GATEWAYS = 200;

type Check = NonNullable<Resource<'gateway'>['spec']['dataPlaneCheck']>;

async function request(deps: Deps, { timeoutSeconds, ...check }: Check): Promise<DataPlaneOutcome> {
  const probe = HttpProbe.parse({ type: 'http', ...check });
  const { outcome, detail, latencyMs } = await send(deps, probe, timeoutSeconds * 1000);
  return { outcome, detail, latencyMs };
}
