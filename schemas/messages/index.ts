/**
 * The catalogue of what the API says to people: each sentence by its code, with the values that it is made of. A
 * sentence says what happened, to what, and, where that is not plain, what to do next. Reasons for states are in
 * `reasons.ts`; what a gateway of a cloud cannot carry is said by its provider.
 */

import type { Issue } from '../problem.ts';
import { ACCESS } from './access.ts';
import { DECISIONS } from './decisions.ts';
import { DECLARATIONS } from './declarations.ts';
import { GATEWAYS } from './gateways.ts';
import { INCIDENTS } from './incidents.ts';
import { POLICIES } from './policies.ts';
import { REPORTS } from './reports.ts';
import { REQUESTS } from './requests.ts';
import { STATES } from './states.ts';
import { STATUS } from './status.ts';
import { TRAFFIC } from './traffic.ts';

export const MESSAGES = {
  ...REQUESTS,
  ...ACCESS,
  ...DECLARATIONS,
  ...GATEWAYS,
  ...POLICIES,
  ...INCIDENTS,
  ...STATES,
  ...STATUS,
  ...DECISIONS,
  ...TRAFFIC,
  ...REPORTS,
};

type Messages = typeof MESSAGES;
export type MessageCode = keyof Messages;

/** A sentence for people with its code, which does not change when the wording does. */
export interface Message {
  readonly reason: MessageCode | undefined;
  readonly text: string;
}

/** Returns the sentence of the code with the values. */
export function say<C extends MessageCode>(reason: C, ...given: Parameters<Messages[C]>): Message {
  return { reason, text: (MESSAGES[reason] as (...given: unknown[]) => string)(...given) };
}

/** Returns the fault at a place of a request, or in another resource. `code` is that of a problem, or of the validation. */
export function issueAt(pointer: string, code: string, { reason, text }: Message): Issue {
  return { pointer, code, ...(reason !== undefined && { reason }), detail: text };
}
