import type { Issue, ProblemCode } from '../../schemas/problem.ts';

/** A request that cannot be fulfilled, in terms of the one table of problems. The api layer turns it into an answer. */
export class AppError extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  /** Every fault found. */
  readonly errors: readonly Issue[];

  /** `cause` is what the log should tell besides; no answer has it. */
  constructor(code: ProblemCode, detail: string, errors: readonly Issue[] = [], options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.errors = errors;
  }
}

/** When faults differ in kind, the first of these names the problem. */
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

/** Throws when there are faults, with all of them. `otherwise` names the problem when none of their codes does. */
export function refuse(faults: readonly Issue[], otherwise: ProblemCode = 'invalid-request'): void {
  const [first] = faults;
  if (first === undefined) return;
  const code = PRECEDENCE.find((candidate) => faults.some((fault) => fault.code === candidate)) ?? otherwise;
  throw new AppError(code, summarize(faults), faults);
}

/** One sentence for people. */
export function summarize(faults: readonly Issue[]): string {
  const [first] = faults;
  return faults.length === 1 && first
    ? `${first.pointer}: ${first.detail}.`
    : `${faults.length} faults, all listed in errors.`;
}
