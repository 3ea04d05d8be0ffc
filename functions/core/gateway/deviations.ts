/** What becomes of each change that it would take to make a gateway as declared. */

import type { DriftPolicy } from '../../../schemas/gateway.ts';
import { diff } from '../model/diff.ts';
import { isoOf, msOf } from '../model/time.ts';
import { type Baseline, causesOf, routesBefore, unaccepted } from './drift.ts';
import type { Change, Plan, ProviderObject, Refusal } from './provider-object.ts';
import {
  type Deviation,
  type DeviationReason,
  type Orphan,
  type Reading,
  type RefusalRecord,
  routesOf,
  shortState,
} from './reading.ts';

/** An object that carries our mark and is not known is deleted when complete reads this far apart have found it. */
export const ORPHAN_CONFIRMED_MS = 600_000;

/** Wait before a refused change is tried again; it doubles each time. */
const RETRY_BASE_MS = 10_000;
const RETRY_CAP_MS = 900_000;

export interface Circumstances {
  baseline: Baseline;
  /** The last reading. */
  last: Reading;
  drift: DriftPolicy;
  /** Nothing is written to the gateway. */
  isObserveOnly: boolean;
  /** Whether what somebody changed at the gateway is to be undone. */
  revertsDrift: boolean;
  /** Whether what the cloud has refused lately is tried again at once. */
  isAsked: boolean;
  nowMs: number;
  /** What speaks against a change: a limit, or the guard. */
  objection(change: Change): Refusal | undefined;
  movesPoints(change: Change): boolean;
  restoresMarks(change: Change): boolean;
  /** Our objects that do not get their requests, with who gets them. */
  shadowed: readonly { object: ProviderObject; by: string }[];
  /** Names of the clusters of which a pool has other points than it shall have. */
  lagging(pool: string): string[];
}

export interface Judged {
  /** What is to be done, in order. */
  push: Change[];
  /** Of these, what overwrites an edit at the gateway. */
  overwriting: Change[];
  /** What would undo somebody's edits. */
  drifted: Change[];
  /** Of these, what is left, and what of that nobody has accepted. */
  left: Change[];
  alarming: Change[];
  /** What is kept back, with what speaks against it. */
  refused: Map<Change, Refusal>;
  orphans: Orphan[];
  orphaned: Change[];
  deviations: Deviation[];
}

/** Sorts the changes of a plan into what is to be done and what is kept back, and says of each object why it is not as declared. */
export function judge(plan: Plan, given: Circumstances): Judged {
  const causes = causesOf(plan, given.baseline);
  const refused = refusedOf(plan, given);
  const orphans = orphansOf(causes.orphaned, given);
  const waits = waitingDeletions(plan.changes, [...refused.keys()], given.baseline);
  const stays = leftAsDrift(causes.declared, causes.drifted, given);
  const orphaned = causes.orphaned.filter((change) => !isConfirmed(change, orphans, given.nowMs));
  const kept = new Set([...refused.keys(), ...waits, ...stays, ...orphaned]);
  const isPushed = (change: Change) => !given.isObserveOnly && !kept.has(change);
  const push = plan.changes.filter(isPushed).map((change) => withReplacements(change, plan, given));
  const left = causes.drifted.filter((change) => stays.has(change));
  const alarming = new Set(unaccepted(left, given.baseline, given.drift));
  const reasonOf = (change: Change): DeviationReason => {
    if (given.isObserveOnly) return 'ObserveOnly';
    if (refused.has(change)) return 'Refused';
    if (waits.has(change)) return 'Waiting';
    if (stays.has(change)) return alarming.has(change) ? 'Drifted' : 'Adopted';
    return 'Pending';
  };
  const open = plan.changes.filter((change) => !orphaned.includes(change));
  return {
    push,
    overwriting: causes.overwriting.filter((change) => !kept.has(change)),
    drifted: causes.drifted,
    left,
    alarming: [...alarming],
    refused,
    orphans,
    orphaned,
    deviations: [
      ...open.map((change) => deviationOf(change, reasonOf(change), given, refused.get(change))),
      ...shadowedDeviations(given),
    ],
  };
}

/** Limits and the guard first; then what the cloud has refused lately, unless it has become another change. */
function refusedOf({ changes }: Plan, given: Circumstances): Map<Change, Refusal> {
  const refused = new Map<Change, Refusal>();
  for (const change of changes) {
    const refusal = given.objection(change) ?? (given.isAsked ? undefined : remembered(change, given));
    if (refusal) refused.set(change, refusal);
  }
  return refused;
}

function remembered(change: Change, { last, nowMs }: Circumstances): Refusal | undefined {
  const refusal = lastRefusal(change, last);
  if (refusal === undefined || refusal.wanted !== wantedOf(change) || msOf(refusal.retryAt) <= nowMs) return undefined;
  const { kind, key } = change;
  return { kind, key, code: refusal.code, detail: refusal.detail };
}

