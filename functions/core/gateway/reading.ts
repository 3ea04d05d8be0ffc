/** The state of a gateway when it was last read: the only source of everything that is reported about it. */

import type { FieldChange } from '../../../schemas/common.ts';
import type { ForeignObject, QuotaUse } from '../../../schemas/plan.ts';
import { digest } from '../model/digest.ts';
import type { Pool, Share } from '../model/ir.ts';
import { compareText } from '../model/text.ts';
import type { Change, Json, ProviderObject } from './provider-object.ts';

/**
 * The reasons why an object is not as declared or gets no requests, gravest first. `Refused`: the cloud or a limit
 * refuses the change. `NotAsWritten`: the object was written, but read back differently. `Drifted`: somebody changed it
 * at the gateway, and the drift policy leaves it that way. `Shadowed`: it is as declared, but a rule of somebody else
 * takes its requests. `Waiting`: it stays until its replacement exists. `ObserveOnly`: nothing is written to the
 * gateway. `Pending`: the change has yet to be made. `Adopted`: it has drifted, and the drift is accepted.
 */
export const DEVIATION_REASONS = [
  'Refused',
  'NotAsWritten',
  'Drifted',
  'Shadowed',
  'Waiting',
  'ObserveOnly',
  'Pending',
  'Adopted',
] as const;
export type DeviationReason = (typeof DEVIATION_REASONS)[number];

/** An object of ours that was not as declared when the gateway was read, or that does not get its requests. */
export interface Deviation {
  kind: string;
  key: string;
  /** The kind of change that would correct the object; absent when it is shadowed. */
  verb?: Change['verb'] | undefined;
  /** The difference, in the terms of the provider. */
  detail: string;
  reason: DeviationReason;
  /** The first fields that differ: `before` is the value at the gateway, `after` the desired one. */
  changes: FieldChange[];
  /** True when only the distribution of traffic between the members of the pool differs. */
  isPoints: boolean;
  /**
   * Key of the pool that the object serves. `clusters` names the clusters whose points of it differ from those that
   * they should have.
   */
  pool?: string | undefined;
  clusters?: string[] | undefined;
  /** Names of the routes that the object carries. */
  routes: string[];
  /** The time at which the object was first found in this state for this reason. */
  since: string;
  /** The refusal; present when the change is refused. */
  refusal?: RefusalRecord | undefined;
}

/** A refused change. It is not tried again before `retryAt`, unless it becomes a different change. */
export interface RefusalRecord {
  code: string;
  detail: string;
  /** Digest of the object as it was refused; empty for a deletion. */
  wanted: string;
  attempts: number;
  retryAt: string;
}

/**
 * An object that carries our mark, but is not declared and was never known here, as may happen after a backup is
 * restored.
 */
export interface Orphan {
  kind: string;
  key: string;
  remoteId: string;
  /** The time at which a complete read first found the object. */
  since: string;
}

/** The failure of the last attempts to read a gateway. */
export interface ReadFailure {
  since: string;
  /** The time of the last attempt. */
  at: string;
  action: string;
  code: string;
}

/** The smallest and the largest share, in percent, that a cluster had of the pools of which it is a member. */
export interface ClusterPoints {
  cluster: string;
  pools: number;
  /** The number of pools of which the cluster's share is unknown. */
  unknownPools: number;
  minPercent: number;
  maxPercent: number;
}

export interface Reading {
  fleet: string;
  gateway: string;
  /** The time at which the last complete read began; absent while there has been none. */
  readAt?: string | undefined;
  /** The time at which pools were last read, in a complete read or separately. */
  poolsReadAt?: string | undefined;
  /** The traffic version with which the pools were last compared. */
  trafficVersion: number;
  /** The shares of clusters when pools were last read, sorted by name. */
  clusters: ClusterPoints[];
  /** Facts about the gateway that the provider needs besides our objects. */
  facts?: Json | undefined;
  /** DNS name of the gateway. */
  address?: string | undefined;
  /** The failure to read the gateway; absent when the last attempt succeeded. */
  failure?: ReadFailure | undefined;
  /** The gravest deviations, at most `MAX_DEVIATIONS`, sorted by kind and key. */
  deviations: Deviation[];
  /** The number of deviations that were left out. While it is above 0, they may concern any resource. */
  omitted: number;
  orphans: Orphan[];
  /** The first 100 objects at the gateway that are not ours. */
  foreign: ForeignObject[];
  /** The use of quotas, fullest first. */
  quotas: QuotaUse[];
}

