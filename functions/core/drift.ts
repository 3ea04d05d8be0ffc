import type { DriftPolicy } from '../../schemas/gateway.ts';
import { digest } from './digest.ts';
import type { Change, Plan, ProviderObject } from './provider-object.ts';

/**
 * What a gateway was last verified to have, as digests by the short name of each object. An object that is being written is not in it,
 * from before the first write until it has been read back: what is found of it meanwhile is our own doing.
 */
export interface Baseline {
  /** As it was declared, and found at the gateway. */
  verified: Record<string, string>;
  /** Of the objects that somebody changed and that are left so: as they were found. */
  adopted: Record<string, string>;
}

export const NO_BASELINE: Baseline = { verified: {}, adopted: {} };

/** A gateway has thousands of objects, and one item of the store holds them all. */
const DIGEST_LENGTH = 12;

/** Stands for an object that is not there. */
const ABSENT = '-';

function nameOf({ kind, key }: Pick<ProviderObject, 'kind' | 'key'>): string {
  return digest([kind, key]).slice(0, DIGEST_LENGTH);
}

function stateOf(object: Pick<ProviderObject, 'spec'> | undefined): string {
  return object === undefined ? ABSENT : digest(object.spec).slice(0, DIGEST_LENGTH);
}

/** The changes of a plan by their cause. */
export interface Causes {
  /** The declaration or the traffic has changed. */
  declared: Change[];
  /** Of these, the changes that overwrite what somebody did at the gateway. */
  overwriting: Change[];
  /** Somebody changed the object at the gateway, and nothing else has changed: these would undo it. */
  drifted: Change[];
}

/** When both sides have changed, the declaration wins. What has never been verified has not drifted. */
export function causesOf({ changes }: Plan, { verified, adopted }: Baseline): Causes {
  const causes: Causes = { declared: [], overwriting: [], drifted: [] };
  for (const change of changes) {
    const name = nameOf(change);
    const last = verified[name];
    if (last !== undefined && last === stateOf(change.after)) {
      causes.drifted.push(change);
      continue;
    }
    causes.declared.push(change);
    if (last !== undefined && (adopted[name] ?? last) !== stateOf(change.before)) causes.overwriting.push(change);
  }
  return causes;
}

/** The drift that nobody has accepted yet: by policy `adopt` that which is as it was when it was accepted is not among it. */
export function unaccepted(drifted: readonly Change[], { adopted }: Baseline, policy: DriftPolicy): Change[] {
  if (policy !== 'adopt') return [...drifted];
  return drifted.filter((change) => adopted[nameOf(change)] !== stateOf(change.before));
}

/** Before the first write: what is about to be written is nobody's drift, whatever becomes of the run. */
export function beforeWriting(baseline: Baseline, changes: readonly Change[]): Baseline {
  const names = new Set(changes.map(nameOf));
  const without = (record: Record<string, string>) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !names.has(name)));
  return { verified: without(baseline.verified), adopted: without(baseline.adopted) };
}

/**
 * After the gateway has been read back: what is there is verified, but for the drift that is left: it is held against what it was, and by
 * policy `adopt` accepted as it is. `objects` may be a part of what the gateway has; of the rest all stays as it was known.
 */
export function afterReading(
  before: Baseline,
  objects: readonly ProviderObject[],
  drifted: readonly Change[],
  { policy, isWhole }: { policy: DriftPolicy; isWhole: boolean },
): Baseline {
  const verified = isWhole ? {} : { ...before.verified };
  const adopted = isWhole ? {} : { ...before.adopted };
  for (const object of objects) {
    verified[nameOf(object)] = stateOf(object);
    delete adopted[nameOf(object)];
  }
  for (const change of drifted) {
    const name = nameOf(change);
    verified[name] = stateOf(change.after);
    if (policy === 'adopt') adopted[name] = stateOf(change.before);
  }
  return { verified, adopted };
}
