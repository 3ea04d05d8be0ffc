import type { Issue, ProblemCode } from '../../schemas/problem.ts';

/** A request that cannot be fulfilled, with a code of the table of problems. The API layer turns it into a response. */
export class AppError extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  /** All faults that were found. */
  readonly errors: readonly Issue[];

  /** `cause` is logged in addition; it is not part of any response. */
  constructor(code: ProblemCode, detail: string, errors: readonly Issue[] = [], options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.errors = errors;
  }
}

/** The order of precedence: when faults have different codes, the first of these names the problem. */
const PRECEDENCE = [
  'limit-exceeded',
  'unknown-reference',
  'forbidden-address',
  'conflicting-declaration',
  'redirect-loop',
  'quota-exceeded',
  'unsupported-feature',
  'backend-without-cluster',
  'still-referenced',
  'would-empty-gateway',
  'rule-violated',
] as const satisfies readonly ProblemCode[];

/**
 * Throws an AppError with all faults when there are any. `otherwise` is its code when no fault has one of those in
 * `PRECEDENCE`.
 */
export function throwFaults(faults: readonly Issue[], otherwise: ProblemCode = 'invalid-request'): void {
  const [first] = faults;
  if (first === undefined) return;
  const code = PRECEDENCE.find((candidate) => faults.some((fault) => fault.code === candidate)) ?? otherwise;
  throw new AppError(code, summarize(faults), faults);
}

/** Returns one sentence that summarises the faults for people. */
export function summarize(faults: readonly Issue[]): string {
  const [first] = faults;
  return faults.length === 1 && first
    ? `${first.pointer}: ${first.detail}.`
    : `${faults.length} faults, all listed in errors.`;
}
