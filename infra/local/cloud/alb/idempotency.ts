import { ApiError } from '../errors.ts';
import type { Answer } from '../product.ts';

/** The time for which a token is remembered, in milliseconds (assumed). */
const RETENTION_MS = 24 * 3_600_000;

interface Entry {
  parameters: string;
  answer: Answer;
  expiresAt: number;
}

/**
 * The answers that were given to writes, by ClientToken. Refused writes leave no trace, so their token may be used
 * again.
 */
export class IdempotencyStore {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Returns the answer that this action gave for the token of these flat parameters, or undefined when the token is new
   * or absent. Throws IdempotentParameterMismatch when the token was used with other parameters.
   */
  find(action: string, parameters: ReadonlyMap<string, string>): Answer | undefined {
    const entry = this.#entries.get(keyOf(action, parameters));
    if (!entry || entry.expiresAt <= this.#now()) return undefined;
    if (entry.parameters === fingerprint(parameters)) return entry.answer;
    throw new ApiError('IdempotentParameterMismatch', 'The ClientToken was used with other parameters before.');
  }

  keep(action: string, parameters: ReadonlyMap<string, string>, answer: Answer): void {
    if (!parameters.get('ClientToken')) return;
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAt > this.#now()) break;
      this.#entries.delete(key);
    }
    const key = keyOf(action, parameters);
    this.#entries.delete(key);
    this.#entries.set(key, {
      parameters: fingerprint(parameters),
      answer,
      expiresAt: this.#now() + RETENTION_MS,
    });
  }
}

function keyOf(action: string, parameters: ReadonlyMap<string, string>): string {
  return `${action} ${parameters.get('ClientToken') ?? ''}`;
}

function fingerprint(parameters: ReadonlyMap<string, string>): string {
  return JSON.stringify([...parameters].sort(([a], [b]) => (a < b ? -1 : 1)));
}
