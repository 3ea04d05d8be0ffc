import { alreadyExists, denied, illegal, incorrectStatus, missing } from '../../errors.ts';
import {
  type Action,
  action,
  type Context,
  listenerById,
  loadBalancerById,
  newId,
  rulesOf,
  serverGroupById,
} from '../context.ts';
import type { Effect, OperateType } from '../jobs.ts';
import type { Listener, LoadBalancer, Tag } from '../model.ts';
import { among, equals, hasTags, type PageInput, page, type TagFilter } from '../page.ts';
import { withinQuota } from '../quotas.ts';
import { checkReferences } from '../references.ts';
import { checkTags, toTags } from '../values.ts';
import { checkActive } from './load-balancers.ts';

interface DefaultAction {
  ForwardGroupConfig?: { ServerGroupTuples: { ServerGroupId: string }[] };
}

/** Settings that are kept and shown; the local data plane ignores them. */
interface Attributes {
  GzipEnabled?: boolean;
  Http2Enabled?: boolean;
  SecurityPolicyId?: string;
  Certificates?: unknown[];
  CaCertificates?: unknown[];
  CaEnabled?: boolean;
  XForwardedForConfig?: Record<string, unknown>;
  QuicConfig?: Record<string, unknown>;
}

interface ListenerInput extends Attributes {
  ListenerDescription?: string;
  RequestTimeout?: number;
  IdleTimeout?: number;
  DefaultActions?: DefaultAction[];
}

interface CreateInput extends ListenerInput {
  LoadBalancerId: string;
  ListenerPort: number;
  ListenerProtocol: Listener['ListenerProtocol'];
  Tag?: Partial<Tag>[];
}

const createListener = action((context, input: CreateInput) => {
  const loadBalancer = loadBalancerById(context, input.LoadBalancerId);
  checkActive(loadBalancer);
  checkTags(input.Tag, 'Tag');
  checkPlace(context, input);
  if (input.ListenerProtocol !== 'HTTP' && !input.Certificates) throw missing('Certificates');
  const listener: Listener = {
    ListenerId: newId('lsn'),
    LoadBalancerId: input.LoadBalancerId,
    ListenerPort: input.ListenerPort,
    ListenerProtocol: input.ListenerProtocol,
    ListenerStatus: 'Provisioning',
    RequestTimeout: 60,
    IdleTimeout: 15,
    Tags: toTags(input.Tag),
    ...changes(input, { GzipEnabled: true, Http2Enabled: true }),
    DefaultServerGroupId: defaultGroup(input.DefaultActions),
  };
  checkForward(context, listener, loadBalancer, listener.DefaultServerGroupId);
  checkReferences(context, { listeners: [listener] });
  return () => {
    const { ListenerId } = listener;
    context.state.listeners.set(ListenerId, listener);
    const JobId = startJob(context, 'Create', listener, {
      apply: async () => {
        listener.dataPlaneAddress = await context.dataPlane.openListener(listener);
        listener.ListenerStatus = 'Running';
      },
      revert: () => context.state.listeners.delete(ListenerId),
    });
    return { ListenerId, JobId };
  };
});

function checkPlace(context: Context, { LoadBalancerId, ListenerPort, ListenerProtocol }: CreateInput): void {
  const siblings = [...context.state.listeners.values()].filter((one) => one.LoadBalancerId === LoadBalancerId);
  const isQuic = ListenerProtocol === 'QUIC';
  if (siblings.some((one) => one.ListenerPort === ListenerPort && (one.ListenerProtocol === 'QUIC') === isQuic)) {
    throw alreadyExists('Listener', `A listener at port ${ListenerPort} of ${LoadBalancerId}`);
  }
  withinQuota('ListenersNum', LoadBalancerId, siblings.length + 1, context.quotas.listenersPerLoadBalancer);
}

function defaultGroup(actions: readonly DefaultAction[] = []): string {
  const tuples = actions.flatMap(({ ForwardGroupConfig }) => ForwardGroupConfig?.ServerGroupTuples ?? []);
  const [tuple] = tuples;
  if (tuple === undefined) throw missing('DefaultActions.1.ForwardGroupConfig.ServerGroupTuples');
  if (actions.length > 1 || tuples.length > 1) throw illegal('DefaultActions', 'it forwards to one server group');
  return tuple.ServerGroupId;
}

/** Returns the fields of a listener that the input sets. */
function changes(input: ListenerInput, attributes: Record<string, unknown> = {}): Partial<Listener> {
  const { ListenerDescription, RequestTimeout, IdleTimeout, DefaultActions } = input;
  const names = [
    'GzipEnabled',
    'Http2Enabled',
    'SecurityPolicyId',
    'Certificates',
    'CaCertificates',
    'CaEnabled',
    'XForwardedForConfig',
    'QuicConfig',
  ] as const;
  const sent = names.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]);
  return {
    ...(ListenerDescription === undefined ? {} : { ListenerDescription }),
    ...(RequestTimeout === undefined ? {} : { RequestTimeout }),
    ...(IdleTimeout === undefined ? {} : { IdleTimeout }),
    ...(DefaultActions === undefined ? {} : { DefaultServerGroupId: defaultGroup(DefaultActions) }),
    Attributes: { ...attributes, ...Object.fromEntries(sent) },
  };
}

