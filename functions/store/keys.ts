/**
 * The keys of the one table. Every item has a partition key `pk` and a sort key `sk`, and only this file formats them.
 * A log is that of a fleet or, under the name `-`, that of the installation.
 * Names are DNS labels: they never contain `#`, which sorts before all of their characters, so items sort by name.
 *
 * | item                | pk                            | sk                            |
 * |---------------------|-------------------------------|-------------------------------|
 * | fleet               | FLEETS                        | fleet#name                    |
 * | any other resource  | FLEET#fleet                   | kind#name                     |
 * | entry of a route    | ROUTES#fleet#kind#term        | route                         |
 * | entry of a gateway  | GATEWAYS#instance             | fleet#gateway                 |
 * | mark of the entries | ENTRIES                       | complete                      |
 * | revision            | REVISION#fleet#kind#name      | uid#revision                  |
 * | audit event         | AUDIT#log                     | id                            |
 * | head of seals       | SEALS                         | log                           |
 * | seal of audit events| SEAL#log                      | version                       |
 * | outbox row          | OUTBOX                        | fleet#gateway#kind#name       |
 * | waiting operation   | WAITING#fleet#gateway         | kind#name#operation           |
 * | programmed row      | PROGRAMMED#fleet              | kind#name#gateway             |
 * | sync record         | SYNC#fleet                    | gateway                       |
 * | pool                | POOLS#fleet#gateway           | key                           |
 * | baseline            | BASELINE#fleet                | gateway#piece                 |
 * | reading             | READING#fleet                 | gateway#piece                 |
 * | points              | POINTS#fleet                  | gateway#piece                 |
 * | operation           | OPERATION#fleet               | id                            |
 * | outcome             | OUTCOME#fleet                 | operation#gateway             |
 * | hold                | HOLD                          | fleet                         |
 * | write of a manifest | ROLLOUT#fleet                 | operation                     |
 * | batch of steps      | STEPS#fleet#operation         | number                        |
 * | memory entry        | MEMORY#fleet#gateway          | name of the entry             |
 * | lease               | LEASE                         | name                          |
 * | heartbeat           | HEARTBEAT                     | job                           |
 * | health record       | HEALTH#fleet                  | cluster                       |
 * | observation         | OBSERVATION#fleet#cluster     | time#version                  |
 * | traffic             | TRAFFIC                       | fleet                         |
 * | allocation          | ALLOCATION#fleet              | version#decision#part         |
 * | decision            | DECISION#fleet                | id                            |
 * | inputs              | INPUTS#fleet                  | decision#part                 |
 * | document            | DOCUMENT#fleet#kind           | id                            |
 * | pending document    | PENDING#kind                  | id#fleet                      |
 * | budget              | BUDGET#set#product#region     | action                        |
 * | keyed request       | KEYED#id                      | request                       |
 */

import { encodeTime } from 'ulid';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { instanceOf, type Kind, type Ref, type Resource } from '../core/model/resource.ts';
import type { Term } from '../core/routing/terms.ts';
import type { BudgetScope, DocumentKind, Job, OutboxRow, Span, StoredDocument, WaitingOperation } from '../deps.ts';

export interface Key {
  pk: string;
  sk: string;
}

/** The items of one partition whose sort keys lie in [from, to]. */
export interface Range {
  pk: string;
  from: string;
  to: string;
}

/** Returns the range of a whole partition. Sort keys are printable ASCII, and none starts with a tilde. */
const whole = (pk: string): Range => ({ pk, from: ' ', to: '~' });

/** Returns the range of the sort keys that start with `prefix` and a separator: `$` follows `#` in ASCII. */
const under = (pk: string, prefix: string): Range => ({ pk, from: `${prefix}#`, to: `${prefix}$` });

/** Returns a count with twelve digits, so that revisions and versions sort as numbers. */
const padded = (count: number): string => String(count).padStart(12, '0');

const resourcePartition = (kind: Kind, fleet: string) => (kind === 'fleet' ? 'FLEETS' : `FLEET#${fleet}`);

export const resourceKey = ({ kind, fleet, name }: Ref): Key => ({
  pk: resourcePartition(kind, fleet),
  sk: `${kind}#${name}`,
});

export const resourcesOf = (kind: Kind, fleet: string): Range => under(resourcePartition(kind, fleet), kind);

/** Returns the range of the entries of a fleet's routes under a term. */
export const routeEntriesOf = (fleet: string, { kind, name }: Term): Range => whole(`ROUTES#${fleet}#${kind}#${name}`);

