/**
 * Asks the webhooks of data gates. It works in the background: a target that hangs delays only the next question to
 * itself.
 */

import type { FleetSpec } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Delivery, Event } from '../../../schemas/notification.ts';
import { type OpenQuestion, openQuestions, questionShown, questionText } from '../../core/failover/data-gates.ts';
import type { Resource } from '../../core/model/resource.ts';
import { isoOf } from '../../core/model/time.ts';
import { deliveryOf } from '../../core/notification/events.ts';
import type { Reply } from '../../core/notification/format.ts';
import type { Deps } from '../../deps.ts';
import { documentOf } from '../deliveries.ts';
import { factsOf } from './decision-input.ts';
import { evaluate, type Pusher } from './evaluate.ts';

/** The time before an open question is asked again: `AGAIN_MS` while its `gateSeconds` run, `LATER_MS` afterwards. */
const AGAIN_MS = 10_000;
const LATER_MS = 60_000;

/** The number of attempts that are kept per question. */
const MOST_ATTEMPTS = 50;

export interface GateAsker {
  /** Asks the questions that are due, in the background. */
  ask(fleet: Resource<'fleet'>, clusters: readonly Resource<'cluster'>[]): void;
  /** Resolves once no question is under way. */
  idle(): Promise<void>;
}

export function createGateAsker(deps: Deps, pusher: Pusher): GateAsker {
  /** The time at which each question was last asked, by its id. The work under way is in `asking`. */
  const askedMs = new Map<string, number>();
  const asking = new Map<string, Promise<void>>();
  const begin = (key: string, work: () => Promise<void>, fleet: string) => {
    if (asking.has(key)) return;
    const done = work()
      .catch((error: unknown) => deps.log.error('data-gate.failed', { fleet }, error))
      .finally(() => asking.delete(key));
    asking.set(key, done);
  };
  const look = async ({ name, spec }: Resource<'fleet'>, clusters: readonly Resource<'cluster'>[]) => {
    const traffic = await deps.store.traffic(name);
    const nowMs = deps.clock.now();
    const facts = clusters.map((cluster) => factsOf(cluster, spec));
    for (const question of openQuestions({ policy: spec, clusters: facts, traffic, nowMs })) {
      if (!isDue(question, askedMs.get(question.id), nowMs)) continue;
      askedMs.set(question.id, nowMs);
      begin(question.id, () => askTarget(deps, { fleet: name, spec, question }, pusher), name);
    }
  };
  return {
    ask: (fleet, clusters) => {
      const gates = fleet.spec.failover.dataGates ?? [];
      if (gates.some(({ target }) => target !== undefined)) begin('look', () => look(fleet, clusters), fleet.name);
    },
    idle: async () => {
      while (asking.size > 0) await Promise.all(asking.values());
    },
  };
}

/** Tells whether a question is to be asked now. A question that has an answer is not asked again. */
function isDue({ gate, answer, askedAtMs }: OpenQuestion, lastMs: number | undefined, nowMs: number): boolean {
  if (gate.target === undefined || answer !== undefined) return false;
  const isInTime = nowMs - askedAtMs < gate.gateSeconds * 1000;
  return lastMs === undefined || nowMs - lastMs >= (isInTime ? AGAIN_MS : LATER_MS);
}

interface Asked {
  fleet: string;
  spec: FleetSpec;
  question: OpenQuestion;
}

/**
 * Asks the target of a gate. An answer becomes a command, like that of a person, and applies only to the question it
 * was given to.
 */
async function askTarget(deps: Deps, { fleet, spec, question }: Asked, pusher: Pusher): Promise<void> {
  const { city, way, id, gate } = question;
  const { target = '' } = gate;
  const event = eventOf(fleet, question);
  const reply = await deps.notifier.ask(target, event);
  deps.log.info('data-gate', { fleet, city, way, target, outcome: reply.outcome });
  if (reply.answer !== undefined) {
    const command = { type: 'answer-gate', city, question: id, answer: reply.answer } as const;
    const reason = say('GateWasAsked', { target, city, way }).text;
    await evaluate(deps, fleet, spec, { command, actor: `target ${target}`, reason });
    pusher.push();
  }
  await keep(deps, event, target, reply);
}

/**
 * Returns the event of a question. It is identical each time, so that a target that is asked twice can recognise the
 * repetition.
 */
function eventOf(fleet: string, question: OpenQuestion): Event {
  return {
    id: `evt_${question.id.replace(/^gat_/, '')}`,
    type: 'data-gate.asked',
    fleet,
    at: isoOf(question.askedAtMs),
    summary: questionText(question),
    clusters: question.clusters,
    dataGate: questionShown(question),
  };
}

/** Records the attempt among the deliveries. Its state is never `pending`, so that nothing else sends it. */
async function keep({ store, clock }: Deps, event: Event, target: string, { isTaken, outcome }: Reply): Promise<void> {
  const { nextAttemptAt: _, ...fresh } = deliveryOf(event, target);
  const known = await store.document(event.fleet, 'delivery', fresh.id);
  const nowMs = clock.now();
  const attempts = [...(known?.body.attempts ?? []), { at: isoOf(nowMs), outcome }].slice(-MOST_ATTEMPTS);
  const delivery: Delivery = { ...fresh, state: isTaken ? 'delivered' : 'failed', attempts };
  await store.putDocument(documentOf(delivery, (known?.version ?? 0) + 1, nowMs));
}
