import type { Issue } from '../../../schemas/problem.ts';
import { type AddressPolicy, checkAddress } from '../../core/probe-target.ts';
import type { Settings } from '../../deps.ts';
import { forbidden } from '../issues.ts';
import type { World } from '../world.ts';
import type { Change } from '../write/change-set.ts';
import { addressPolicy, forbiddenProbes } from './probes.ts';

/** Neither probes nor traffic may go where no cluster is. */
export async function validateCluster(
  { resource: { spec } }: Change<'cluster'>,
  _then: World,
  settings: Settings,
): Promise<Issue[]> {
  return [
    ...forbiddenProbes(spec.probes, '#/probes', settings),
    ...forbiddenAddresses(spec.ingress?.endpoints ?? [], '#/ingress/endpoints', addressPolicy(settings)),
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
