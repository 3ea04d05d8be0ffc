/** The requests, ready to send, that settle what waits for a person. */

import type { DataGateQuestion } from '../../../schemas/data-gate.ts';
import type { GateAnswer } from '../../../schemas/failover.ts';
import type { FleetSpec } from '../../../schemas/fleet.ts';
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
      title: `Take ${cluster} out`,
      effect: `It does fail: its traffic goes to those that serve, as far as the mode of the fleet lets automation act.`,
      path: under(fleet, `clusters/${cluster}/resume`),
    },
    {
      ...post,
      about: `clusters/${cluster}`,
      title: `Keep ${cluster} in`,
      effect: 'It does not fail: for an hour nothing is believed that speaks against it.',
      path: under(fleet, `clusters/${cluster}/dismiss`),
    },
  ]);
  const dismissed = clusters.filter(({ waitsFor }) => waitsFor.some(({ reason }) => reason === 'Dismissed'));
  const second = dismissed.map(({ cluster }) => ({
    ...post,
    about: `clusters/${cluster}`,
    title: `Believe that ${cluster} fails`,
    effect: 'It is judged by its voters again, as far as the mode of the fleet lets automation act.',
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
    const answers = GATE_ANSWERS[way].filter(({ answer }) => answer !== answered?.answer);
    return answers.map(({ answer, title, effect }) => ({
      ...post,
      about: `cities/${city}`,
      title: title(city),
      effect,
      path: under(fleet, 'data-gate-answers'),
      body: { city, answer, question: id, reason: effect },
    }));
  });
}

interface OfferedAnswer {
  answer: GateAnswer;
  title: (city: string) => string;
  effect: string;
}

const GATE_ANSWERS: Record<DataGateQuestion['way'], readonly OfferedAnswer[]> = {
  leave: [
    { answer: 'go', title: (city) => `Leave ${city}`, effect: 'Its data is ready elsewhere: the traffic goes there.' },
    {
      answer: 'stay',
      title: (city) => `Stay in ${city}`,
      effect: 'Its data is not ready elsewhere: the traffic stays, although it fails, until somebody answers go.',
    },
  ],
  regain: [
    { answer: 'go', title: (city) => `Regain ${city}`, effect: 'Its data is ready there: its clusters return.' },
    {
      answer: 'stay',
      title: (city) => `Keep out of ${city}`,
      effect: 'Its data is not ready there: its clusters wait until somebody answers go.',
    },
  ],
};

function recommendationCalls({ fleet, recommendation }: StatusWithoutCalls): ReadyCall[] {
  if (recommendation === undefined) return [];
  const { decision, clusters } = recommendation;
  const moves = clusters.map(({ cluster, before, after }) => `${cluster} ${rangeText(before)} → ${rangeText(after)}`);
  return [
    {
      ...post,
      about: 'recommendation',
      title: 'Apply what is recommended',
      effect: `Gateways are given it: ${moves.join(', ')}. It is refused when that is not recommended any more.`,
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
      title: `Open the gate ${name}`,
      effect: `Automation may leave ${clusters.join(', ')} then. Close it again when that is over.`,
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
    title: `Push to ${gateway} again`,
    effect: `It is made as it is declared, and what somebody changed there is undone. ${faults[0]?.message ?? ''}`,
    path: under(fleet, `gateways/${gateway}/apply`),
  }));
}

const PUSHED_AGAIN: ReadonlySet<string> = new Set(['Refused', 'Drifted', 'NotAsWritten', 'NoProgress']);

function consentCalls({ fleet, brakes }: StatusWithoutCalls): ReadyCall[] {
  const held = brakes.flatMap(({ brake, clusters }) => (brake === 'consent' ? clusters : []));
  return held.map((cluster) => ({
    ...post,
    about: `clusters/${cluster}`,
    title: `Let ${cluster} return`,
    effect:
      'It gets its share back when it has its turn, as the failback of the fleet says, and does not dwell any longer. Where automation does not act, each step is recommended and has to be applied.',
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
      title: 'End the freeze',
      effect: `${freeze.clusters.join(', ')} may return. The windows that are open now are not declared any more.`,
      ...edit(fleet, revision, { ...spec, failover: { ...spec.failover, freezeWindows: left } }),
    },
  ];
}

function modeCalls({ fleet, mode }: StatusWithoutCalls): ReadyCall[] {
  if (mode.automation !== 'paused') return [];
  const effect = `The mode of the fleet becomes ${mode.resumesTo}.`;
  return [{ ...post, about: 'mode', title: 'Resume automation', effect, path: under(fleet, 'resume') }];
}

function peoplesCalls({ fleet, shifts, drill }: StatusWithoutCalls): ReadyCall[] {
  const taken = shifts.filter(({ mode }) => mode !== 'keep');
  const returns = taken.map(
    ({ shift, cluster, service, owner }): ReadyCall => ({
      ...post,
      about: `shifts/${shift}`,
      title:
        service === undefined ? `Give ${cluster} its traffic back` : `Give ${cluster} the traffic of ${service} back`,
      effect: `The shift ${shift} of ${owner} ends, and ${service ?? cluster} returns as after a failure.`,
      path: under(fleet, 'returns'),
      body: service === undefined ? { cluster } : { cluster, service },
    }),
  );
  if (drill === undefined) return returns;
  const effect = `The drill takes ${drill.clusters.join(', ')} out no longer: what was taken comes back as after a failure.`;
  const path = under(fleet, `drill-runs/${drill.run}/abort`);
  return [
    ...returns,
    { ...post, about: `drill-runs/${drill.run}`, title: `End the drill ${drill.drill}`, effect, path },
  ];
}
