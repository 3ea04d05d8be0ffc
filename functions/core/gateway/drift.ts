import type { DriftPolicy } from '../../../schemas/gateway.ts';
import type { Change, Plan, ProviderObject } from './provider-object.ts';
import { routesOf, shortName, shortState } from './reading.ts';

/**
 * The state that a gateway was last verified to have, by the short name of each object. An object that is being written
 * is known without a state, from before the first write until it has been read back: any state of it that is found
 * meanwhile is the result of our own writes.
 */
export interface Baseline {
  /** Digest of the state of each object, as declared and found at the gateway. */
  verified: Record<string, string>;
  /**
   * Digest of the state in which each adopted object was found: one that somebody changed at the gateway and that is
   * left that way.
   */
  adopted: Record<string, string>;
  /** Names of the routes whose rules each object carries, separated by commas. */
  routes: Record<string, string>;
}

export const NO_BASELINE: Baseline = { verified: {}, adopted: {}, routes: {} };

/** The value that stands for the state of an object that is being written. */
const WRITING = '~';

/** The changes of a plan, by their cause. */
export interface Causes {
  /** Changes to make because the declaration or the traffic has changed. */
  declared: Change[];
  /** The changes in `declared` that overwrite an edit made at the gateway. */
  overwriting: Change[];
  /** Changes that would undo an edit: somebody changed the object at the gateway, and nothing else has changed. */
  drifted: Change[];
  /** Deletions of objects that carry our mark but are not known here. */
  orphaned: Change[];
}

/**
 * Groups the changes of a plan by cause. When both the declaration and the gateway have changed, the declaration wins.
 * An object that has never been verified cannot have drifted.
 */
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

/**
 * Returns the drift that nobody has accepted yet. With the policy `adopt`, an object that is still in the state in
 * which it was accepted is left out.
 */
export function unaccepted(drifted: readonly Change[], { adopted }: Baseline, policy: DriftPolicy): Change[] {
  if (policy !== 'adopt') return [...drifted];
  return drifted.filter((change) => adopted[shortName(change)] !== shortState(change.before));
}

/** Returns the routes that an object carried when it was last verified. */
export function routesBefore(change: Change, { routes }: Baseline): string[] {
  return (routes[shortName(change)] ?? '').split(',').filter((name) => name !== '');
}

/**
 * Returns the baseline before the first write of a run: objects that are about to be written become known, so that
 * their state does not count as drift, whatever becomes of the run.
 */
export function beforeWriting(baseline: Baseline, changes: readonly Change[]): Baseline {
  const verified = { ...baseline.verified };
  const adopted = { ...baseline.adopted };
  for (const change of changes) {
    verified[shortName(change)] = WRITING;
    delete adopted[shortName(change)];
  }
  return { ...baseline, verified, adopted };
}

/** The result of reading a gateway, as far as the baseline depends on it. */
export interface ReadBack {
  /**
   * Our objects at the gateway: all of them, or a part. After a partial read, everything known about the other objects
   * stays.
   */
  objects: readonly ProviderObject[];
  isWhole: boolean;
  /** The desired objects; their rules say which routes each object carries. */
  desired: readonly ProviderObject[];
  /** The changes that are still needed. */
  open: readonly Change[];
  /** The changes in `open` that would undo somebody's edits and are not made. */
  drifted: readonly Change[];
  orphaned: readonly Change[];
  policy: DriftPolicy;
}

/**
 * Returns the baseline after the gateway has been read back. An object that is as desired is verified. Drift that is
 * left in place is still compared with the earlier state; with the policy `adopt`, its present state is accepted. What
 * is known about an object with an open change stays as it was; an object to be deleted stays known until it is gone.
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

/** Restores what was known about an object before, or removes it when nothing was known. */
function keep(before: Baseline, after: Baseline, name: string): void {
  const last = before.verified[name];
  const { routes } = before;
  if (last === undefined) delete after.verified[name];
  else after.verified[name] = last;
  const accepted = before.adopted[name];
  if (accepted !== undefined) after.adopted[name] = accepted;
  if (routes[name] !== undefined) after.routes[name] = routes[name];
}
