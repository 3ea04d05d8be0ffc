import type { FaultKind } from './faults.ts';
import type { ProductName } from './product.ts';

/** How many calls are remembered; counts go on. */
const KEEP = 10_000;

export interface LogEntry {
  /** ISO 8601. */
  at: string;
  /** Absent when the version that was asked for is none of ours. */
  product?: ProductName;
  action: string;
  kind: 'read' | 'write' | 'unknown';
  /** Flat, without the common parameters: no key id and no signature. */
  parameters: Record<string, string>;
  /** HTTP status; 0 when no answer was sent. */
  status: number;
  /** Error code of the answer. */
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

/** Every call that named an action, whatever became of it. */
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
