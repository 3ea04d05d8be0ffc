import * as z from 'zod';
import { FieldChange, Name } from './common.ts';
import { Decision } from './decision.ts';

/** What a decision comes down to. What it was seen to be is in the recorded inputs. */
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
    isSame: z.boolean().meta({ description: 'All of the following hold, and the outcome is the same.' }),
    digestMatches: z.boolean().meta({ description: 'What was decided upon is what the decision says.' }),
    hashMatches: z.boolean().meta({ description: 'The decision is as it was recorded.' }),
    chainMatches: z.boolean().meta({ description: 'It follows the decision before, which is as it was recorded.' }),
    recorded: DecisionOutcome,
    replayed: DecisionOutcome.optional().meta({
      description: 'What is decided now upon the recorded inputs; absent when these are not what was decided upon.',
    }),
    differences: z.array(FieldChange).meta({
      description: 'From recorded to replayed. A later version of the control plane may decide otherwise.',
    }),
  })
  .meta({ id: 'DecisionReplay', description: 'A decision that was taken once more.' });
export type DecisionReplay = z.infer<typeof DecisionReplay>;

export const BrokenLink = z
  .object({
    decision: z.string(),
    reason: z.enum(['altered', 'unlinked', 'misnumbered', 'missing']).meta({
      description:
        'altered: its hash is another. unlinked: it does not carry the hash of the one before it. misnumbered: its version is not higher. ' +
        'missing: the traffic state follows it, and it is not there.',
    }),
  })
  .meta({ id: 'BrokenLink' });
export type BrokenLink = z.infer<typeof BrokenLink>;

export const LedgerCheck = z
  .object({
    fleet: Name,
    isIntact: z.boolean(),
    checked: z.int().min(0).meta({ description: 'Links that were looked at, on this page.' }),
    newest: z.string().optional().meta({ description: 'The newest decision of this page.' }),
    oldest: z.string().optional(),
    broken: BrokenLink.optional().meta({ description: 'The oldest link of this page that does not hold.' }),
    nextPageToken: z.string().optional().meta({ description: 'Present when there are older decisions.' }),
  })
  .meta({
    id: 'LedgerCheck',
    description: 'Whether the decisions of a fleet are all there, and as they were recorded.',
  });
export type LedgerCheck = z.infer<typeof LedgerCheck>;
