/** What the chapters of the story share. */

import type { Installation } from './installation.ts';
import type { Json, Recorder } from './recorder.ts';

/** Whoever tells a chapter, with the tokens of the people in it. */
export interface Teller {
  recorder: Recorder;
  installation: Installation;
  tokens: Tokens;
}

/** The tokens of Ada, who runs the fleet, of Bob, who approves what she plans, and of the pipeline of the shop. */
export interface Tokens {
  ada: string;
  bob: string;
  ci: string;
}

/** The header of a write that replaces what there is, whatever it is. */
export const REPLACE = { 'if-match': '*' };

/** The query of a dry run. */
export const DRY = { dryRun: 'true' };

/** The query of a list whose example is a page of one. */
export const ONE = { pageSize: '1' };

/** The body of an order with a reason. */
export const because = (reason: string): Json => ({ reason });
