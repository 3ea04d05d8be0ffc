import type { DriftPolicy } from '../../../schemas/gateway.ts';
import type { Change, Plan, ProviderObject } from './provider-object.ts';
import { routesOf, shortName, shortState } from './reading.ts';

/**
 * What a gateway was last verified to have, by the short name of each object. An object that is being written is known and has no state, from
 * before the first write until it has been read back: what is found of it meanwhile is our own doing.
 */
export interface Baseline {
  /** As it was declared, and found at the gateway: a digest. */
  verified: Record<string, string>;
  /** Of the objects that somebody changed and that are left so: as they were found. */
  adopted: Record<string, string>;
  /** Of the objects that carry rules: the routes of these, with a comma between them. */
  routes: Record<string, string>;
}

export const NO_BASELINE: Baseline = { verified: {}, adopted: {}, routes: {} };

/** Stands for the state of an object that is being written. */
const WRITING = '~';

/** The changes of a plan by their cause. */
export interface Causes {
  /** The declaration or the traffic has changed. */
  declared: Change[];
  /** Of these, the changes that overwrite what somebody did at the gateway. */
  overwriting: Change[];
  /** Somebody changed the object at the gateway, and nothing else has changed: these would undo it. */
  drifted: Change[];
  /** The object carries our mark, and nothing is known of it here: these would delete it. */
  orphaned: Change[];
}

/** When both sides have changed, the declaration wins. What has never been verified has not drifted. */
export function causesOf({ changes }: Plan, { verified, adopted }: Baseline): Causes {
  const causes: Causes = { declared: [], overwriting: [], drifted: [], orphaned: [] };
  for (const change of changes) {
    const name = shortName(change);
    const last = verified[name];
    if (last === undefined && change.verb === 'delete') causes.orphaned.push(change);
    else if (last !== undefined && last === shortState(change.after)) causes.drifted.push(change);
    else {
      causes.declared.push(change);
      const isTouched = last !== undefined && last !== WRITING && (adopted[name] ?? last) !== shortState(change.before);
      if (isTouched) causes.overwriting.push(change);
    }
  }
  return causes;
}

/** The drift that nobody has accepted yet: by policy `adopt` that which is as it was when it was accepted is not among it. */
export function unaccepted(drifted: readonly Change[], { adopted }: Baseline, policy: DriftPolicy): Change[] {
  if (policy !== 'adopt') return [...drifted];
  return drifted.filter((change) => adopted[shortName(change)] !== shortState(change.before));
}

/** The routes that an object carried when it was last verified. */
export function routesBefore(change: Change, { routes }: Baseline): string[] {
  return (routes[shortName(change)] ?? '').split(',').filter((name) => name !== '');
}

/** Before the first write: what is about to be written is known, and nobody's drift, whatever becomes of the run. */
export function beforeWriting(baseline: Baseline, changes: readonly Change[]): Baseline {
  const verified = { ...baseline.verified };
  const adopted = { ...baseline.adopted };
  for (const change of changes) {
    verified[shortName(change)] = WRITING;
    delete adopted[shortName(change)];
  }
  return { ...baseline, verified, adopted };
}

/** What has been read. */
export interface ReadBack {
  /** Our objects at the gateway; all of them, or a part: then of the rest all stays as it was known. */
  objects: readonly ProviderObject[];
  isWhole: boolean;
  /** What is desired: it says which routes an object carries. */
  desired: readonly ProviderObject[];
  /** The changes that would still be needed. */
  open: readonly Change[];
  /** Of these, what undoes the work of others and is left. */
  drifted: readonly Change[];
  orphaned: readonly Change[];
  policy: DriftPolicy;
}

/**
 * After the gateway has been read back: what is as desired is verified. Drift that is left is held against what it was, and by policy `adopt`
 * accepted as it is. What has yet to be changed stays as it was known; so do deletions, until the object is gone.
 */
export function afterReading(before: Baseline, read: ReadBack): Baseline {
  const { objects, isWhole, desired, open, drifted, orphaned, policy } = read;
  const after: Baseline = isWhole
    ? { verified: {}, adopted: {}, routes: {} }
    : { verified: { ...before.verified }, adopted: { ...before.adopted }, routes: { ...before.routes } };
  for (const object of objects) {
    after.verified[shortName(object)] = shortState(object);
    delete after.adopted[shortName(object)];
  }
  for (const change of open) keep(before, after, shortName(change));
  for (const change of orphaned) delete after.verified[shortName(change)];
  for (const change of drifted) {
    const name = shortName(change);
    after.verified[name] = shortState(change.after);
    if (policy === 'adopt') after.adopted[name] = shortState(change.before);
  }
  for (const object of desired) {
    const routes = routesOf(object.rules).join(',');
    if (routes !== '') after.routes[shortName(object)] = routes;
  }
  return after;
}

/** Known as it was known before, or not at all. */
function keep(before: Baseline, after: Baseline, name: string): void {
  const last = before.verified[name];
  const { routes } = before;
  if (last === undefined) delete after.verified[name];
  else after.verified[name] = last;
  const accepted = before.adopted[name];
  if (accepted !== undefined) after.adopted[name] = accepted;
  if (routes[name] !== undefined) after.routes[name] = routes[name];
}
