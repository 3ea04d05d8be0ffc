/** The requests, ready to send, that settle what waits for a person. */

import type { GateAnswer } from '../../../schemas/failover.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { FleetStatus, ReadyCall } from '../../../schemas/status.ts';
import { rangeText } from '../allocation/points.ts';
import { windowStartMs } from '../failover/windows.ts';
import { msOf } from '../model/time.ts';
import { rolloutCalls } from '../rollout/calls.ts';

type StatusWithoutCalls = Omit<FleetStatus, 'summary' | 'calls'>;

interface Declared {
  spec: FleetSpec;
  revision: number;
}

export function callsFor(status: StatusWithoutCalls, declared: Declared): ReadyCall[] {
  return [
    ...dataGateCalls(status),
    ...suspicionCalls(status),
    ...recommendationCalls(status),
    ...gateCalls(status, declared),
    ...gatewayCalls(status),
    ...consentCalls(status),
    ...freezeCalls(status, declared),
    ...modeCalls(status),
    ...peoplesCalls(status),
    ...status.rollouts.flatMap(({ rollout: id, distribution, state }) => {
      return rolloutCalls({ fleet: status.fleet, distribution, id, state });
    }),
  ];
}

const post = { method: 'POST' } as const;

function under(fleet: string, rest: string): string {
  return `/v1/fleets/${fleet}/${rest}`;
}

/** Returns both answers to each suspicion, and for a dismissed cluster the call that takes the dismissal back. */
function suspicionCalls({ fleet, brakes, clusters }: StatusWithoutCalls): ReadyCall[] {
  const suspected = brakes.flatMap((item) => (isSuspicion(item) ? item.clusters : []));
  const answers = suspected.flatMap((cluster): ReadyCall[] => [
    {
      ...post,
      about: `clusters/${cluster}`,
      title: say('TakeOut', { cluster }).text,
      effect: say('TakeOutDoes').text,
      path: under(fleet, `clusters/${cluster}/resume`),
    },
    {
      ...post,
      about: `clusters/${cluster}`,
      title: say('KeepIn', { cluster }).text,
      effect: say('KeepInDoes').text,
      path: under(fleet, `clusters/${cluster}/dismiss`),
    },
  ]);
  const dismissed = clusters.filter(({ waitsFor }) => waitsFor.some(({ reason }) => reason === 'Dismissed'));
  const second = dismissed.map(({ cluster }) => ({
    ...post,
    about: `clusters/${cluster}`,
    title: say('BelieveFailure', { cluster }).text,
    effect: say('BelieveFailureDoes').text,
    path: under(fleet, `clusters/${cluster}/resume`),
  }));
  return [...answers, ...second];
}

function isSuspicion({ brake, dataGate }: StatusWithoutCalls['brakes'][number]): boolean {
  return brake === 'correlation' || brake === 'max-removed' || (brake === 'data-gate' && dataGate === undefined);
}

/** Returns the calls that answer a data gate, without the answer that was given already. */
function dataGateCalls({ fleet, brakes }: StatusWithoutCalls): ReadyCall[] {
  return brakes.flatMap(({ dataGate }): ReadyCall[] => {
    if (dataGate === undefined) return [];
    const { city, way, id, answered } = dataGate;
    const answers = GATE_ANSWERS.filter((answer) => answer !== answered?.answer);
    return answers.map((answer) => {
      const effect = say('AnswerGateDoes', { way, answer }).text;
      return {
        ...post,
        about: `cities/${city}`,
        title: say('AnswerGate', { city, way, answer }).text,
        effect,
        path: under(fleet, 'data-gate-answers'),
        body: { city, answer, question: id, reason: effect },
      };
    });
  });
}

const GATE_ANSWERS: readonly GateAnswer[] = ['go', 'stay'];

function recommendationCalls({ fleet, recommendation }: StatusWithoutCalls): ReadyCall[] {
  if (recommendation === undefined) return [];
  const { decision, clusters } = recommendation;
  const moves = clusters.map(({ cluster, before, after }) => `${cluster} ${rangeText(before)} → ${rangeText(after)}`);
  return [
    {
      ...post,
      about: 'recommendation',
      title: say('ApplyRecommended').text,
      effect: say('ApplyRecommendedDoes', { moves: moves.join(', ') }).text,
      path: under(fleet, `decisions/${decision}/apply`),
    },
  ];
}

