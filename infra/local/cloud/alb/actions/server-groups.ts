import { illegal, incorrectStatus, inUse, missing, notCarried } from '../../errors.ts';
import { type Action, action, type Context, isoTime, newId, serverGroupById, serversOf } from '../context.ts';
import { applyHealthCheck, type HealthCheckInput, presentHealthCheck } from '../health-check.ts';
import type { Effect, OperateType } from '../jobs.ts';
import type { ServerGroup, Tag } from '../model.ts';
import { among, equals, hasTags, type PageInput, page, type TagFilter } from '../page.ts';
import { withinQuota } from '../quotas.ts';
import { loadBalancersOf, referencesTo } from '../references.ts';
import { checkName, checkTags, toTags } from '../values.ts';

interface GroupInput {
  ServerGroupName?: string;
  Scheduler?: ServerGroup['Scheduler'];
  HealthCheckConfig?: HealthCheckInput;
  StickySessionConfig?: Partial<ServerGroup['StickySessionConfig']>;
  ConnectionDrainConfig?: Partial<ServerGroup['ConnectionDrainConfig']>;
  SlowStartConfig?: Partial<ServerGroup['SlowStartConfig']>;
  UpstreamKeepaliveEnabled?: boolean;
  CrossZoneEnabled?: boolean;
  ServiceName?: string;
  UchConfig?: Record<string, unknown>;
}

interface CreateInput extends GroupInput {
  ServerGroupName: string;
  ServerGroupType?: ServerGroup['ServerGroupType'];
  VpcId?: string;
  Protocol?: 'HTTP' | 'HTTPS' | 'gRPC';
  ResourceGroupId?: string;
  Tag?: Partial<Tag>[];
}

const createServerGroup = action((context, input: CreateInput) => {
  if (input.ServerGroupType === 'Fc') throw notCarried('server groups of type Fc');
  if (input.VpcId === undefined) throw missing('VpcId');
  checkTags(input.Tag, 'Tag');
  const group = applyChanges(newGroup(context, input, input.VpcId), input);
  const { serverGroups } = context.state;
  withinQuota('ServerGroupsNum', context.regionId, serverGroups.size + 1, context.quotas.serverGroups);
  return () => {
    const { ServerGroupId } = group;
    serverGroups.set(ServerGroupId, group);
    const JobId = startJob(context, 'Create', group, {
      apply: () => {
        group.ServerGroupStatus = 'Available';
      },
      revert: () => serverGroups.delete(ServerGroupId),
    });
    return { ServerGroupId, JobId };
  };
});

function newGroup(context: Context, input: CreateInput, VpcId: string): ServerGroup {
  const Protocol = input.Protocol === 'gRPC' ? 'GRPC' : (input.Protocol ?? 'HTTP');
  return {
    ServerGroupId: newId('sgp'),
    ServerGroupName: input.ServerGroupName,
    ServerGroupType: input.ServerGroupType ?? 'Instance',
    ServerGroupStatus: 'Creating',
    VpcId,
    Protocol,
    Scheduler: 'Wrr',
    HealthCheckConfig: applyHealthCheck(undefined, {}),
    StickySessionConfig: { StickySessionEnabled: false },
    ConnectionDrainConfig: { ConnectionDrainEnabled: false, ConnectionDrainTimeout: 300 },
    SlowStartConfig: { SlowStartEnabled: false, SlowStartDuration: 30 },
    UpstreamKeepaliveEnabled: false,
    CrossZoneEnabled: true,
    Servers: [],
    Tags: toTags(input.Tag),
    CreateTime: isoTime(context.now()),
    Attributes: { ResourceGroupId: input.ResourceGroupId ?? 'rg-default' },
  };
}

/**
 * Returns the group with the fields that the input sets, checked as a whole. Fields of a configuration that the input
 * leaves out stay as they are.
 */
function applyChanges(group: ServerGroup, input: GroupInput): ServerGroup {
  checkName(input.ServerGroupName, 'ServerGroupName');
  const sent = (['ServiceName', 'UchConfig'] as const).filter((name) => input[name] !== undefined);
  const updated: ServerGroup = {
    ...group,
    ServerGroupName: input.ServerGroupName ?? group.ServerGroupName,
    Scheduler: input.Scheduler ?? group.Scheduler,
    HealthCheckConfig: applyHealthCheck(group.HealthCheckConfig, input.HealthCheckConfig ?? {}),
    StickySessionConfig: { ...group.StickySessionConfig, ...input.StickySessionConfig },
    ConnectionDrainConfig: { ...group.ConnectionDrainConfig, ...input.ConnectionDrainConfig },
    SlowStartConfig: { ...group.SlowStartConfig, ...input.SlowStartConfig },
    UpstreamKeepaliveEnabled: input.UpstreamKeepaliveEnabled ?? group.UpstreamKeepaliveEnabled,
    CrossZoneEnabled: input.CrossZoneEnabled ?? group.CrossZoneEnabled,
    Attributes: { ...group.Attributes, ...Object.fromEntries(sent.map((name) => [name, input[name]])) },
  };
  checkGroup(updated);
  return updated;
}