function lastRefusal({ kind, key }: Change, { deviations }: Reading): RefusalRecord | undefined {
  return deviations.find((item) => item.kind === kind && item.key === key)?.refusal;
}

function wantedOf({ after }: Change): string {
  return after === undefined ? '' : shortState(after);
}

/** What serves a route goes on serving while what is to take its place is kept back. */
function waitingDeletions(
  changes: readonly Change[],
  refused: readonly Change[],
  baseline: Baseline,
): ReadonlySet<Change> {
  const lacking = new Set(refused.flatMap(({ verb, after }) => (verb === 'create' ? routesOf(after?.rules) : [])));
  const isReplaced = (change: Change) =>
    change.verb === 'delete' && routesBefore(change, baseline).some((route) => lacking.has(route));
  return new Set(lacking.size === 0 ? [] : changes.filter(isReplaced));
}

/** A deletion knows what takes the place of the object, so that it can be left out when that is refused in the same run. */
function withReplacements(change: Change, { changes }: Plan, { baseline }: Circumstances): Change {
  if (change.verb !== 'delete') return change;
  const routes = new Set(routesBefore(change, baseline));
  if (routes.size === 0) return change;
  const unless = changes
    .filter(({ verb, after }) => verb === 'create' && routesOf(after?.rules).some((route) => routes.has(route)))
    .map(({ key }) => key);
  return unless.length === 0 ? change : { ...change, unless };
}

/** Drift stays, but for lost marks, and for what somebody deleted and something that is pushed may refer to. */
function leftAsDrift(
  declared: readonly Change[],
  drifted: readonly Change[],
  given: Circumstances,
): ReadonlySet<Change> {
  if (given.revertsDrift) return new Set();
  const highest = Math.max(-1, ...declared.filter(({ verb }) => verb !== 'delete').map(({ rank }) => rank));
  const isNeeded = ({ verb, rank }: Change) => verb === 'create' && rank < highest;
  return new Set(drifted.filter((change) => !isNeeded(change) && !given.restoresMarks(change)));
}

/** Those that were found before keep their time. */
function orphansOf(orphaned: readonly Change[], { last, nowMs }: Circumstances): Orphan[] {
  return orphaned.map(({ kind, key, before }) => {
    const known = last.orphans.find((item) => item.kind === kind && item.key === key);
    return { kind, key, remoteId: before?.remoteId ?? '', since: known?.since ?? isoOf(nowMs) };
  });
}

function isConfirmed({ kind, key }: Change, orphans: readonly Orphan[], nowMs: number): boolean {
  const found = orphans.find((item) => item.kind === kind && item.key === key);
  return found !== undefined && nowMs - msOf(found.since) >= ORPHAN_CONFIRMED_MS;
}

/** Fields that are kept of each difference; a plan shows all of them. */
const SHOWN_FIELDS = 5;

/** Why an object is not as declared, since when; a refusal that is repeated waits longer. */
function deviationOf(
  change: Change,
  reason: DeviationReason,
  {
    last,
    nowMs,
    movesPoints,
    baseline,
    lagging,
  }: Pick<Circumstances, 'last' | 'nowMs' | 'movesPoints' | 'baseline' | 'lagging'>,
  refusal?: Refusal,
): Deviation {
  const { verb, kind, key, after, before } = change;
  const pool = after?.pool ?? before?.pool;
  const known = last.deviations.find((item) => item.kind === kind && item.key === key);
  return {
    kind,
    key,
    verb,
    detail: change.reason,
    reason,
    changes: before && after ? diff(before.spec, after.spec).slice(0, SHOWN_FIELDS) : [],
    isPoints: movesPoints(change),
    ...(pool !== undefined && { pool, clusters: lagging(pool) }),
    routes: after === undefined ? routesBefore(change, baseline) : routesOf(after.rules),
    since: known?.reason === reason ? known.since : isoOf(nowMs),
    ...(refusal && { refusal: refusalRecord(change, refusal, known?.refusal, nowMs) }),
  };
}

function refusalRecord(
  change: Change,
  { code, detail }: Refusal,
  known: RefusalRecord | undefined,
  nowMs: number,
): RefusalRecord {
  const wanted = wantedOf(change);
  const same = known?.wanted === wanted && known.code === code ? known : undefined;
  if (same && msOf(same.retryAt) > nowMs) return { ...same, detail };
  const attempts = (same?.attempts ?? 0) + 1;
  const waitMs = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (attempts - 1));
  return { code, detail, wanted, attempts, retryAt: isoOf(nowMs + waitMs) };
}

function shadowedDeviations({ shadowed, last, nowMs }: Circumstances): Deviation[] {
  return shadowed.map(({ object: { kind, key, rules }, by }) => {
    const known = last.deviations.find((item) => item.kind === kind && item.key === key);
    return {
      kind,
      key,
      detail: by,
      reason: 'Shadowed',
      changes: [],
      isPoints: false,
      routes: routesOf(rules),
      since: known?.reason === 'Shadowed' ? known.since : isoOf(nowMs),
    };
  });
}
