import type { FleetSpec } from '../../../schemas/fleet.ts';
import { HttpProbe, type Probe } from '../../../schemas/probe.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { type AddressPolicy, checkProbeTarget } from '../../core/probe-target.ts';
import type { Settings } from '../../deps.ts';
import { forbidden } from '../issues.ts';

export function addressPolicy(settings: Settings): AddressPolicy {
  return { allowLoopback: settings.allowLoopbackProbes };
}

/** Those that must not be sent. */
export function forbiddenProbes(probes: readonly Probe[], pointer: string, settings: Settings): Issue[] {
  return probes.flatMap((probe, index) => {
    const reason = checkProbeTarget(probe, addressPolicy(settings));
    const member = probe.type === 'http' ? 'url' : 'host';
    return reason === undefined ? [] : [forbidden(`${pointer}/${index}/${member}`, reason)];
  });
}

/** What a fleet has probed besides its clusters: control targets, and the ways through gateways. */
export function forbiddenTargets({ voters, controlTargets }: FleetSpec, settings: Settings): Issue[] {
  const ways = voters.flatMap((voter, index) => {
    if (voter.type !== 'gateway-path') return [];
    const reason = checkProbeTarget(HttpProbe.parse({ type: 'http', url: voter.url }), addressPolicy(settings));
    return reason === undefined ? [] : [forbidden(`#/voters/${index}/url`, reason)];
  });
  return [...forbiddenProbes(controlTargets, '#/controlTargets', settings), ...ways];
}
