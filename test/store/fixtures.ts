import { encodeTime, monotonicFactory } from 'ulid';
import { expect } from 'vitest';
import { freshStateOf, NO_TRAFFIC, type Traffic } from '../../functions/core/failover/traffic.ts';
import { unknownHealth } from '../../functions/core/health/record.ts';
import type { Pool } from '../../functions/core/model/ir.ts';
import type { Kind, Ref, Resource, Specs } from '../../functions/core/model/resource.ts';
import type {
  Commit,
  HealthUpdate,
  Lease,
  OutboxRow,
  Page,
  PageRequest,
  Recording,
  Store,
  SyncRecord,
} from '../../functions/deps.ts';
import type { AuditEvent } from '../../schemas/audit.ts';
import { ClusterInput, type Observation } from '../../schemas/cluster.ts';
import type { Decision } from '../../schemas/decision.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { GatewayInput } from '../../schemas/gateway.ts';
import { RouteInput } from '../../schemas/route.ts';
import { ServiceInput } from '../../schemas/service.ts';

export interface Opened {
  store: Store;
  close(): Promise<void>;
}

export type Open = () => Promise<Opened>;

/** Sorted by time even within one millisecond. */
const ulid = monotonicFactory();

export const FLEET = 'prod';
export const NOW_MS = Date.parse('2026-11-23T07:00:00.000Z');
export const NOW = new Date(NOW_MS).toISOString();

/** The time of day so many seconds after NOW. */
export const secondsLater = (seconds: number): string => new Date(NOW_MS + seconds * 1000).toISOString();

function resource<K extends Kind>(kind: K, name: string, spec: Specs[K]): Resource<K> {
  const fleet = kind === 'fleet' ? name : FLEET;
  return { kind, fleet, name, uid: ulid(), revision: 1, createdAt: NOW, updatedAt: NOW, spec };
}

export const fleet = (name: string = FLEET) => resource('fleet', name, FleetInput.parse({}));

export const service = (name: string) =>
  resource('service', name, ServiceInput.parse({ ports: [{ name: 'http', port: 80 }] }));

/** A service of some 200 KB. */
export function wideService(name: string): Resource<'service'> {
  const endpoints = Array.from({ length: 200 }, (_, index) => ({ address: `10.100.100.${index}`, port: 30_080 }));
  const exports = Array.from({ length: 25 }, (_, index) => ({
    cluster: `c-${index}`,
    backend: { type: 'endpoints', endpoints },
  }));
  return resource('service', name, ServiceInput.parse({ ports: [{ name: 'http', port: 80 }], exports }));
}

export const gateway = (name: string) =>
  resource(
    'gateway',
    name,
    GatewayInput.parse({
      target: { provider: 'alb', regionId: 'cn-hangzhou', loadBalancerId: 'alb-1', listenerIds: ['lsn-1'] },
    }),
  );

export const cluster = (name: string) => resource('cluster', name, ClusterInput.parse({ kind: 'kubernetes' }));

export const route = (name: string) =>
  resource(
    'route',
    name,
    RouteInput.parse({ gateways: ['edge'], rules: [{ backendRefs: [{ service: 'shop', port: 80 }] }] }),
  );

export const refTo = ({ kind, fleet: home, name }: Resource): Ref => ({ kind, fleet: home, name });

let audits = 0;

export function audit(target: Ref, before: number, after: number, rest: Partial<AuditEvent> = {}): AuditEvent {
  const at = rest.at ?? NOW;
  audits += 1;
  return {
    id: `aud_${encodeTime(Date.parse(at))}${String(audits).padStart(16, '0')}`,
    at,
    actor: 'ada',
    action: 'test',
    target,
    requestId: 'r-1',
    before,
    after,
    changes: [],
    changeCount: 0,
    ...rest,
  };
}

export function outboxRow(of: Resource, gatewayName: string, requestedAt: string = NOW): OutboxRow {
  const { fleet: home, kind, name, revision } = of;
  return { fleet: home, gateway: gatewayName, kind, name, revision, requestedAt, since: requestedAt, operations: [] };
}

/** A lease of a gateway that nobody else has. */
export async function held(store: Store): Promise<Lease> {
  const lease = await store.acquire(`gateway/${FLEET}/${ulid()}`, 'writer', 60_000, NOW_MS);
  if (lease === undefined) throw new Error('A new lease is free.');
  return lease;
}

type Rest = Partial<Pick<Commit, 'before' | 'references' | 'referenceCount' | 'outbox' | 'audit'>>;

