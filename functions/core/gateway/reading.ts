/** What a gateway had when it was last read: the only source of everything that is said of it. */

import type { FieldChange } from '../../../schemas/common.ts';
import type { ForeignObject, QuotaUse } from '../../../schemas/plan.ts';
import { digest } from '../model/digest.ts';
import type { Pool, Share } from '../model/ir.ts';
import { compareText } from '../model/text.ts';
import type { Change, Json, ProviderObject } from './provider-object.ts';

/**
 * Why an object is not as declared, the gravest first. Pending: the change is yet to be made. Refused: the cloud or a limit refuses it. Waiting: it stays until
 * what takes its place is there. Drifted: somebody changed it at the gateway, and the drift policy leaves it so. Adopted: the same, accepted.
 * NotAsWritten: it was written, and was read back otherwise. ObserveOnly: nothing is written to the gateway. Shadowed: it is as declared, and a rule of somebody else takes its requests.
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

/** One object of ours that was not as declared when the gateway was read, or that does not get its requests. */
export interface Deviation {
  kind: string;
  key: string;
  /** The change that it would take; absent where it is shadowed. */
  verb?: Change['verb'] | undefined;
  /** What differs, in the terms of the provider. */
  detail: string;
  reason: DeviationReason;
  /** The first fields that differ: as they are at the gateway, and as they shall be. */
  changes: FieldChange[];
  /** The traffic between the members of the pool differs, and nothing else. */
  isPoints: boolean;
  /** The pool that the object serves, and the clusters of which it has other points than it shall have. */
  pool?: string | undefined;
  clusters?: string[] | undefined;
  /** The routes that the object carries. */
  routes: string[];
  /** When it was first found so, for this reason. */
  since: string;
  /** Where it is refused. */
  refusal?: RefusalRecord | undefined;
}

/** A refused change is not tried again before `retryAt`, unless it becomes another change. */
export interface RefusalRecord {
  code: string;
  detail: string;
  /** Digest of the object as it was refused; empty for a deletion. */
  wanted: string;
  attempts: number;
  retryAt: string;
}

/** An object that carries our mark, is not declared, and was never known here: such as after a restored backup. */
export interface Orphan {
  kind: string;
  key: string;
  remoteId: string;
  /** When a complete read first found it. */
  since: string;
}

/** The gateway could not be read. */
export interface ReadFailure {
  since: string;
  /** Of the last attempt. */
  at: string;
  action: string;
  code: string;
}

/** What a cluster had of the pools of which it is a member: the least and the most, in percent. */
export interface ClusterPoints {
  cluster: string;
  pools: number;
  /** Pools of which it could not be told what the cluster has. */
  unknownPools: number;
  minPercent: number;
  maxPercent: number;
}

export interface Reading {
  fleet: string;
  gateway: string;
  /** When the last complete read began; absent while there was none. */
  readAt?: string | undefined;
  /** When pools were last read, be it with the rest or alone. */
  poolsReadAt?: string | undefined;
  /** Version of the traffic that the pools were last held against. */
  trafficVersion: number;
  /** What clusters had when pools were last read, sorted by name. */
  clusters: ClusterPoints[];
  /** What the provider needs to know of the gateway besides our objects. */
  facts?: Json | undefined;
  /** DNS name of the gateway. */
  address?: string | undefined;
  /** Since the last successful read. */
  failure?: ReadFailure | undefined;
  /** Sorted by kind and key; at most `MAX_DEVIATIONS`, the gravest. */
  deviations: Deviation[];
  /** How many more there were: while there are any, each of them may concern whatever is asked about. */
  omitted: number;
  orphans: Orphan[];
  /** The first 100. */
  foreign: ForeignObject[];
  /** The fullest first. */
  quotas: QuotaUse[];
}

/** Where requests went when the gateway was last read. */
export interface Points {
  /** What each cluster had of each pool, by pool key. A pool that could not be told is missing. */
  pools: Record<string, Share[]>;
  /** Keys of the pools that each route led to, by its name; a route that was not there as declared is missing. */
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

/** More of them are kept as a number: a gateway that was emptied by hand differs in everything. */
export const MAX_DEVIATIONS = 2_000;

/** The gravest of the deviations, in order, each object once: of two with one object the later one. */
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

/** Points as they are kept: who has nothing is left out. */
export function keptPoints({ pools, routes }: Points): Points {
  const having = (shares: readonly Share[]) => shares.filter(({ percent }) => percent > 0);
  return { pools: Object.fromEntries(Object.entries(pools).map(([key, shares]) => [key, having(shares)])), routes };
}

/** Points that were kept, with the members of these pools that had nothing. */
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

/** The short name of an object, by which what is known of it is found. A gateway has thousands of objects. */
export function shortName({ kind, key }: Pick<ProviderObject, 'kind' | 'key'>): string {
  return digest([kind, key]).slice(0, DIGEST_LENGTH);
}

/** The short digest of the state of an object. */
export function shortState(object: Pick<ProviderObject, 'spec'> | undefined): string {
  return object === undefined ? ABSENT : digest(object.spec).slice(0, DIGEST_LENGTH);
}

const DIGEST_LENGTH = 12;

/** Stands for the state of an object that is not there. */
export const ABSENT = '-';

/** The names of the routes of the rules with these keys. */
export function routesOf(rules: readonly string[] | undefined): string[] {
  return [...new Set((rules ?? []).map((key) => key.split('/')[0] ?? key))].sort();
}

/** The least and the most that each cluster has of any pool, and of how many it cannot be told. */
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
