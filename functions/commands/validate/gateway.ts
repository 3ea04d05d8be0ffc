import type { GatewayTarget } from '../../../schemas/gateway.ts';
import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { equal } from '../../core/model/digest.ts';
import { instanceOf, type Resource } from '../../core/model/resource.ts';
import type { Change } from '../change-set.ts';
import type { Context } from '../context.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { conflict } from '../issues.ts';
import { forbiddenCheck } from './addresses.ts';

type Gateways = readonly Resource<'gateway'>[];

/**
 * Finds faults of a gateway. It must not leave a listener or an MSE gateway where it has written rules, because they would remain there, and
 * each belongs to only one gateway of a fleet.
 */
export async function validateGateway(
  change: Change<'gateway'>,
  then: FleetReader,
  { deps: { settings } }: Context,
): Promise<Issue[]> {
  const gateways = await then.gateways();
  return [
    ...tooMany(change, gateways),
    ...moved(change),
    ...shared(change, gateways),
    ...forbiddenCheck(change.resource.spec, settings),
  ];
}

/** The most gateways of a fleet. A change of a cluster or a service is written together with a row for each of them. */
const MAX_GATEWAYS = 40;

function tooMany({ verb }: Change<'gateway'>, gateways: Gateways): Issue[] {
  if (verb !== 'create' || gateways.length <= MAX_GATEWAYS) return [];
  return [issueAt('path/gateway', 'limit-exceeded', say('TooManyGateways', { most: MAX_GATEWAYS }))];
}

function sameInstance(a: GatewayTarget, b: GatewayTarget): boolean {
  return movedFields(a, b).length === 0;
}

function movedFields(from: GatewayTarget, to: GatewayTarget): string[] {
  const then = instanceOf(from);
  const now = instanceOf(to);
  if (then['provider'] !== now['provider']) return ['provider'];
  return Object.keys(now).filter((field) => then[field] !== now[field]);
}

function moved({ resource: { spec }, before }: Change<'gateway'>): Issue[] {
  if (before === undefined) return [];
  if (!equal(before.spec.provision, spec.provision)) {
    return [conflict('#/provision', say('GatewayFixed'))];
  }
  if (before.spec.target === undefined || spec.target === undefined) return [];
  const { target } = spec;
  const fields = movedFields(before.spec.target, target);
  const left = attachmentsOf(before.spec.target).filter(({ attachment }) => !hasAttachment(target, attachment));
  return [
    ...fields.map((field) => conflict(`#/target/${field}`, say('GatewayFixed'))),
    ...(fields.length === 0 && left.length > 0 ? [conflict('#/target/listenerIds', say('ListenerLeft'))] : []),
  ];
}

/** Returns what rules are written to: the listeners of an ALB, or an MSE gateway as a whole. */
function attachmentsOf(target: GatewayTarget): { attachment: string; pointer: string }[] {
  if (target.provider === 'mse') return [{ attachment: target.gatewayUniqueId, pointer: '#/target/gatewayUniqueId' }];
  return target.listenerIds.map((attachment, index) => ({ attachment, pointer: `#/target/listenerIds/${index}` }));
}

function hasAttachment(target: GatewayTarget, attachment: string): boolean {
  return attachmentsOf(target).some((item) => item.attachment === attachment);
}

function shared({ resource }: Change<'gateway'>, gateways: Gateways): Issue[] {
  const {
    name,
    spec: { target },
  } = resource;
  if (target === undefined) return [];
  const others = gateways.flatMap(({ name: other, spec }) =>
    other !== name && spec.target && sameInstance(spec.target, target) ? [{ other, at: spec.target }] : [],
  );
  return attachmentsOf(target).flatMap(({ attachment, pointer }) =>
    others
      .filter(({ at }) => hasAttachment(at, attachment))
      .map(({ other }) => conflict(pointer, say('AttachmentTaken', { attachment, gateway: other }))),
  );
}
