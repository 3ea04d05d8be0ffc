import type { AuditEvent } from '../../../schemas/audit.ts';
import { type Author, auditEvent } from '../model/audit.ts';
import { isoOf } from '../model/time.ts';
import { sharedIdAt } from './ids.ts';

/** A request that was refused because of its sender. */
export interface Refused {
  /** The action of its audit event, such as `observations.refuse`. */
  action: string;
  /** The code of the problem that was answered. */
  code: string;
  /** The reason, in one line. */
  reason: string;
  /** The fleet in whose log it belongs; absent when it belongs in that of the installation. The fleet exists. */
  fleet?: { name: string; revision: number } | undefined;
  /** The voter that the request said it was from. */
  voter?: string | undefined;
}

/** Refused requests that are alike: one of them stands for all. */
export interface Refusals {
  refused: Refused;
  author: Author;
  addressPrefix: string;
  /** The number of requests that have not been written down yet. */
  count: number;
}

const MINUTE_MS = 60_000;

/** The most kinds of refused requests that are told apart in one minute. */
const MAX_KINDS = 50;

/** Stands for the networks and the actors beyond those that are told apart. */
const OTHERS = 'others';

interface Counted extends Refusals {
  total: number;
}

/**
 * The refused requests of one process, counted by what they have in common. What is to be written down is returned by
 * `note` and `rest`: the first, the tenth, the hundredth and so on of a minute, with those before it, and the rest once
 * the minute is over. So a flood costs a handful of writes a minute, from however many networks it comes, and what is
 * written is never less than a tenth of what was refused.
 */
export class RefusalCounts {
  #minute = 0;
  #counted = new Map<string, Counted>();

  /** Counts one. Returns what is to be written down now. */
  note(refusal: Omit<Refusals, 'count'>, nowMs: number): Refusals[] {
    const rest = this.rest(nowMs);
    const own = this.#counted.get(kindOf(refusal));
    const isRoom = own !== undefined || this.#counted.size < MAX_KINDS;
    const kept = isRoom ? refusal : withoutDetails(refusal);
    const counted = own ?? this.#counted.get(kindOf(kept)) ?? { ...kept, count: 0, total: 0 };
    this.#counted.set(kindOf(kept), counted);
    counted.count += 1;
    counted.total += 1;
    return isPowerOfTen(counted.total) ? [...rest, taken(counted)] : rest;
  }

  /** Returns what is left of the minutes before this one. */
  rest(nowMs: number): Refusals[] {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute === this.#minute) return [];
    const left = [...this.#counted.values()].filter(({ count }) => count > 0);
    this.#minute = minute;
    this.#counted = new Map();
    return left.map(taken);
  }
}

function kindOf({ refused, author, addressPrefix }: Omit<Refusals, 'count'>): string {
  const { action, code, fleet, voter } = refused;
  return JSON.stringify([action, code, fleet?.name, voter, author.actor, addressPrefix]);
}

/** Returns a refusal as it is counted together with those of all other networks, actors and voters. */
function withoutDetails({ refused, author }: Omit<Refusals, 'count'>): Omit<Refusals, 'count'> {
  return {
    refused: { ...refused, voter: undefined },
    author: { ...author, actor: OTHERS },
    addressPrefix: OTHERS,
  };
}

function isPowerOfTen(count: number): boolean {
  return /^10*$/.test(String(count));
}

function taken(counted: Counted): Refusals {
  const { total: _, ...refusals } = counted;
  counted.count = 0;
  return { ...refusals };
}

/**
 * Returns the event that counts refusals. All processes agree on its id for one minute, so that their counts add up in
 * one row.
 */
export function refusalEvent({ refused, author, addressPrefix, count }: Refusals, nowMs: number): AuditEvent {
  const { action, code, reason, fleet, voter } = refused;
  const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const id = sharedIdAt(minuteMs, [action, code, voter ?? null, author.actor, addressPrefix]);
  const target =
    fleet === undefined
      ? ({ kind: 'installation', name: 'installation' } as const)
      : ({ kind: 'fleet', fleet: fleet.name, name: fleet.name } as const);
  const revision = fleet?.revision ?? 0;
  const refusal = { code, addressPrefix, ...(voter !== undefined && { voter }), count };
  const told = { action, target, before: revision, after: revision, refusal };
  const stamp = { at: isoOf(nowMs), ulid: id.slice('aud_'.length) };
  return auditEvent({ ...author, reason }, stamp, told);
}