export const routeEntryKey = (fleet: string, term: Term, route: string): Key => ({
  pk: routeEntriesOf(fleet, term).pk,
  sk: route,
});

/** Returns the range of the entries of the gateways, of all fleets, at the instance. */
export const gatewayEntriesOf = (target: GatewayTarget): Range =>
  whole(`GATEWAYS#${Object.values(instanceOf(target)).join('#')}`);

export const gatewayEntryKey = (target: GatewayTarget, { fleet, name }: Pick<Ref, 'fleet' | 'name'>): Key => ({
  pk: gatewayEntriesOf(target).pk,
  sk: `${fleet}#${name}`,
});

export function refOfGatewayEntry({ sk }: Key): Ref {
  const [fleet = '', name = ''] = sk.split('#');
  return { kind: 'gateway', fleet, name };
}

/** The key of the mark that every route and gateway has its entries. */
export const lookupMarkKey: Key = { pk: 'ENTRIES', sk: 'complete' };

const revisionPartition = ({ fleet, kind, name }: Ref) => `REVISION#${fleet}#${kind}#${name}`;

export const revisionKey = (ref: Ref & Pick<Resource, 'uid'>, revision: number): Key => ({
  pk: revisionPartition(ref),
  sk: `${ref.uid}#${padded(revision)}`,
});

/**
 * Returns the range of the revisions of every resource that has had the name. Those of one resource stand together, the
 * oldest resource first, because uids of a kind sort by time.
 */
export const revisionsOf = (ref: Ref): Range => whole(revisionPartition(ref));

/** Returns the uid of a revision, by the key of the revision. */
export const uidOf = ({ sk }: Key): string => sk.split('#')[0] ?? '';

export const auditKey = (fleet: string, id: string): Key => ({ pk: `AUDIT#${fleet}`, sk: id });

/**
 * Returns the range of the items of a span of time, whose sort keys are a prefix and a ULID. The ULID of a record may be made a
 * moment before or after the time that the record states, so the range extends a minute further on either side.
 */
const madeIn = (pk: string, prefix: string, { fromMs = 0, toMs = MAX_MS }: Span = {}): Range => ({
  pk,
  from: `${prefix}_${encodeTime(within(fromMs - 60_000))}`,
  to: `${prefix}_${encodeTime(within(toMs + 60_000))}~`,
});

export const auditsOf = (fleet: string, span?: Span): Range => madeIn(`AUDIT#${fleet}`, 'aud', span);

/** Returns the range of the audit events with the ids in (after, through], when `after` is left out of it. */
export const auditsBetween = (log: string, after: string, through: string): Range => ({
  pk: `AUDIT#${log}`,
  from: after === '' ? ' ' : after,
  to: through,
});

export const sealHeadKey = (log: string): Key => ({ pk: 'SEALS', sk: log });

export const allSealHeads = (): Range => whole('SEALS');

export const sealKey = (log: string, version: number): Key => ({ pk: `SEAL#${log}`, sk: padded(version) });

export const sealsOf = (log: string): Range => whole(`SEAL#${log}`);

/** The last time that a ULID can contain. */
const MAX_MS = 2 ** 48 - 1;

const within = (ms: number): number => Math.min(Math.max(ms, 0), MAX_MS);

type RowRef = Pick<OutboxRow, 'fleet' | 'gateway' | 'kind' | 'name'>;

export const outboxKey = ({ fleet, gateway, kind, name }: RowRef): Key => ({
  pk: 'OUTBOX',
  sk: `${fleet}#${gateway}#${kind}#${name}`,
});

/**
 * Returns the range of the rows of a gateway, of a fleet, or of all fleets. Throws a `TypeError` for a gateway without
 * its fleet.
 */
export function outboxOf({ fleet, gateway }: { fleet?: string; gateway?: string }): Range {
  if (fleet === undefined) {
    if (gateway !== undefined) throw new TypeError('The outbox of a gateway needs its fleet.');
    return whole('OUTBOX');
  }
  return under('OUTBOX', gateway === undefined ? fleet : `${fleet}#${gateway}`);
}

/** Returns the range of the rows of a gateway for the resources of a kind whose names lie in [from, to]. */
export const outboxRowsOf = ({ fleet, gateway, kind }: Omit<RowRef, 'name'>, from: string, to: string): Range => ({
  pk: 'OUTBOX',
  from: `${fleet}#${gateway}#${kind}#${from}`,
  to: `${fleet}#${gateway}#${kind}#${to}`,
});

/** Returns the gateway of an outbox row, by the key of the row. */
export function gatewayOfRow({ sk }: Key): { fleet: string; gateway: string } {
  const [fleet = '', gateway = ''] = sk.split('#');
  return { fleet, gateway };
}

