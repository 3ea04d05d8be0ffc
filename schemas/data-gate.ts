/** The question of a data gate before a city is left or regained, as people and webhooks see it, and its answers. */

import * as z from 'zod';
import { City, Reason, Timestamp } from './common.ts';
import { GateAnswer } from './failover.ts';

export const DataGateQuestion = z
  .object({
    id: z.string().meta({ description: 'The id of the question, which stays the same for as long as it is asked.' }),
    city: City,
    way: z.enum(['leave', 'regain']),
    askedAt: Timestamp,
    withoutAnswer: GateAnswer.meta({ description: 'The answer that is assumed when nobody answers in time.' }),
    until: Timestamp.optional().meta({
      description:
        'The time at which that answer is assumed; absent when only an answer of somebody ends the question.',
    }),
    answered: z
      .object({ answer: GateAnswer, by: z.string(), at: Timestamp })
      .optional()
      .meta({ description: 'The last answer that was given. The question stays open after `stay` only.' }),
  })
  .meta({ id: 'DataGateQuestion' });
export type DataGateQuestion = z.infer<typeof DataGateQuestion>;

export const DataGateAnswerInput = z
  .strictObject({
    city: City.min(1).meta({ examples: ['hangzhou'] }),
    answer: GateAnswer.meta({
      description:
        '`go`: the data is ready where the traffic goes. `stay`: it is not; a later `go` replaces this answer.',
    }),
    question: z
      .string()
      .max(100)
      .optional()
      .meta({
        description:
          'The id of the question. The answer is refused when another question is asked now. When absent, it answers the question that ' +
          'is asked about the city.',
      }),
    reason: Reason,
  })
  .meta({ id: 'DataGateAnswerInput', description: 'The answer to whether the city may be left or regained.' });
export type DataGateAnswerSpec = z.output<typeof DataGateAnswerInput>;

/** The body with which a webhook answers, with status 200. Other fields are ignored. */
export const DataGateReply = z.object({ answer: GateAnswer }).meta({ id: 'DataGateReply' });
