/** The status of a fleet, for a person at night: what is wrong, why, until when, and what settles it. */

import type { Automation, FleetSpec } from '../../../schemas/fleet.ts';
import type { DistributionRollout } from '../../../schemas/rollout.ts';
import type { FleetStatus } from '../../../schemas/status.ts';
import { contextOf } from '../failover/context.ts';
import { leastOf } from '../failover/drills.ts';
import { recommendedOf } from '../failover/recommendation.ts';
import type { DecisionInput } from '../failover/decision-input.ts';
import type { LiveDrill } from '../failover/traffic.ts';
import type { Silence } from '../health/silence.ts';
import { isoOf } from '../model/time.ts';
import { rolloutStatus } from '../rollout/calls.ts';
import { brakesOf } from './brakes.ts';
import { callsFor } from './calls.ts';
import { clusterStatuses } from './clusters.ts';
import { type GatewayStatusInput, gatewayStatus } from './gateways.ts';
import { summaryOf } from './summary.ts';

/** Everything that a status is computed from, as it is stored. */
export interface Sources {
  /** The input of a decision. A decision that is taken now may change it in a moment. */
  input: DecisionInput;
  /** The declaration of the fleet. */
  declared: { spec: FleetSpec; revision: number };
  /** The mode to which a paused fleet goes back. */
  resumesTo: Automation;
  gateways: readonly GatewayStatusInput[];
  silent: readonly Silence[];
  /** The rollouts that have not ended. */
  rollouts: readonly DistributionRollout[];
}

export function statusOf(sources: Sources): FleetStatus {
  const { input, gateways, silent } = sources;
  const { fleet, nowMs, traffic, placements, policy } = input;
  const context = contextOf(input);
  const recommended = recommendedOf(placements, traffic);
  const head = traffic.head?.decision;
  const { automation } = policy;
  const facts = {
    mode: { automation, ...(automation === 'paused' && { resumesTo: sources.resumesTo }) },
    clusters: clusterStatuses(context, gateways, recommended),
    brakes: brakesOf(context, recommended),
    ...(recommended && head !== undefined && { recommendation: { decision: head, clusters: recommended.clusters } }),
    silentVoters: silent.map(({ voter, sinceMs, isLost }) => ({
      voter,
      ...(sinceMs !== undefined && { since: isoOf(sinceMs) }),
      isLost,
    })),
    overloads: traffic.allocation.overloads,
    gateways: gateways.map((gateway) => gatewayStatus(gateway, nowMs)),
    ...peoplesOf(input),
    rollouts: sources.rollouts.flatMap(rolloutStatus),
    trafficVersion: traffic.version,
    ...(head !== undefined && { decision: head }),
  };
  const told = { fleet, at: isoOf(nowMs), ...facts };
  return { ...told, summary: summaryOf(told), calls: callsFor(told, sources.declared) };
}

function peoplesOf({ traffic }: DecisionInput): Pick<FleetStatus, 'shifts' | 'serviceReturns' | 'breakGlasses' | 'drill'> {
  const { drill, serviceReturns } = traffic;
  return {
    shifts: traffic.shifts.map(({ name, expiresAtMs, ...shift }) => {
      const { cluster, service, mode, percent, owner, reason } = shift;
      const target = service === undefined ? { cluster } : { cluster, service };
      return { shift: name, ...target, mode, percent, owner, reason, expiresAt: isoOf(expiresAtMs) };
    }),
    ...(serviceReturns && {
      serviceReturns: serviceReturns.map(({ service, cluster, shift, sinceMs }) => ({
        ...{ service, cluster, percent: leastOf(traffic, [cluster], service), since: isoOf(sinceMs) },
        ...(shift !== undefined && { shift }),
      })),
    }),
    breakGlasses: traffic.breakGlasses.map(({ name, rules, owner, reason, expiresAtMs }) => {
      return { breakGlass: name, rules, owner, reason, expiresAt: isoOf(expiresAtMs) };
    }),
    ...(drill && { drill: drillShown(drill) }),
  };
}

function drillShown({ run, name, clusters, service, phase }: LiveDrill): FleetStatus['drill'] {
  return { run, drill: name, clusters, ...(service !== undefined && { service }), phase };
}
