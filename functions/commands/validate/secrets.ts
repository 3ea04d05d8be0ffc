import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { credentialsIn, lostSecret } from '../../core/lint/credentials.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type NeededSecret, neededSecrets, sentRequests } from '../../core/model/sent-requests.ts';
import type { Secrets } from '../../deps.ts';
import { type Change, isOf } from '../change-set.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { SHOWN_PLACES, unknownReference } from '../issues.ts';
import { isModeAlone } from './policy.ts';

/**
 * Finds credentials that a declaration holds, and secrets that it names and the control plane does not have. A change of
 * the automation mode alone is never refused.
 */
export async function secretFaults(change: Change, secrets: Secrets): Promise<Issue[]> {
  const { resource } = change;
  if (isOf('fleet')(change) && change.before && isModeAlone(change.before.spec, change.resource.spec)) return [];
  const lacking = await lackingSecrets(resource, secrets);
  return [
    ...sentRequests(resource).flatMap(credentialsIn),
    ...lacking.map((needed) =>
      unknownReference(needed.pointer, say('NoSecret', { name: needed.name, host: needed.host })),
    ),
  ];
}

/**
 * Returns warnings about everything in a fleet that sends requests: credentials that were declared before these were
 * refused, and secrets that the control plane does not have any more.
 */
export async function secretWarnings(
  fleet: Resource<'fleet'>,
  reader: FleetReader,
  secrets: Secrets,
): Promise<Issue[]> {
  const [clusters, gateways] = await Promise.all([reader.clusters(), reader.gateways()]);
  const found = [fleet, ...clusters, ...gateways].map(async (resource) => {
    const lacking = await lackingSecrets(resource, secrets);
    return [...sentRequests(resource).flatMap(credentialsIn), ...lacking.map(lostSecret)].map((issue) =>
      resource.kind === 'fleet' ? issue : { ...issue, pointer: `${resource.kind}s/${resource.name}${issue.pointer}` },
    );
  });
  const all = (await Promise.all(found)).flat();
  const more = issueAt('#', 'credential-in-clear', say('MorePlaces', { count: all.length }));
  return all.length > SHOWN_PLACES ? [...all.slice(0, SHOWN_PLACES), more] : all;
}

/** Returns the secrets that requests of the control plane need and do not find. Those of agents are not known here. */
async function lackingSecrets(resource: Resource, secrets: Secrets): Promise<NeededSecret[]> {
  const needed = sentRequests(resource)
    .filter(({ isOfAgents }) => !isOfAgents)
    .flatMap(neededSecrets);
  const values = await Promise.all(needed.map(({ name, host }) => secrets.find(name, host)));
  return needed.filter((_, index) => values[index] === undefined);
}