function checkGroup(group: ServerGroup): void {
  const { StickySessionEnabled, StickySessionType, Cookie } = group.StickySessionConfig;
  if (StickySessionEnabled && StickySessionType === 'Server' && !Cookie) throw missing('StickySessionConfig.Cookie');
  const { SlowStartEnabled, SlowStartDuration } = group.SlowStartConfig;
  if (SlowStartEnabled && group.Scheduler !== 'Wrr') {
    throw illegal('SlowStartConfig.SlowStartEnabled', 'slow start needs the scheduler Wrr');
  }
  if (SlowStartDuration < 30 || SlowStartDuration > 900) {
    throw illegal('SlowStartConfig.SlowStartDuration', 'it must be 30 to 900');
  }
  if (group.Scheduler === 'Uch' && !group.Attributes?.['UchConfig']) throw missing('UchConfig');
  if (group.CrossZoneEnabled) return;
  if (StickySessionEnabled) throw illegal('CrossZoneEnabled', 'sticky sessions need it');
  if (group.Servers.some((server) => server.RemoteIpEnabled)) {
    throw illegal('CrossZoneEnabled', 'remote addresses need it');
  }
}

function startJob(context: Context, operateType: OperateType, group: ServerGroup, effect: Effect): string {
  return context.jobs.start({
    apiName: context.action,
    operateType,
    resourceType: 'servergroup',
    resourceIds: [group.ServerGroupId],
    effects: [effect],
    release: () => {},
    partial: context.partial,
  });
}

/** Throws IncorrectStatus.ServerGroup unless the group and its servers may be written now. */
export function checkAvailable({ ServerGroupId, ServerGroupStatus }: ServerGroup): void {
  if (ServerGroupStatus !== 'Available') throw incorrectStatus('ServerGroup', ServerGroupId, ServerGroupStatus);
}

const updateServerGroupAttribute = action((context, input: GroupInput & { ServerGroupId: string }) => {
  const group = serverGroupById(context, input.ServerGroupId);
  checkAvailable(group);
  // Tags and servers are not part of this write, and may change before its job ends.
  const { Tags, Servers, ...updated } = applyChanges(group, input);
  return () => {
    group.ServerGroupStatus = 'Configuring';
    const JobId = startJob(context, 'Update', group, {
      apply: () => void Object.assign(group, updated, { ServerGroupStatus: 'Available' }),
      revert: () => {
        group.ServerGroupStatus = 'Available';
      },
    });
    return { JobId };
  };
});

const deleteServerGroup = action((context, { ServerGroupId }: { ServerGroupId: string }) => {
  const group = serverGroupById(context, ServerGroupId);
  const [user] = referencesTo(context, ServerGroupId);
  if (user) throw inUse('ServerGroup', ServerGroupId, user);
  checkAvailable(group);
  return () => {
    group.ServerGroupStatus = 'Deleting';
    const JobId = startJob(context, 'Delete', group, {
      apply: () => void context.state.serverGroups.delete(ServerGroupId),
      revert: () => {
        group.ServerGroupStatus = 'Available';
      },
    });
    return { JobId };
  };
});

function present(context: Context, { Servers, Attributes, ...group }: ServerGroup): Record<string, unknown> {
  return {
    ...group,
    ...Attributes,
    Protocol: group.Protocol === 'GRPC' ? 'gRPC' : group.Protocol,
    HealthCheckConfig: presentHealthCheck(group.HealthCheckConfig),
    ServerCount: serversOf(context, group.ServerGroupId).length,
    RelatedLoadBalancerIds: loadBalancersOf(context, group.ServerGroupId),
    ConfigManagedEnabled: false,
  };
}

interface ListInput extends PageInput, TagFilter {
  ServerGroupIds?: string[];
  ServerGroupNames?: string[];
  ServerGroupType?: string;
  VpcId?: string;
  ResourceGroupId?: string;
}

const listServerGroups = action((context, input: ListInput) => {
  const wanted = [...context.state.serverGroups.values()].filter(
    (one) =>
      among(one.ServerGroupId, input.ServerGroupIds) &&
      among(one.ServerGroupName, input.ServerGroupNames) &&
      equals(one.ServerGroupType, input.ServerGroupType) &&
      equals(one.VpcId, input.VpcId) &&
      equals(one.Attributes?.['ResourceGroupId'], input.ResourceGroupId) &&
      hasTags(one.Tags, input),
  );
  const { items, ...rest } = page(wanted, input);
  return () => ({ ServerGroups: items.map((group) => present(context, group)), ...rest });
});

export const serverGroupActions: Record<string, Action> = {
  CreateServerGroup: createServerGroup,
  UpdateServerGroupAttribute: updateServerGroupAttribute,
  DeleteServerGroup: deleteServerGroup,
  ListServerGroups: listServerGroups,
};
