import { HttpProbe } from '../../../schemas/probe.ts';
import {
  afterRequest,
  type DataPlaneOutcome,
  type DataPlaneRecord,
  isCheckDue,
} from '../../core/gateway/data-plane.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Deps } from '../../deps.ts';
import { withLease } from '../lease.ts';
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
    if (resource?.spec.dataPlaneCheck === undefined || (await dueAt(deps, resource)) === undefined) return;
    // One process sends it: it looks again under the lease, since another one may have sent it just now.
    await withLease(deps, `data-plane/${fleet}/${gateway}`, LEASE_MS, async () => await checkOnce(deps, resource));
  } catch (error) {
    log.error('data-plane.failed', { fleet, gateway }, error);
  }
}

/** Longer than a request may take. */
const LEASE_MS = 15_000;

async function checkOnce(deps: Deps, gateway: Resource<'gateway'>): Promise<void> {
  const { fleet, name, spec } = gateway;
  const due = await dueAt(deps, gateway);
  if (due === undefined || spec.dataPlaneCheck === undefined) return;
  const { reading, document } = due;
  const outcome = await request(deps, spec.dataPlaneCheck);
  const body = afterRequest(gateway, reading, outcome, { before: document?.body, nowMs: deps.clock.now() });
  const version = (document?.version ?? 0) + 1;
  await deps.store.putDocument({ fleet, kind: 'data-plane', id: name, version, body, isPending: false });
  deps.log.info('data-plane.checked', { fleet, gateway: name, outcome: outcome.outcome, detail: outcome.detail });
}

/** Reads what was read of the gateway and what came of the last request; undefined unless another request is to be sent now. */
async function dueAt({ store, clock }: Deps, gateway: Resource<'gateway'>) {
  const { fleet, name } = gateway;
  const [reading, document] = await Promise.all([
    store.reading(fleet, name),
    store.document(fleet, 'data-plane', name),
  ]);
  const isDue = reading !== undefined && isCheckDue(gateway, reading, document?.body, clock.now());
  return isDue ? { reading, document } : undefined;
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
