import type { Decision } from '../../../schemas/decision.ts';
import type { BrokenLink, DecisionOutcome, DecisionReplay, LedgerCheck } from '../../../schemas/replay.ts';
import { decide } from '../../core/failover/decide.ts';
import { brokenLink, hashOf } from '../../core/failover/ledger.ts';
import type { DecisionInput } from '../../core/failover/decision-input.ts';
import { diff } from '../../core/model/diff.ts';
import { digest } from '../../core/model/digest.ts';
import type { PageRequest, Store } from '../../deps.ts';
import { decisionOf } from '../../engine/failover/record.ts';
import type { Context } from '../context.ts';
import { requireFleet } from '../load.ts';
import { getDecision } from './ledger.ts';

/** Takes a decision again on its recorded inputs and compares the outcomes. Throws `not-found`. */
export async function replayDecision(ctx: Context, fleet: string, id: string): Promise<DecisionReplay> {
  const { store } = ctx.deps;
  const decision = await getDecision(ctx, fleet, id);
  const input = await readInput(store, decision);
  const recorded = outcomeOf(decision);
  const replayed = input && decideAgain(input, decision);
  const differences = replayed ? diff(recorded, replayed) : [];
  const checks = {
    digestMatches: input !== undefined,
    hashMatches: hashOf(decision) === decision.hash,
    chainMatches: input !== undefined && (await isChained(store, decision, input)),
  };
  const isSame = Object.values(checks).every(Boolean) && replayed !== undefined && differences.length === 0;
  return { decision: id, isSame, ...checks, recorded, ...(replayed && { replayed }), differences };
}

/**
 * Returns the inputs of a decision, or undefined when they are missing, do not match their digest, or are those of an
 * earlier release.
 */
async function readInput({ inputs }: Store, { fleet, id, inputsDigest }: Decision): Promise<DecisionInput | undefined> {
  const text = await inputs(fleet, id);
  if (text === undefined) return undefined;
  const value = parsed(text);
  return digest(value) === inputsDigest && isOfThisRelease(value as DecisionInput) ? (value as DecisionInput) : undefined;
}

/**
 * Tells whether the inputs are of this release. The inputs of an earlier release were for another function and cannot
 * be decided on again.
 */
export function isOfThisRelease({ traffic }: DecisionInput): boolean {
  const { drill } = traffic;
  return 'allocation' in traffic && (drill === undefined || 'clusters' in drill);
}

/**
 * Parses JSON. Returns undefined for invalid text, because the digest of undefined differs from that of any recorded
 * inputs.
 */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Takes the decision again. Returns undefined when the inputs no longer lead to a decision. */
function decideAgain(input: DecisionInput, { inputsDigest }: Decision): DecisionOutcome | undefined {
  const result = decide(input);
  if (result === undefined) return undefined;
  const evidence = input.health.map((record) => ({ ...record, recent: [] }));
  return outcomeOf(decisionOf({ input, gateways: [], evidence }, result, inputsDigest, {}));
}

function outcomeOf(decision: Decision): DecisionOutcome {
  const { outcome, changes, rules, flags, withdrawnBefore, withdrawnAfter } = decision;
  // Points are left out: they follow from the rest, and early decisions do not contain them.
  const shown = changes.map(({ evidence: _, points: __, ...change }) => change);
  return { outcome, changes: shown, rules, flags, withdrawnBefore, withdrawnAfter };
}

/** Tells whether a decision links to the decision before it, which is the one that the recorded traffic state names. */
async function isChained(store: Store, decision: Decision, { traffic: { head } }: DecisionInput): Promise<boolean> {
  const previous = head && (await store.decision(decision.fleet, head.decision));
  if (head && (previous === undefined || hashOf(previous) !== previous.hash)) return false;
  return decision.previousHash === (previous?.hash ?? '');
}

/**
 * Checks the links of a page of decisions, newest first, and on the first page also the link to the traffic state.
 * Throws `not-found`.
 */
export async function checkLedger(ctx: Context, fleet: string, page: PageRequest): Promise<LedgerCheck> {
  await requireFleet(ctx, fleet);
  const { store } = ctx.deps;
  const head = page.token === undefined ? (await store.traffic(fleet)).head : undefined;
  const { items, nextToken } = await store.decisions(fleet, page);
  const before = nextToken === undefined ? [] : (await store.decisions(fleet, { limit: 1, token: nextToken })).items;
  const broken = brokenLink([...items].sort(byVersion), before[0]) ?? missing(items, head);
  const [newest, oldest] = [items[0], items.at(-1)];
  return {
    fleet,
    isIntact: broken === undefined,
    checked: items.length,
    ...(newest && { newest: newest.id }),
    ...(oldest && { oldest: oldest.id }),
    ...(broken && { broken }),
    ...(nextToken !== undefined && { nextPageToken: nextToken }),
  };
}

/**
 * Compares decisions by version. Their times are not reliable, because the clocks of two deciders may differ by more
 * than the time between the decisions.
 */
function byVersion(a: Decision, b: Decision): number {
  return a.version - b.version;
}

/**
 * Returns a broken link when the head of the traffic state is not among the decisions. The head is read first, so a
 * decision recorded meanwhile is no fault.
 */
function missing(
  items: readonly Decision[],
  head: { decision: string; hash: string } | undefined,
): BrokenLink | undefined {
  if (head === undefined || items.some(({ hash }) => hash === head.hash)) return undefined;
  return { decision: head.decision, reason: 'missing' };
}
