/**
 * The brakes that are in force, each with the clusters that it holds. People declare brakes so that automation does
 * less.
 */

import type { Recommended } from '../../../schemas/decision.ts';
import { say } from '../../../schemas/messages/index.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { Brake } from '../../../schemas/status.ts';
import { type Context, stateOf } from '../failover/context.ts';
import { openQuestions, questionShown, questionText } from '../failover/data-gates.ts';
import { holdReasonsOf } from '../failover/limits.ts';
import type { BrakeName, ClusterState } from '../failover/traffic.ts';
import { BRAKE_REASONS } from '../failover/waits.ts';
import { openUntilMs } from '../failover/windows.ts';
import { isoOf } from '../model/time.ts';

export function brakesOf(context: Context, recommended: Recommended | undefined): Brake[] {
  return [
    ...suspicions(context, 'correlation'),
    ...suspicions(context, 'max-removed'),
    ...dataGates(context),
    ...closedGates(context),
    ...freeze(context),
    ...consent(context),
    ...mode(context, recommended),
  ];
}

function namesWhere(context: Context, isMeant: (state: ClusterState) => boolean): string[] {
  const { traffic } = context.input;
  const found = [...context.clusters.values()].filter(({ facts }) => isMeant(stateOf(traffic, facts)));
  return found.map(({ facts }) => facts.name);
}

/** Returns the brake that keeps failing clusters in until somebody says whether they fail, or the clock does. */
function suspicions(context: Context, name: Exclude<BrakeName, 'data-gate'>): Brake[] {
  const clusters = namesWhere(context, ({ standing, brake }) => standing === 'suspected' && brake?.name === name);
  if (clusters.length === 0) return [];
  const ends = context.input.traffic.clusters.flatMap(({ cluster, brake }) =>
    clusters.includes(cluster) ? (brake?.untilMs ?? []) : [],
  );
  const until = ends.length === 0 ? {} : { until: isoOf(Math.max(...ends)) };
  const message = `${clusters.join(', ')}: ${sentenceOf(BRAKE_REASONS[name], until)}`;
  return [{ brake: name, clusters, message, ...until }];
}

/** Returns the open questions about cities, each with the clusters that it holds. */
function dataGates({ input }: Context): Brake[] {
  return openQuestions(input).map((question) => {
    const dataGate = questionShown(question);
    const { until } = dataGate;
    const message = questionText(question);
    return { brake: 'data-gate', clusters: question.clusters, message, ...(until && { until }), dataGate };
  });
}

function closedGates(context: Context): Brake[] {
  const closed = context.input.policy.safety.gates.filter(({ open }) => !open);
  return closed.map(({ name, clusters: named }) => {
    const held = namesWhere(context, ({ cluster, standing, impairedSinceMs }) => {
      const isBad = standing === 'down' || impairedSinceMs !== undefined;
      return isBad && (named === undefined || named.includes(cluster));
    });
    const message = say('GateIsClosed', { gate: name, clusters: named?.join(', ') }).text;
    return { brake: 'gate', name, clusters: held, message };
  });
}

function freeze(context: Context): Brake[] {
  const { nowMs, policy } = context.input;
  const untilMs = openUntilMs(policy.failover.freezeWindows, nowMs);
  if (untilMs === undefined) return [];
  const services = new Set((context.input.traffic.serviceReturns ?? []).map(({ cluster }) => cluster));
  const clusters = namesWhere(context, ({ cluster, standing }) => {
    return standing === 'held' || standing === 'ramping' || services.has(cluster);
  });
  const until = isoOf(untilMs);
  const message = say('FreezeOpen', { until }).text;
  return [{ brake: 'freeze', clusters, message, until }];
}

/** Returns the brake that holds recovered clusters until a person lets them return. */
function consent(context: Context): Brake[] {
  if (context.input.policy.failover.failback.mode !== 'manual') return [];
  const clusters = namesWhere(context, (state) => {
    return (
      state.standing === 'held' &&
      !state.isApproved &&
      holdReasonsOf(context, context.input.traffic, state).includes('consent')
    );
  });
  if (clusters.length === 0) return [];
  return [{ brake: 'consent', clusters, message: say('FailbackManual').text }];
}

function mode({ input: { policy } }: Context, recommended: Recommended | undefined): Brake[] {
  if (policy.automation === 'automatic') return [];
  const clusters = (recommended?.clusters ?? []).map(({ cluster }) => cluster);
  const message = say(policy.automation === 'paused' ? 'ModePauses' : 'ModeRecommends').text;
  return [{ brake: 'mode', clusters, message }];
}