/** The destinations of requests when the gateway was last read. */
export interface Points {
  /** The share that each cluster had of each pool, by pool key. A pool whose shares are unknown is missing. */
  pools: Record<string, Share[]>;
  /**
   * Keys of the pools to which each route led, by the name of the route. A route that was not there as declared is
   * missing.
   */
  routes: Record<string, string[]>;
}

export const NO_POINTS: Points = { pools: {}, routes: {} };

export function noReading(fleet: string, gateway: string): Reading {
  return {
    fleet,
    gateway,
    trafficVersion: 0,
    clusters: [],
    deviations: [],
    omitted: 0,
    orphans: [],
    foreign: [],
    quotas: [],
  };
}

/**
 * The most deviations that are kept; the others are only counted. A gateway that was emptied by hand differs in
 * everything.
 */
export const MAX_DEVIATIONS = 2_000;

/**
 * Returns the gravest deviations, sorted by kind and key, each object once. When an object appears twice, the later one
 * counts.
 */
export function keptDeviations(deviations: readonly Deviation[]): Pick<Reading, 'deviations' | 'omitted'> {
  const order = ({ kind, key }: Deviation) => `${kind} ${key}`;
  const distinct = [...new Map(deviations.map((item) => [order(item), item])).values()];
  const gravity = ({ reason }: Deviation) => DEVIATION_REASONS.indexOf(reason);
  const kept = distinct.sort((a, b) => gravity(a) - gravity(b)).slice(0, MAX_DEVIATIONS);
  return {
    deviations: kept.sort((a, b) => compareText(order(a), order(b))),
    omitted: distinct.length - kept.length,
  };
}

/** Returns points as they are stored: clusters that have nothing are left out. */
export function keptPoints({ pools, routes }: Points): Points {
  const having = (shares: readonly Share[]) => shares.filter(({ percent }) => percent > 0);
  return { pools: Object.fromEntries(Object.entries(pools).map(([key, shares]) => [key, having(shares)])), routes };
}

/** Returns stored points together with the members of the pools that had nothing. */
export function wholePoints({ pools: kept, routes }: Points, pools: readonly Pool[]): Points {
  const whole: Points['pools'] = {};
  for (const { key, members } of pools) {
    const having = kept[key];
    if (having === undefined) continue;
    const others = members.filter(({ cluster }) => !having.some((share) => share.cluster === cluster));
    whole[key] = [...having, ...others.map(({ cluster }) => ({ cluster, percent: 0 }))];
  }
  return { pools: whole, routes };
}

/**
 * Returns the short name of an object, the key under which facts about it are stored. It is short because a gateway may
 * have thousands of objects.
 */
export function shortName({ kind, key }: Pick<ProviderObject, 'kind' | 'key'>): string {
  return digest([kind, key]).slice(0, DIGEST_LENGTH);
}

/** Returns the short digest of the state of an object. */
export function shortState(object: Pick<ProviderObject, 'spec'> | undefined): string {
  return object === undefined ? ABSENT : digest(object.spec).slice(0, DIGEST_LENGTH);
}

const DIGEST_LENGTH = 12;

/** The value that stands for the state of an object that does not exist. */
export const ABSENT = '-';

/** Returns the names of the routes to which the rules with these keys belong, sorted. */
export function routesOf(rules: readonly string[] | undefined): string[] {
  return [...new Set((rules ?? []).map((key) => key.split('/')[0] ?? key))].sort();
}

/**
 * Returns, for each cluster, the smallest and the largest share that it has of any pool, and the number of pools of
 * which its share is unknown.
 */
export function clusterPoints({ pools: points }: Points, pools: readonly Pool[]): ClusterPoints[] {
  const found = new Map<string, ClusterPoints>();
  const count = (cluster: string, percent: number | undefined) => {
    const known = found.get(cluster) ?? { cluster, pools: 0, unknownPools: 0, minPercent: 100, maxPercent: 0 };
    found.set(cluster, {
      cluster,
      pools: known.pools + 1,
      unknownPools: known.unknownPools + (percent === undefined ? 1 : 0),
      minPercent: Math.min(known.minPercent, percent ?? known.minPercent),
      maxPercent: Math.max(known.maxPercent, percent ?? known.maxPercent),
    });
  };
  for (const { key, members, former = [] } of pools) {
    const told = points[key];
    const untold = new Set([...members, ...former].map(({ cluster }) => cluster));
    if (told) for (const { cluster, percent } of told) count(cluster, percent);
    else for (const cluster of untold) count(cluster, undefined);
  }
  const told = [...found.values()].map((item) =>
    item.pools === item.unknownPools ? { ...item, minPercent: 0 } : item,
  );
  return told.sort((a, b) => compareText(a.cluster, b.cluster));
}