/** Returns the calls that open gates. Only gates that hold clusters now are offered. */
function gateCalls({ fleet, brakes }: StatusWithoutCalls, { spec, revision }: Declared): ReadyCall[] {
  const holding = brakes.filter(({ brake, clusters }) => brake === 'gate' && clusters.length > 0);
  return holding.map(({ name = '', clusters }) => {
    const gates = spec.safety.gates.map((gate) => (gate.name === name ? { ...gate, open: true } : gate));
    return {
      about: `gates/${name}`,
      title: say('OpenGate', { gate: name }).text,
      effect: say('OpenGateDoes', { clusters: clusters.join(', ') }).text,
      ...edit(fleet, revision, { ...spec, safety: { ...spec.safety, gates } }),
    };
  });
}

/** Returns an edit of the fleet's declaration, which is refused when somebody else has edited it meanwhile. */
function edit(
  fleet: string,
  revision: number,
  spec: FleetSpec,
): Pick<ReadyCall, 'method' | 'path' | 'headers' | 'body'> {
  return { method: 'PUT', path: `/v1/fleets/${fleet}`, headers: { 'If-Match': `"${revision}"` }, body: { ...spec } };
}

/**
 * Returns the calls that push to a gateway again. They are offered only where changes were refused, were changed by
 * hand, or are stuck, since nothing else pushes those; any other waiting change is on its way.
 */
function gatewayCalls({ fleet, gateways }: StatusWithoutCalls): ReadyCall[] {
  const stuck = gateways.filter(({ faults }) => faults.some(({ reason }) => PUSHED_AGAIN.has(reason)));
  return stuck.map(({ gateway, faults }) => ({
    ...post,
    about: `gateways/${gateway}`,
    title: say('PushAgain', { gateway }).text,
    effect: say('PushAgainDoes', { told: faults[0]?.message ?? '' }).text,
    path: under(fleet, `gateways/${gateway}/apply`),
  }));
}

const PUSHED_AGAIN: ReadonlySet<string> = new Set(['Refused', 'Drifted', 'NotAsWritten', 'NoProgress']);

function consentCalls({ fleet, brakes }: StatusWithoutCalls): ReadyCall[] {
  const held = brakes.flatMap(({ brake, clusters }) => (brake === 'consent' ? clusters : []));
  return held.map((cluster) => ({
    ...post,
    about: `clusters/${cluster}`,
    title: say('LetReturn', { cluster }).text,
    effect: say('LetReturnDoes').text,
    path: under(fleet, `clusters/${cluster}/restore`),
  }));
}

function freezeCalls({ fleet, at, brakes }: StatusWithoutCalls, { spec, revision }: Declared): ReadyCall[] {
  const freeze = brakes.find(({ brake }) => brake === 'freeze');
  if (freeze === undefined || freeze.clusters.length === 0) return [];
  const left = spec.failover.freezeWindows.filter((window) => windowStartMs(window, msOf(at)) === undefined);
  return [
    {
      about: 'freeze',
      title: say('EndFreeze').text,
      effect: say('EndFreezeDoes', { clusters: freeze.clusters.join(', ') }).text,
      ...edit(fleet, revision, { ...spec, failover: { ...spec.failover, freezeWindows: left } }),
    },
  ];
}

function modeCalls({ fleet, mode }: StatusWithoutCalls): ReadyCall[] {
  if (mode.automation !== 'paused') return [];
  const title = say('ResumeAutomation').text;
  const effect = say('ResumeAutomationDoes', { mode: mode.resumesTo }).text;
  return [{ ...post, about: 'mode', title, effect, path: under(fleet, 'resume') }];
}

function peoplesCalls({ fleet, shifts, drill }: StatusWithoutCalls): ReadyCall[] {
  const taken = shifts.filter(({ mode }) => mode !== 'keep');
  const returns = taken.map(
    ({ shift, cluster, service, owner }): ReadyCall => ({
      ...post,
      about: `shifts/${shift}`,
      title: say('GiveBack', { cluster, service }).text,
      effect: say('GiveBackDoes', { shift, owner, target: service ?? cluster }).text,
      path: under(fleet, 'returns'),
      body: service === undefined ? { cluster } : { cluster, service },
    }),
  );
  if (drill === undefined) return returns;
  const title = say('EndDrill', { drill: drill.drill }).text;
  const effect = say('EndDrillDoes', { clusters: drill.clusters.join(', ') }).text;
  const path = under(fleet, `drill-runs/${drill.run}/abort`);
  return [...returns, { ...post, about: `drill-runs/${drill.run}`, title, effect, path }];
}
