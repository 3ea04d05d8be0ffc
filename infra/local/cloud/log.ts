import type { FaultKind } from './faults.ts';
import type { ProductName } from './table.ts';

/** The number of calls that are remembered; counts go on beyond it. */
const KEEP = 10_000;

export interface LogEntry {
  /** The time of the call (ISO 8601). */
  at: string;
  /** The product; absent when the call names a version that no product has. */
  product?: ProductName;
  action: string;
  kind: 'read' | 'write' | 'unknown';
  /** The flat parameters without the common ones, so without key id and signature. */
  parameters: Record<string, string>;
  /** The HTTP status; 0 when no answer was sent. */
  status: number;
  /** The error code of the answer. */
  code?: string;
  requestId: string;
  /** The injected fault that the call met. */
  fault?: FaultKind;
}

export interface CallCounts {
  reads: number;
  writes: number;
  byAction: Record<string, number>;
}

/** A log of every call that named an action, whatever the outcome. */
export class CallLog {
  #entries: LogEntry[] = [];
  #counts: CallCounts = emptyCounts();

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  add(entry: LogEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > KEEP) this.#entries.shift();
    if (entry.kind === 'unknown') return;
    if (entry.kind === 'read') this.#counts.reads += 1;
    else this.#counts.writes += 1;
    this.#counts.byAction[entry.action] = (this.#counts.byAction[entry.action] ?? 0) + 1;
  }

  counts(): CallCounts {
    return structuredClone(this.#counts);
  }

  clear(): void {
    this.#entries = [];
    this.#counts = emptyCounts();
  }
}

function emptyCounts(): CallCounts {
  return { reads: 0, writes: 0, byAction: {} };
}
