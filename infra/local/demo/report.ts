/** What a demonstration has to say. */
export interface Report {
  /** For programs. */
  summary: object;
  /** For people. */
  text: string;
  /** What is not as it should be, a sentence each. */
  faults: string[];
}

export const REQUESTS_PER_SECOND = 60;
export const TIMEOUT_MS = 3000;
/** Traffic before the failure and after the recovery, and traffic that shows that the switch holds. */
export const CALM_MS = 2000;
export const PROOF_MS = 5000;