/**
 * Throws unless the listener may forward to the group: the group must exist, be ready, belong to the same VPC and have
 * a protocol that fits.
 */
export function checkForward(
  context: Context,
  listener: Listener,
  loadBalancer: LoadBalancer,
  serverGroupId: string,
): void {
  const group = serverGroupById(context, serverGroupId);
  if (group.ServerGroupStatus === 'Creating' || group.ServerGroupStatus === 'Deleting') {
    throw incorrectStatus('ServerGroup', serverGroupId, group.ServerGroupStatus);
  }
  if (group.VpcId !== loadBalancer.VpcId) {
    throw denied(
      'VpcNotMatch',
      `${serverGroupId} is in ${group.VpcId}, the load balancer is in ${loadBalancer.VpcId}.`,
    );
  }
  const { ListenerProtocol } = listener;
  const accepted = { HTTP: ['HTTP', 'HTTPS', 'QUIC'], HTTPS: ['HTTPS'], GRPC: ['HTTPS', 'QUIC'] }[group.Protocol];
  if (accepted.includes(ListenerProtocol)) return;
  throw denied('ProtocolNotMatch', `A listener of ${ListenerProtocol} cannot forward to a group of ${group.Protocol}.`);
}

function startJob(context: Context, operateType: OperateType, listener: Listener, effect: Effect): string {
  return context.jobs.start({
    apiName: context.action,
    operateType,
    resourceType: 'listener',
    resourceIds: [listener.ListenerId],
    effects: [effect],
    release: () => {},
    partial: context.partial,
  });
}

function present({ DefaultServerGroupId, Attributes, Tags, dataPlaneAddress, ...listener }: Listener) {
  const ForwardGroupConfig = { ServerGroupTuples: [{ ServerGroupId: DefaultServerGroupId }] };
  return { ...listener, ...Attributes, Tags, DefaultActions: [{ Type: 'ForwardGroup', ForwardGroupConfig }] };
}

const getListenerAttribute = action((context, { ListenerId }: { ListenerId: string }) => {
  const listener = listenerById(context, ListenerId);
  return () => present(listener);
});

interface ListInput extends PageInput, TagFilter {
  ListenerIds?: string[];
  LoadBalancerIds?: string[];
  ListenerProtocol?: string;
}

const listListeners = action((context, input: ListInput) => {
  const wanted = [...context.state.listeners.values()].filter(
    (one) =>
      among(one.ListenerId, input.ListenerIds) &&
      among(one.LoadBalancerId, input.LoadBalancerIds) &&
      equals(one.ListenerProtocol, input.ListenerProtocol) &&
      hasTags(one.Tags, input),
  );
  const { items, ...rest } = page(wanted, input);
  return () => ({ Listeners: items.map(present), ...rest });
});

/** Throws IncorrectStatus.Listener unless the listener and its rules may be written now. */
export function checkRunning({ ListenerId, ListenerStatus }: Listener): void {
  if (ListenerStatus !== 'Running') throw incorrectStatus('Listener', ListenerId, ListenerStatus);
}

const updateListenerAttribute = action((context, input: ListenerInput & { ListenerId: string }) => {
  const listener = listenerById(context, input.ListenerId);
  checkRunning(listener);
  const updated = { ...listener, ...changes(input, listener.Attributes) };
  const loadBalancer = loadBalancerById(context, listener.LoadBalancerId);
  checkForward(context, updated, loadBalancer, updated.DefaultServerGroupId);
  checkReferences(context, { listeners: [updated] });
  return () => {
    listener.ListenerStatus = 'Configuring';
    const resume = (fields: Partial<Listener>) => Object.assign(listener, fields, { ListenerStatus: 'Running' });
    const JobId = startJob(context, 'Update', listener, {
      apply: () => void resume(updated),
      revert: () => void resume({}),
    });
    return { JobId };
  };
});

const deleteListener = action((context, { ListenerId }: { ListenerId: string }) => {
  const listener = listenerById(context, ListenerId);
  checkRunning(listener);
  return () => {
    listener.ListenerStatus = 'Deleting';
    const JobId = startJob(context, 'Delete', listener, {
      apply: async () => {
        await context.dataPlane.closeListener(ListenerId);
        for (const rule of rulesOf(context)) {
          if (rule.ListenerId === ListenerId) context.state.rules.delete(rule.RuleId);
        }
        context.state.listeners.delete(ListenerId);
      },
      revert: () => {
        listener.ListenerStatus = 'Running';
      },
    });
    return { JobId };
  };
});

export const listenerActions: Record<string, Action> = {
  CreateListener: createListener,
  GetListenerAttribute: getListenerAttribute,
  ListListeners: listListeners,
  UpdateListenerAttribute: updateListenerAttribute,
  DeleteListener: deleteListener,
};
