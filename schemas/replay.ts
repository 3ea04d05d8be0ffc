import * as z from 'zod';
import { FieldChange, Name } from './common.ts';
import { Decision } from './decision.ts';

/** The outcome of a decision, without its evidence, which is in the recorded inputs. */
const DecisionOutcome = Decision.pick({
  outcome: true,
  changes: true,
  rules: true,
  flags: true,
  withdrawnBefore: true,
  withdrawnAfter: true,
})
  .extend({
    changes: z.array(
      Decision.shape.changes.element.omit({ evidence: true, points: true }).meta({ id: 'ReplayedChange' }),
    ),
  })
  .meta({ id: 'DecisionOutcome' });
export type DecisionOutcome = z.infer<typeof DecisionOutcome>;

export const DecisionReplay = z
  .object({
    decision: z.string(),
    isSame: z
      .boolean()
      .meta({ description: 'True when the digest, the hash and the chain match, and the outcome is the same.' }),
    digestMatches: z
      .boolean()
      .meta({ description: 'True when the recorded inputs are those that the decision names by their digest.' }),
    hashMatches: z.boolean().meta({ description: 'True when the decision is as it was recorded.' }),
    chainMatches: z
      .boolean()
      .meta({ description: 'True when the decision follows the previous one, which is as it was recorded.' }),
    recorded: DecisionOutcome,
    replayed: DecisionOutcome.optional().meta({
      description:
        'The outcome that the recorded inputs lead to now; absent when they are not the inputs of the decision.',
    }),
    differences: z.array(FieldChange).meta({
      description:
        'The differences from `recorded` to `replayed`. A later version of the control plane may decide differently.',
    }),
  })
  .meta({ id: 'DecisionReplay', description: 'The result of deciding once more from recorded inputs.' });
export type DecisionReplay = z.infer<typeof DecisionReplay>;

export const BrokenLink = z
  .object({
    decision: z.string(),
    reason: z.enum(['altered', 'unlinked', 'misnumbered', 'missing']).meta({
      description:
        'altered: the hash of the decision is not the recorded one. unlinked: it does not carry the hash of the one before it. ' +
        'misnumbered: its version is not higher than that of the one before it. missing: the traffic state follows from it, and it is ' +
        'not there.',
    }),
  })
  .meta({ id: 'BrokenLink' });
export type BrokenLink = z.infer<typeof BrokenLink>;

export const LedgerCheck = z
  .object({
    fleet: Name,
    isIntact: z.boolean(),
    checked: z.int().min(0).meta({ description: 'The number of links on this page that were checked.' }),
    newest: z.string().optional().meta({ description: 'The newest decision of this page.' }),
    oldest: z.string().optional(),
    broken: BrokenLink.optional().meta({ description: 'The oldest link of this page that does not hold.' }),
    nextPageToken: z
      .string()
      .optional()
      .meta({ description: 'The token of the page with older decisions; absent when there are none.' }),
  })
  .meta({
    id: 'LedgerCheck',
    description: 'The result of checking that the decisions of a fleet are all there, and as they were recorded.',
  });
export type LedgerCheck = z.infer<typeof LedgerCheck>;
