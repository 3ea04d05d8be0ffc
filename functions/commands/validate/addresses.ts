import type { FleetSpec } from '../../../schemas/fleet.ts';
import type { GatewaySpec } from '../../../schemas/gateway.ts';
import { say } from '../../../schemas/messages/index.ts';
import { HttpProbe, type Probe } from '../../../schemas/probe.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { checkHost, checkProbeTarget } from '../../core/egress/target.ts';
import { byName } from '../../core/routing/resolve.ts';
import { ingressClustersOf } from '../../core/routing/terms.ts';
import type { Settings } from '../../deps.ts';
import type { Change } from '../change-set.ts';
import type { Context } from '../context.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { conflict, forbidden } from '../issues.ts';

/** Finds probes and ingress addresses of a cluster that lead where no cluster can be. */
export async function validateCluster(
  { resource: { spec } }: Change<'cluster'>,
  _then: FleetReader,
  { deps: { settings } }: Context,
): Promise<Issue[]> {
  return [
    ...forbiddenProbes(spec.probes, '#/probes', settings),
    ...forbiddenAddresses(spec.ingress?.endpoints ?? [], '#/ingress/endpoints', settings),
  ];
}

/** Finds exports without an address that may be served: an address of their own, or the ingress of their cluster. */
export async function validateService(
  { resource: { spec } }: Change<'service'>,
  then: FleetReader,
  { deps: { settings } }: Context,
): Promise<Issue[]> {
  const clusters = byName(await then.find('cluster', ingressClustersOf(spec)));
  return spec.exports.flatMap(({ cluster, backend }, index) => {
    const pointer = `#/exports/${index}/backend`;
    if (backend.type === 'endpoints') {
      return forbiddenAddresses(backend.endpoints, `${pointer}/endpoints`, settings);
    }
    return clusters.get(cluster)?.spec.ingress ? [] : [conflict(pointer, say('NoIngress', { cluster }))];
  });
}

/** Finds forbidden targets of probes that are not aimed at clusters: control targets, and URLs through gateways. */
export function forbiddenTargets({ voters, controlTargets }: FleetSpec, settings: Settings): Issue[] {
  const ways = voters.flatMap((voter, index) => {
    if (voter.type !== 'gateway-path') return [];
    return forbiddenUrl(voter.url, `#/voters/${index}/url`, settings);
  });
  return [...forbiddenProbes(controlTargets, '#/controlTargets', settings), ...ways];
}

/** Finds a forbidden URL of the data plane check of a gateway. */
export function forbiddenCheck({ dataPlaneCheck }: GatewaySpec, settings: Settings): Issue[] {
  return dataPlaneCheck ? forbiddenUrl(dataPlaneCheck.url, '#/dataPlaneCheck/url', settings) : [];
}

function forbiddenUrl(url: string, pointer: string, settings: Settings): Issue[] {
  const reason = checkProbeTarget(HttpProbe.parse({ type: 'http', url }), settings.egress);
  return reason === undefined ? [] : [forbidden(pointer, say('ForbiddenTarget', { reason }))];
}

function forbiddenProbes(probes: readonly Probe[], pointer: string, settings: Settings): Issue[] {
  return probes.flatMap((probe, index) => {
    const reason = checkProbeTarget(probe, settings.egress);
    const member = probe.type === 'http' ? 'url' : 'host';
    return reason === undefined ? [] : [forbidden(`${pointer}/${index}/${member}`, say('ForbiddenTarget', { reason }))];
  });
}

/** Finds addresses to which no probe may be sent; no traffic may be sent there either. */
function forbiddenAddresses(endpoints: readonly { address: string }[], pointer: string, settings: Settings): Issue[] {
  return endpoints.flatMap(({ address }, index) => {
    const reason = checkHost(address, settings.egress);
    return reason === undefined ? [] : [forbidden(`${pointer}/${index}/address`, say('ForbiddenTarget', { reason }))];
  });
}
