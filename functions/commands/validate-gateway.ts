import type { Issue } from '../../schemas/problem.ts';
import type { Resource } from '../core/model.ts';
import { conflict, type Proposal } from './proposal.ts';
import type { World } from './world.ts';

type Gateways = readonly Resource<'gateway'>[];

/** A gateway leaves no place where it is: what was pushed there would stay. A listener belongs to one gateway. */
export async function validateGateway(proposal: Proposal<'gateway'>, world: World): Promise<Issue[]> {
  const gateways = await world.all('gateway');
  return [...tooMany(proposal, gateways), ...moved(proposal), ...sharedListeners(proposal, gateways)];
}

/** What changes a cluster or a service is written together with a row for each gateway of the fleet. */
const MAX_GATEWAYS = 40;

function tooMany({ before }: Proposal<'gateway'>, gateways: Gateways): Issue[] {
  if (before !== undefined || gateways.length < MAX_GATEWAYS) return [];
  const detail = `a fleet has at most ${MAX_GATEWAYS} gateways`;
  return [{ pointer: 'path/gateway', code: 'limit-exceeded', detail }];
}

function moved({ spec, before }: Proposal<'gateway'>): Issue[] {
  if (before === undefined) return [];
  const old = before.spec.target;
  const isLeft = old.listenerIds.some((listener) => !spec.target.listenerIds.includes(listener));
  return [
    ...(['provider', 'regionId', 'loadBalancerId'] as const)
      .filter((field) => old[field] !== spec.target[field])
      .map((field) => conflict(`#/target/${field}`, 'it cannot change: declare another gateway')),
    ...(isLeft ? [conflict('#/target/listenerIds', 'no listener can be left: declare another gateway')] : []),
  ];
}

function sharedListeners({ name, spec }: Proposal<'gateway'>, gateways: Gateways): Issue[] {
  const others = gateways.filter(
    (other) => other.name !== name && other.spec.target.loadBalancerId === spec.target.loadBalancerId,
  );
  return spec.target.listenerIds.flatMap((listener, index) =>
    others
      .filter((other) => other.spec.target.listenerIds.includes(listener))
      .map((other) =>
        conflict(`#/target/listenerIds/${index}`, `listener ${listener} belongs to gateway ${other.name}`),
      ),
  );
}
