/** What is asked before a city is left or regained, as people and webhooks are shown it. */

import * as z from 'zod';
import { City, Reason, Timestamp } from './common.ts';
import { GateAnswer } from './failover.ts';

export const DataGateQuestion = z
  .object({
    id: z.string().meta({ description: 'The same for as long as it is asked.' }),
    city: City,
    way: z.enum(['leave', 'regain']),
    askedAt: Timestamp,
    withoutAnswer: GateAnswer.meta({ description: 'What happens when nobody answers in time.' }),
    until: Timestamp.optional().meta({ description: 'When that happens; absent where only an answer ends it.' }),
    answered: z
      .object({ answer: GateAnswer, by: z.string(), at: Timestamp })
      .optional()
      .meta({ description: 'The last answer: only `stay` leaves it open.' }),
  })
  .meta({ id: 'DataGateQuestion' });
export type DataGateQuestion = z.infer<typeof DataGateQuestion>;

export const DataGateAnswerInput = z
  .strictObject({
    city: City.min(1).meta({ examples: ['hangzhou'] }),
    answer: GateAnswer.meta({
      description: '`go`: the data is ready where the traffic goes. `stay`: it is not; a later `go` ends that.',
    }),
    question: z.string().max(100).optional().meta({
      description:
        'The id of the question. Refused when another one is asked now; absent: whatever is asked of the city.',
    }),
    reason: Reason,
  })
  .meta({ id: 'DataGateAnswerInput', description: 'Whether the city may be left, or regained.' });
export type DataGateAnswerSpec = z.output<typeof DataGateAnswerInput>;

/** What a webhook answers with 200; what else it says is its own. */
export const DataGateReply = z.object({ answer: GateAnswer }).meta({ id: 'DataGateReply' });