export function creation(created: Resource, rest: Rest = {}): Commit {
  return { resource: created, verb: 'create', references: [], outbox: [], audit: audit(refTo(created), 0, 1), ...rest };
}

/** An edit of `current`, which leaves it with a label of its own. */
export function edit<K extends Kind>(current: Resource<K>, rest: Rest = {}): Commit & { resource: Resource<K> } {
  const revision = current.revision + 1;
  const edited = { ...current, revision, spec: { ...current.spec, labels: { edited: ulid().toLowerCase() } } };
  return {
    resource: edited,
    verb: 'update',
    references: [],
    outbox: [],
    audit: audit(refTo(current), current.revision, revision),
    ...rest,
  };
}

export function deletion(current: Resource, rest: Rest = {}): Commit {
  return {
    resource: current,
    verb: 'delete',
    references: [],
    outbox: [],
    audit: audit(refTo(current), current.revision, 0),
    ...rest,
  };
}

/** Commits what must succeed. */
export async function commitOk(store: Store, ...commits: Commit[]): Promise<void> {
  for (const commit of commits) expect(await store.commit(commit)).toEqual({ result: 'ok' });
}

export const sync = (gatewayName: string, message = ''): SyncRecord => ({
  fleet: FLEET,
  gateway: gatewayName,
  state: 'Verified',
  reason: 'Verified',
  message,
  attempts: 0,
  verifiedAt: NOW,
});

export const pool = (key: string, weight = 100): Pool => ({
  key,
  service: 'shop',
  port: 80,
  protocol: 'HTTP',
  healthCheck: {
    type: 'tcp',
    intervalSeconds: 2,
    timeoutSeconds: 2,
    healthyThreshold: 2,
    unhealthyThreshold: 2,
  },
  pinned: false,
  members: [{ cluster: 'a', weight, tier: 0, endpoints: [{ address: '10.0.0.1', port: 80, remote: false }] }],
});

/** The record of a cluster at a version, with an observation `version` seconds after NOW. */
export function health(cluster: string, version: number, uid = 'u-1'): HealthUpdate & { observation: Observation } {
  const observation: Observation = {
    voter: 'edge',
    observedAt: secondsLater(version),
    outcome: 'ok',
    latencyMs: version,
    detail: '',
  };
  const record = { ...unknownHealth(FLEET, cluster, uid, NOW_MS), version, recent: [observation] };
  return { record, observation };
}

export const decision = (id: string = ulid()): Decision => ({
  id,
  fleet: FLEET,
  decidedAt: NOW,
  automation: 'automatic',
  outcome: 'applied',
  actor: 'automation',
  version: 1,
  changes: [
    {
      cluster: 'a',
      action: 'withdraw',
      reason: 'unhealthy',
      fromPercent: 100,
      toPercent: 0,
      health: { state: 'unhealthy', since: NOW },
      votes: [],
      evidence: [],
    },
  ],
  rules: [],
  flags: [],
  withdrawnBefore: [],
  withdrawnAfter: ['a'],
  inputsDigest: '',
  previousHash: '',
  hash: '',
});

/** The state of a fleet in which these clusters are down. */
export function trafficWithout(version: number, clusters: readonly string[], sinceMs: number = NOW_MS): Traffic {
  const down = { standing: 'down', sinceMs, reason: 'unhealthy', decision: 'd-1', failuresMs: [sinceMs] } as const;
  const limits = clusters.map((cluster) => ({ cluster, percent: 0, limits: [{ reason: 'down' as const, sinceMs }] }));
  return {
    ...NO_TRAFFIC,
    version,
    clusters: clusters.map((cluster) => ({ ...freshStateOf(cluster, ''), ...down, failuresMs: [sinceMs] })),
    allocation: { ...NO_TRAFFIC.allocation, basis: clusters.join(), limits },
  };
}

/** A decision that leads to a version of the traffic state, in which these clusters are down. */
export function recording(version: number, clusters: readonly string[] = [], rest: Partial<Recording> = {}): Recording {
  return {
    fleet: FLEET,
    traffic: trafficWithout(version, clusters),
    decision: decision(),
    inputs: '{}',
    audit: audit({ kind: 'fleet', fleet: FLEET, name: FLEET }, 0, 0),
    outbox: [],
    documents: [],
    ...rest,
  };
}

/** What is on all pages of at most `limit`. */
export async function allItems<T>(list: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const items: T[] = [];
  let token: string | undefined;
  do {
    const page = await list({ limit, token });
    items.push(...page.items);
    token = page.nextToken;
  } while (token !== undefined);
  return items;
}
