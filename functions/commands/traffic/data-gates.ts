import type { DataGateAnswerSpec } from '../../../schemas/data-gate.ts';
import { type Message, say } from '../../../schemas/messages/index.ts';
import { openQuestions, questionOf } from '../../core/failover/data-gates.ts';
import type { Command, DecisionInput } from '../../core/failover/decision-input.ts';
import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';
import { auditingRefusals, theFleet } from '../refusals.ts';
import { type Commanded, commandTraffic } from './command.ts';

/**
 * Answers the data gate of a city: whether the city may be left or regained. Repeating an answer changes nothing.
 * Throws `nothing-asked` when there is no such question now, and what `commandTraffic` throws.
 */
export async function answerDataGate(ctx: Context, fleet: string, spec: DataGateAnswerSpec): Promise<Commanded> {
  return await auditingRefusals(ctx, theFleet(fleet), 'data-gate.refused', async () => {
    let note: string | undefined;
    const asker = { ...ctx, reason: ctx.reason ?? spec.reason };
    const commanded = await commandTraffic(asker, fleet, (input) => {
      const command = commandOf(input, spec);
      note = command ? undefined : say('AnsweredAlready', spec).text;
      return command;
    });
    return note === undefined ? commanded : { note };
  });
}

/** Returns the command of an answer, or undefined when the question already has this answer. */
function commandOf(input: DecisionInput, { city, answer, question: id }: DataGateAnswerSpec): Command | undefined {
  const known = questionOf(input.traffic, city);
  const isMeant = known !== undefined && (id === undefined || id === known.id);
  if (isMeant && known.answer?.answer === answer) return undefined;
  const isOpen = openQuestions(input).some((question) => question.id === known?.id);
  if (isMeant && isOpen) return { type: 'answer-gate', city, question: known.id, answer };
  throw new AppError('nothing-asked', whyNot(input, city, isOpen));
}

function whyNot({ traffic, policy }: DecisionInput, city: string, isOpen: boolean): Message {
  if (!policy.failover.dataGates?.some((gate) => gate.city === city)) return say('NoDataGate', { city });
  if (isOpen) return say('AsksOther', { city });
  const { way, answer } = questionOf(traffic, city) ?? {};
  if (way === undefined) return say('AsksNothing', { city });
  return say('AsksNoMore', { city, way, by: answer?.answer === 'go' ? answer.by : undefined });
}
