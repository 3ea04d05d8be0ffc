/**
 * Data gates: before automation leaves or regains a city, it asks whether the city's data is ready where the traffic
 * goes. docs/adr/0030 gives the reasons.
 */

import type { DataGateQuestion } from '../../../schemas/data-gate.ts';
import type { DataGate } from '../../../schemas/failover.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { ClusterFacts, Policy } from '../model/fleet-facts.ts';
import { compareText } from '../model/text.ts';
import { isoOf } from '../model/time.ts';
import type { ClusterState, GateQuestion, Traffic } from './traffic.ts';

/** The facts from which open questions follow. */
export interface GateFacts {
  policy: Pick<Policy, 'failover'>;
  clusters: readonly Pick<ClusterFacts, 'name' | 'city'>[];
  traffic: Pick<Traffic, 'clusters' | 'gateQuestions'>;
  nowMs: number;
}

/** A question that holds clusters now. */
export interface OpenQuestion extends GateQuestion {
  gate: DataGate;
  /** The clusters that it holds, sorted by name. */
  clusters: string[];
  /** The time at which the question ends without an answer; absent when only an answer ends it. */
  untilMs?: number | undefined;
}

export function questionOf({ gateQuestions = [] }: Pick<Traffic, 'gateQuestions'>, city: string | undefined) {
  return gateQuestions.find((question) => question.city === city);
}

export function gateOf({ failover }: Pick<Policy, 'failover'>, city: string): DataGate | undefined {
  return failover.dataGates?.find((gate) => gate.city === city);
}

/**
 * Returns the time at which the traffic may go without an answer; undefined when there is an answer, or when only an
 * answer lets it go.
 */
export function gateEndMs(gate: DataGate, { way, answer, askedAtMs }: GateQuestion): number | undefined {
  const isByClock = answer === undefined && gate[way].withoutAnswer === 'go';
  return isByClock ? askedAtMs + gate.gateSeconds * 1000 : undefined;
}

/**
 * Tells whether the traffic may go, because a person has said so or the time is up. A question whose gate is no longer
 * declared holds nothing.
 */
export function isReleased(policy: Pick<Policy, 'failover'>, question: GateQuestion, nowMs: number): boolean {
  const gate = gateOf(policy, question.city);
  if (gate === undefined || question.answer?.answer === 'go') return true;
  return nowMs >= (gateEndMs(gate, question) ?? Number.POSITIVE_INFINITY);
}

/** Returns the questions that hold clusters now and so wait for an answer or the end of their time. */
export function openQuestions({ policy, clusters, traffic, nowMs }: GateFacts): OpenQuestion[] {
  return (traffic.gateQuestions ?? []).flatMap((question): OpenQuestion[] => {
    const gate = gateOf(policy, question.city);
    if (gate === undefined || isReleased(policy, question, nowMs)) return [];
    const here = new Set(clusters.filter(({ city }) => city === question.city).map(({ name }) => name));
    const held = traffic.clusters.filter((state) => here.has(state.cluster) && isHeldBy(question, state));
    if (held.length === 0) return [];
    const untilMs = gateEndMs(gate, question);
    const names = held.map(({ cluster }) => cluster).sort(compareText);
    return [{ ...question, gate, clusters: names, ...(untilMs !== undefined && { untilMs }) }];
  });
}

/**
 * Tells whether the question holds the cluster: `leave` keeps failing clusters in, `regain` keeps recovered ones out.
 */
function isHeldBy({ way }: GateQuestion, { standing }: ClusterState): boolean {
  return standing === (way === 'leave' ? 'suspected' : 'held');
}

/** Tells whether a recovered cluster waits until its city may be regained. */
export function awaitsGate(
  { policy, clusters, traffic, nowMs }: GateFacts,
  { cluster, standing }: ClusterState,
): boolean {
  if (traffic.gateQuestions === undefined || standing !== 'held') return false;
  const question = questionOf(traffic, clusters.find(({ name }) => name === cluster)?.city);
  return question?.way === 'regain' && !isReleased(policy, question, nowMs);
}

/** Returns the traffic with this question in place of the one about the same city. */
export function withQuestion(traffic: Traffic, question: GateQuestion): Traffic {
  const others = (traffic.gateQuestions ?? []).filter(({ city }) => city !== question.city);
  return { ...traffic, gateQuestions: [...others, question].sort((a, b) => compareText(a.city, b.city)) };
}

/** Returns the traffic with exactly these questions. */
export function withQuestions({ gateQuestions: _, ...traffic }: Traffic, questions: GateQuestion[]): Traffic {
  return questions.length > 0 ? { ...traffic, gateQuestions: questions } : traffic;
}

/** Returns a question as people and webhooks see it. */
export function questionShown({ id, city, way, askedAtMs, gate, untilMs, answer }: OpenQuestion): DataGateQuestion {
  return {
    id,
    city,
    way,
    askedAt: isoOf(askedAtMs),
    withoutAnswer: gate[way].withoutAnswer,
    ...(untilMs !== undefined && { until: isoOf(untilMs) }),
    ...(answer && { answered: { answer: answer.answer, by: answer.by, at: isoOf(answer.atMs) } }),
  };
}

/** Returns a sentence that tells people what is asked and what happens without an answer. */
export function questionText({ city, way, clusters, untilMs, answer }: OpenQuestion): string {
  const until = untilMs === undefined ? undefined : isoOf(untilMs);
  return say('DataGateAsks', { city, way, clusters: clusters.join(', '), until, answered: answer }).text;
}
