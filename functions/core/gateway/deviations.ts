/** Decides what becomes of each change that would make a gateway match its declaration. */

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

/**
 * An object that carries our mark but is not known is deleted once complete reads this many milliseconds apart have
 * found it.
 */
export const ORPHAN_CONFIRMED_MS = 600_000;

/** The wait before a refused change is tried again, in milliseconds; it doubles each time, up to `RETRY_CAP_MS`. */
const RETRY_BASE_MS = 10_000;
const RETRY_CAP_MS = 900_000;

export interface ClassifyInput {
  baseline: Baseline;
  /** The last reading of the gateway. */
  last: Reading;
  drift: DriftPolicy;
  /** True when nothing may be written to the gateway. */
  isObserveOnly: boolean;
  /** True when changes that somebody made at the gateway are to be undone. */
  revertsDrift: boolean;
  /** True when changes that the cloud has refused lately are tried again at once. */
  isAsked: boolean;
  nowMs: number;
  /** Returns what forbids a change: a limit, or the guard; undefined when nothing does. */
  objection(change: Change): Refusal | undefined;
  movesPoints(change: Change): boolean;
  restoresMarks(change: Change): boolean;
  /** Our objects whose requests a rule of somebody else takes; `by` describes that rule. */
  shadowed: readonly { object: ProviderObject; by: string }[];
  /** Returns the names of the clusters whose points of a pool differ from those that they should have. */
  lagging(pool: string): string[];
}

export interface ClassifiedChanges {
  /** The changes to make, in order. */
  push: Change[];
  /** The changes not kept back that overwrite an edit made at the gateway. */
  overwriting: Change[];
  /** The changes that would undo edits that somebody made at the gateway. */
  drifted: Change[];
  /** The changes in `drifted` that are not made; `alarming` holds those whose edits nobody has accepted. */
  left: Change[];
  alarming: Change[];
  /** The changes that are refused, with what forbids each. */
  refused: Map<Change, Refusal>;
  orphans: Orphan[];
  orphaned: Change[];
  deviations: Deviation[];
}

/**
 * Divides the changes of a plan into those to make and those to hold back, and records for each object why it does not
 * match its declaration.
 */
export function classifyChanges(plan: Plan, input: ClassifyInput): ClassifiedChanges {
  const causes = causesOf(plan, input.baseline);
  const refused = refusedOf(plan, input);
  const orphans = orphansOf(causes.orphaned, input);
  const waits = waitingDeletions(plan.changes, [...refused.keys()], input.baseline);
  const stays = leftAsDrift(causes.declared, causes.drifted, input);
  const orphaned = causes.orphaned.filter((change) => !isConfirmed(change, orphans, input.nowMs));
  const kept = new Set([...refused.keys(), ...waits, ...stays, ...orphaned]);
  const isPushed = (change: Change) => !input.isObserveOnly && !kept.has(change);
  const push = plan.changes.filter(isPushed).map((change) => withReplacements(change, plan, input));
  const left = causes.drifted.filter((change) => stays.has(change));
  const alarming = new Set(unaccepted(left, input.baseline, input.drift));
  const reasonOf = (change: Change): DeviationReason => {
    if (input.isObserveOnly) return 'ObserveOnly';
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
      ...open.map((change) => deviationOf(change, reasonOf(change), input, refused.get(change))),
      ...shadowedDeviations(input),
    ],
  };
}

/**
 * Returns the changes that are refused: by a limit or the guard, or else because the cloud has refused the same change
 * lately.
 */
function refusedOf({ changes }: Plan, input: ClassifyInput): Map<Change, Refusal> {
  const refused = new Map<Change, Refusal>();
  for (const change of changes) {
    const refusal = input.objection(change) ?? (input.isAsked ? undefined : remembered(change, input));
    if (refusal) refused.set(change, refusal);
  }
  return refused;
}

function remembered(change: Change, { last, nowMs }: ClassifyInput): Refusal | undefined {
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

/**
 * Returns the deletions that have to wait: an object that serves a route stays while the creation of its replacement is
 * refused.
 */
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

/**
 * Adds to a deletion the keys of the objects that replace the deleted one, so that it is skipped when the cloud refuses
 * one of them in the same run.
 */
function withReplacements(change: Change, { changes }: Plan, { baseline }: ClassifyInput): Change {
  if (change.verb !== 'delete') return change;
  const routes = new Set(routesBefore(change, baseline));
  if (routes.size === 0) return change;
  const unless = changes
    .filter(({ verb, after }) => verb === 'create' && routesOf(after?.rules).some((route) => routes.has(route)))
    .map(({ key }) => key);
  return unless.length === 0 ? change : { ...change, unless };
}

/**
 * Returns the drift to leave in place. Lost marks are restored nevertheless, and so are deleted objects to which an
 * object that is about to be written may refer.
 */
function leftAsDrift(
  declared: readonly Change[],
  drifted: readonly Change[],
  input: ClassifyInput,
): ReadonlySet<Change> {
  if (input.revertsDrift) return new Set();
  const highest = Math.max(-1, ...declared.filter(({ verb }) => verb !== 'delete').map(({ rank }) => rank));
  const isNeeded = ({ verb, rank }: Change) => verb === 'create' && rank < highest;
  return new Set(drifted.filter((change) => !isNeeded(change) && !input.restoresMarks(change)));
}

/** Returns the orphans. An orphan that was found before keeps the time at which it was first found. */
function orphansOf(orphaned: readonly Change[], { last, nowMs }: ClassifyInput): Orphan[] {
  return orphaned.map(({ kind, key, before }) => {
    const known = last.orphans.find((item) => item.kind === kind && item.key === key);
    return { kind, key, remoteId: before?.remoteId ?? '', since: known?.since ?? isoOf(nowMs) };
  });
}

function isConfirmed({ kind, key }: Change, orphans: readonly Orphan[], nowMs: number): boolean {
  const found = orphans.find((item) => item.kind === kind && item.key === key);
  return found !== undefined && nowMs - msOf(found.since) >= ORPHAN_CONFIRMED_MS;
}

/** The most fields that are kept of each difference; a plan shows all of them. */
const SHOWN_FIELDS = 5;

/** Describes why an object does not match its declaration, and since when. */
function deviationOf(
  change: Change,
  reason: DeviationReason,
  {
    last,
    nowMs,
    movesPoints,
    baseline,
    lagging,
  }: Pick<ClassifyInput, 'last' | 'nowMs' | 'movesPoints' | 'baseline' | 'lagging'>,
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

function shadowedDeviations({ shadowed, last, nowMs }: ClassifyInput): Deviation[] {
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