const waitingPartition = ({ fleet, gateway }: Pick<RowRef, 'fleet' | 'gateway'>) => `WAITING#${fleet}#${gateway}`;

export const waitingKey = (waiting: WaitingOperation): Key => ({
  pk: waitingPartition(waiting),
  sk: `${waiting.kind}#${waiting.name}#${waiting.operation}`,
});

/** Returns the range of the operations that wait for these rows of one gateway, and for the rows between them. */
export function waitingFor(first: RowRef, ...others: RowRef[]): Range {
  const resources = [first, ...others].map(({ kind, name }) => `${kind}#${name}`).sort();
  return { pk: waitingPartition(first), from: `${resources[0]}#`, to: `${resources.at(-1)}$` };
}

/** Returns the range of the rows of the gateways after this one, or of all gateways without an argument. */
export const outboxBehind = (last?: Pick<RowRef, 'fleet' | 'gateway'>): Range => ({
  ...whole('OUTBOX'),
  ...(last && { from: `${last.fleet}#${last.gateway}$` }),
});

export const programmedKey = ({ fleet, gateway, kind, name }: RowRef): Key => ({
  pk: `PROGRAMMED#${fleet}`,
  sk: `${kind}#${name}#${gateway}`,
});

/** Returns the range of the rows of the resources whose names lie in [from, to], at every gateway. */
export const programmedOf = (fleet: string, kind: Kind, from: string, to: string): Range => ({
  pk: `PROGRAMMED#${fleet}`,
  from: `${kind}#${from}#`,
  to: `${kind}#${to}$`,
});

/** Returns the range of the rows of every resource of the fleet, at every gateway. */
export const programmedIn = (fleet: string): Range => whole(`PROGRAMMED#${fleet}`);

/** Returns the name of the resource of a programmed row, by the key of the row. */
export const resourceNameOf = ({ sk }: Key): string | undefined => sk.split('#')[1];

/** Returns the gateway of a programmed row, by the key of the row. */
export const gatewayOf = ({ sk }: Key): string | undefined => sk.split('#')[2];

export const syncKey = (fleet: string, gateway: string): Key => ({ pk: `SYNC#${fleet}`, sk: gateway });

export const syncsOf = (fleet: string): Range => whole(`SYNC#${fleet}`);

export const poolKey = (fleet: string, gateway: string, key: string): Key => ({
  pk: `POOLS#${fleet}#${gateway}`,
  sk: key,
});

export const poolsOf = (fleet: string, gateway: string): Range => whole(`POOLS#${fleet}#${gateway}`);

/** The records of a gateway that are kept in pieces. */
export const PIECED = ['BASELINE', 'READING', 'POINTS'] as const;
export type Pieced = (typeof PIECED)[number];

export const pieceKey = (what: Pieced, fleet: string, gateway: string, piece: number): Key => ({
  pk: `${what}#${fleet}`,
  sk: `${gateway}#${String(piece).padStart(4, '0')}`,
});

export const piecesOf = (what: Pieced, fleet: string, gateway: string): Range => under(`${what}#${fleet}`, gateway);

export const allPiecesOf = (what: Pieced, fleet: string): Range => whole(`${what}#${fleet}`);

/** Returns the gateway of a piece, by the key of the piece. */
export const ownerOfPiece = ({ sk }: Key): string => sk.split('#')[0] ?? '';

/** Returns the key of a baseline that was written before baselines had pieces. */
export const baselineKey = (fleet: string, gateway: string): Key => ({ pk: `BASELINE#${fleet}`, sk: gateway });

export const operationKey = (fleet: string, id: string): Key => ({ pk: `OPERATION#${fleet}`, sk: id });

export const operationsOf = (fleet: string, span?: Span): Range =>
  span ? madeIn(`OPERATION#${fleet}`, 'opn', span) : whole(`OPERATION#${fleet}`);

export const outcomeKey = (fleet: string, operation: string, gateway: string): Key => ({
  pk: `OUTCOME#${fleet}`,
  sk: `${operation}#${gateway}`,
});

/** Returns the range of the outcomes of the operations whose ids lie in [from, to], at every gateway. */
export const outcomesOf = (fleet: string, from: string, to: string): Range => ({
  pk: `OUTCOME#${fleet}`,
  from: `${from}#`,
  to: `${to}$`,
});

export const holdKey = (fleet: string): Key => ({ pk: 'HOLD', sk: fleet });

export const allHolds = (): Range => whole('HOLD');

export const manifestWriteKey = (fleet: string, operation: string): Key => ({ pk: `ROLLOUT#${fleet}`, sk: operation });

