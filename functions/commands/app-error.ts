import { issueAt, type Message, say } from '../../schemas/messages/index.ts';
import type { Issue, ProblemCode } from '../../schemas/problem.ts';

/** A request that cannot be fulfilled, with a code of the table of problems. The API layer turns it into a response. */
export class AppError extends Error {
  readonly code: ProblemCode;
  /** The code of the sentence in `detail`. Absent when the sentence is that of one of the faults, and has none. */
  readonly reason: string | undefined;
  readonly detail: string;
  /** All faults that were found. */
  readonly errors: readonly Issue[];

  /** `cause` is logged in addition; it is not part of any response. */
  constructor(code: ProblemCode, { reason, text }: Message, errors: readonly Issue[] = [], options?: ErrorOptions) {
    super(`${code}: ${text}`, options);
    this.name = 'AppError';
    this.code = code;
    this.reason = reason;
    this.detail = text;
    this.errors = errors;
  }
}

/** A request that is refused because of its sender. It is counted in the audit log of the installation. */
export class Denied extends AppError {}

/** The order of precedence: when faults have different codes, the first of these names the problem. */
const PRECEDENCE = [
  'limit-exceeded',
  'unknown-reference',
  'forbidden-address',
  'credential-in-clear',
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

/** Returns the problem that a request has one fault, which has the code of the problem. */
export function faultAt(code: ProblemCode, pointer: string, message: Message): AppError {
  const faults = [issueAt(pointer, code, message)];
  return new AppError(code, summarize(faults), faults);
}

/** Returns one sentence that summarises the faults for people. */
export function summarize(faults: readonly Issue[]): Message {
  const [first] = faults;
  return faults.length === 1 && first ? say('OneFault', first) : say('SeveralFaults', { count: faults.length });
}
