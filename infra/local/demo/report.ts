/** The result of a demonstration. */
export interface Report {
  /** The result for programs, which `--json` prints. */
  summary: object;
  /** The result for people. */
  text: string;
  /** A sentence for each result that is not as it should be. */
  faults: string[];
}

export const REQUESTS_PER_SECOND = 60;
export const TIMEOUT_MS = 3000;
/**
 * Milliseconds of traffic before the failure and after the recovery; `PROOF_MS` of traffic show that the switch holds.
 */
export const CALM_MS = 2000;
export const PROOF_MS = 5000;
