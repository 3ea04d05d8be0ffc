import { say } from '../../../schemas/messages/index.ts';
import { type Context, quorumVerdictOf, stateOf, type Watched } from '../failover/context.ts';
import type { Traffic } from '../failover/traffic.ts';
import { waitsOf } from '../failover/waits.ts';

/** A cluster that gets more points by a rollout. */
export interface Gainer {
  cluster: string;
  /** The reason why the cluster must not get more, in one sentence; absent when nothing speaks against it. */
  fault?: string;
  /**
   * True when the cluster is up and a majority of its voters finds it healthy. A cluster that no voter watches is never
   * known.
   */
  isKnown: boolean;
}

/** The clusters with these names, as far as the rollout is concerned. `services`: those whose routes use its distribution. */
export function gainersOf(names: readonly string[], context: Context, services: ReadonlySet<string>): Gainer[] {
  return names.flatMap((name) => {
    const watched = context.clusters.get(name);
    return watched ? [gainerOf(name, watched, context, services)] : [];
  });
}

function gainerOf(cluster: string, watched: Watched, context: Context, services: ReadonlySet<string>): Gainer {
  const { traffic } = context.input;
  const { standing, reason } = stateOf(traffic, watched.facts);
  const verdict = quorumVerdictOf(traffic, watched);
  const isKnown = verdict === 'healthy' && standing === 'up';
  const [wait] = waitsOf(context, traffic, watched.facts).filter(({ reason: code }) => SPEAKS_AGAINST.has(code));
  if (standing !== 'up' && standing !== 'joining') {
    return { cluster, isKnown, fault: say('GainerStands', { cluster, standing, reason }).text };
  }
  if (verdict !== 'healthy' && verdict !== 'unknown') {
    return { cluster, isKnown, fault: say('GainerDoubted', { cluster, verdict }).text };
  }
  const why = wait?.message ?? heldService(traffic, cluster, services);
  return why === undefined
    ? { cluster, isKnown }
    : { cluster, isKnown, fault: say('GainerCannot', { cluster, why }).text };
}

/** The sentence about a service of the distribution that people have taken out of the cluster, or that is on its way back there. */
function heldService(
  { shifts, serviceReturns = [] }: Traffic,
  cluster: string,
  services: ReadonlySet<string>,
): string | undefined {
  const isOurs = (own: { cluster: string; service?: string | undefined }) =>
    own.cluster === cluster && own.service !== undefined && services.has(own.service);
  const shift = shifts.find((own) => isOurs(own) && own.mode !== 'keep');
  if (shift) return say('TakenOutThere', { shift: shift.name, service: shift.service }).text;
  const back = serviceReturns.find(isOurs);
  return back && say('NotBackThere', { service: back.service }).text;
}

/**
 * Reasons that speak against giving a cluster more: those for which a cluster that is up gets less than its share, and
 * `Dismissed`, which means that the cluster fails for its voters.
 */
const SPEAKS_AGAINST: ReadonlySet<string> = new Set(['Impaired', 'Drained', 'Isolated', 'Drilled', 'Dismissed']);
