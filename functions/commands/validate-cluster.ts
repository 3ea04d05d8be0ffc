import type { Issue } from '../../schemas/problem.ts';
import { type AddressPolicy, checkAddress } from '../core/probe-target.ts';
import type { Settings } from '../deps.ts';
import { forbidden, type Proposal } from './proposal.ts';
import { referrer, SHOWN_REFERRERS } from './referrers.ts';
import { addressPolicy, forbiddenProbes } from './validate-probes.ts';
import type { World } from './world.ts';

export async function validateCluster(
  { name, spec, before }: Proposal<'cluster'>,
  world: World,
  settings: Settings,
): Promise<Issue[]> {
  const policy = addressPolicy(settings);
  const losesIngress = before?.spec.ingress !== undefined && spec.ingress === undefined;
  return [
    ...forbiddenProbes(spec.probes, '#/probes', settings),
    ...forbiddenAddresses(spec.ingress?.endpoints ?? [], '#/ingress/endpoints', policy),
    ...(losesIngress ? await ingressUsers(name, world) : []),
  ];
}

/** Traffic must not be sent where a probe must not go. */
export function forbiddenAddresses(
  endpoints: readonly { address: string }[],
  pointer: string,
  policy: AddressPolicy,
): Issue[] {
  return endpoints.flatMap(({ address }, index) => {
    const reason = checkAddress(address, policy);
    return reason === undefined ? [] : [forbidden(`${pointer}/${index}/address`, reason)];
  });
}

/** The exports that are served by the ingress of the cluster. */
async function ingressUsers(cluster: string, world: World): Promise<Issue[]> {
  const found: Issue[] = [];
  for await (const services of world.pages('service')) {
    for (const service of services) {
      const index = service.spec.exports.findIndex(
        (item) => item.cluster === cluster && item.backend.type === 'ingress',
      );
      if (index >= 0) found.push(referrer(service, `#/exports/${index}/backend`));
    }
    if (found.length >= SHOWN_REFERRERS) break;
  }
  return found.slice(0, SHOWN_REFERRERS);
}