/** Returns the range of the writes of manifests by the operations whose ids lie in [from, to]. */
export const manifestWritesOf = (fleet: string, from: string, to: string): Range => ({
  pk: `ROLLOUT#${fleet}`,
  from,
  to,
});

export const stepsKey = (fleet: string, operation: string, batch: number): Key => ({
  pk: `STEPS#${fleet}#${operation}`,
  sk: padded(batch),
});

export const memoryKey = (fleet: string, gateway: string, name: string): Key => ({
  pk: `MEMORY#${fleet}#${gateway}`,
  sk: name,
});

export const memoryOf = (fleet: string, gateway: string): Range => whole(`MEMORY#${fleet}#${gateway}`);

export const leaseKey = (name: string): Key => ({ pk: 'LEASE', sk: name });

export const heartbeatKey = (job: Job): Key => ({ pk: 'HEARTBEAT', sk: job });

export const allHeartbeats = (): Range => whole('HEARTBEAT');

export const healthKey = (fleet: string, cluster: string): Key => ({ pk: `HEALTH#${fleet}`, sk: cluster });

/** Returns the range of the health records of the clusters whose names lie in [from, to], or of all clusters. */
export const healthOf = (fleet: string, names: { from?: string; to?: string } = {}): Range => ({
  ...whole(`HEALTH#${fleet}`),
  ...names,
});

export const observationKey = (fleet: string, cluster: string, observedAtMs: number, version: number): Key => ({
  pk: `OBSERVATION#${fleet}#${cluster}`,
  sk: `${new Date(observedAtMs).toISOString()}#${padded(version)}`,
});

/** Returns the range of the observations of a cluster, or of those that were made in a span of time. */
export const observationsOf = (fleet: string, cluster: string, { fromMs, toMs }: Span = {}): Range => ({
  ...whole(`OBSERVATION#${fleet}#${cluster}`),
  ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
  ...(toMs !== undefined && { to: `${new Date(toMs).toISOString()}~` }),
});

export const trafficKey = (fleet: string): Key => ({ pk: 'TRAFFIC', sk: fleet });

/** Returns the key of a part of the backends of a traffic state that has too many of them for one item. */
export const allocationKey = (fleet: string, version: number, decision: string, part: number): Key => ({
  pk: `ALLOCATION#${fleet}`,
  sk: `${padded(version)}#${decision}#${padded(part)}`,
});

export const allocationOf = (fleet: string, version: number, decision: string): Range =>
  under(`ALLOCATION#${fleet}`, `${padded(version)}#${decision}`);

/** Returns the range of all parts of the states before a version. */
export const allocationsBefore = (fleet: string, version: number): Range => ({
  pk: `ALLOCATION#${fleet}`,
  from: ' ',
  to: padded(version),
});

export const decisionKey = (fleet: string, id: string): Key => ({ pk: `DECISION#${fleet}`, sk: id });

export const decisionsOf = (fleet: string, span?: Span): Range =>
  span ? madeIn(`DECISION#${fleet}`, 'dec', span) : whole(`DECISION#${fleet}`);

/** Returns the key of a part of the inputs of a decision. */
export const inputsKey = (fleet: string, decision: string, part: number): Key => ({
  pk: `INPUTS#${fleet}`,
  sk: `${decision}#${padded(part)}`,
});

export const inputsOf = (fleet: string, decision: string): Range => under(`INPUTS#${fleet}`, decision);

type DocumentRef = Pick<StoredDocument, 'fleet' | 'kind' | 'id'>;

export const documentKey = ({ fleet, kind, id }: DocumentRef): Key => ({ pk: `DOCUMENT#${fleet}#${kind}`, sk: id });

export const documentsOf = (fleet: string, kind: DocumentKind): Range => whole(`DOCUMENT#${fleet}#${kind}`);

/**
 * Returns the range of the pending documents of a kind, of every fleet, in the order of their ids, so that the oldest
 * ULID comes first.
 */
export const pendingOf = (kind: DocumentKind): Range => whole(`PENDING#${kind}`);

export const pendingKey = ({ fleet, kind, id }: DocumentRef): Key => ({ pk: `PENDING#${kind}`, sk: `${id}#${fleet}` });

export const budgetKey = ({ credentials, product, regionId, action }: BudgetScope): Key => ({
  pk: `BUDGET#${credentials}#${product}#${regionId}`,
  sk: action,
});

/** Every keyed request has a partition of its own, because its id is a digest. */
export const keyedRequestKey = (id: string): Key => ({ pk: `KEYED#${id}`, sk: 'request' });
