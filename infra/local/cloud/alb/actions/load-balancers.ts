import { illegal, incorrectStatus, inUse, notCarried } from '../../errors.ts';
import { type Action, action, type Context, isoTime, loadBalancerById, newId } from '../context.ts';
import type { LoadBalancer, Tag } from '../model.ts';
import { among, equals, hasTags, type PageInput, page, type TagFilter } from '../page.ts';
import { withinQuota } from '../quotas.ts';
import { checkName, checkTags, toTags } from '../values.ts';

interface CreateInput {
  AddressType: LoadBalancer['AddressType'];
  VpcId: string;
  LoadBalancerEdition: LoadBalancer['LoadBalancerEdition'];
  LoadBalancerBillingConfig: Record<string, unknown>;
  ZoneMappings: { ZoneId: string; VSwitchId: string }[];
  LoadBalancerName?: string;
  DeletionProtectionEnabled?: boolean;
  AddressAllocatedMode?: string;
  AddressIpVersion?: string;
  ModificationProtectionConfig?: Record<string, unknown>;
  ResourceGroupId?: string;
  Tag?: Partial<Tag>[];
}

const createLoadBalancer = action((context, input: CreateInput) => {
  const zones = new Set(input.ZoneMappings.map(({ ZoneId }) => ZoneId));
  if (zones.size !== input.ZoneMappings.length) throw illegal('ZoneMappings', 'a zone is given twice');
  if (zones.size < 2) throw illegal('ZoneMappings', 'at least two zones are needed');
  if (input.DeletionProtectionEnabled) throw notCarried('deletion protection');
  checkName(input.LoadBalancerName, 'LoadBalancerName');
  checkTags(input.Tag, 'Tag');
  const { loadBalancers } = context.state;
  withinQuota('LoadBalancersNum', context.regionId, loadBalancers.size + 1, context.quotas.loadBalancers);
  return () => {
    const loadBalancer = newLoadBalancer(context, input);
    const { LoadBalancerId } = loadBalancer;
    loadBalancers.set(LoadBalancerId, loadBalancer);
    startJob(context, 'Create', LoadBalancerId, () => {
      loadBalancer.LoadBalancerStatus = 'Active';
    });
    return { LoadBalancerId };
  };
});

function newLoadBalancer(context: Context, input: CreateInput): LoadBalancer {
  const LoadBalancerId = newId('alb');
  return {
    LoadBalancerId,
    LoadBalancerName: input.LoadBalancerName ?? LoadBalancerId,
    LoadBalancerStatus: 'Provisioning',
    LoadBalancerEdition: input.LoadBalancerEdition,
    AddressType: input.AddressType,
    VpcId: input.VpcId,
    DNSName: `${LoadBalancerId}.${context.regionId}.alb.localhost`,
    RegionId: context.regionId,
    ZoneMappings: input.ZoneMappings.map(({ ZoneId, VSwitchId }) => ({ ZoneId, VSwitchId })),
    CreateTime: isoTime(context.now()),
    Tags: toTags(input.Tag),
    Attributes: {
      LoadBalancerBillingConfig: input.LoadBalancerBillingConfig,
      AddressAllocatedMode: input.AddressAllocatedMode ?? 'Fixed',
      AddressIpVersion: input.AddressIpVersion ?? 'IPv4',
      ModificationProtectionConfig: input.ModificationProtectionConfig ?? { Status: 'NonProtection' },
      ResourceGroupId: input.ResourceGroupId ?? 'rg-default',
    },
  };
}

function startJob(context: Context, operateType: 'Create' | 'Delete', id: string, apply: () => void): string {
  return context.jobs.start({
    apiName: context.action,
    operateType,
    resourceType: 'loadbalancer',
    resourceIds: [id],
    effects: [{ apply, revert: () => {} }],
    release: () => {},
    partial: false,
  });
}

function present({ Attributes, ZoneMappings, ...loadBalancer }: LoadBalancer): Record<string, unknown> {
  return {
    ...loadBalancer,
    ...Attributes,
    ZoneMappings: ZoneMappings.map((zone) => ({ ...zone, Status: 'Active', LoadBalancerAddresses: [] })),
    LoadBalancerBussinessStatus: 'Normal',
    DeletionProtectionConfig: { Enabled: false },
    LoadBalancerOperationLocks: [],
  };
}

const getLoadBalancerAttribute = action((context, { LoadBalancerId }: { LoadBalancerId: string }) => {
  const loadBalancer = loadBalancerById(context, LoadBalancerId);
  return () => present(loadBalancer);
});

interface ListInput extends PageInput, TagFilter {
  AddressType?: string;
  LoadBalancerIds?: string[];
  LoadBalancerNames?: string[];
  LoadBalancerStatus?: string;
  VpcIds?: string[];
  ZoneId?: string;
  DNSName?: string;
}

const listLoadBalancers = action((context, input: ListInput) => {
  const wanted = [...context.state.loadBalancers.values()].filter(
    (one) =>
      equals(one.RegionId, context.regionGiven ? context.regionId : undefined) &&
      equals(one.AddressType, input.AddressType) &&
      among(one.LoadBalancerId, input.LoadBalancerIds) &&
      among(one.LoadBalancerName, input.LoadBalancerNames) &&
      equals(one.LoadBalancerStatus, input.LoadBalancerStatus) &&
      among(one.VpcId, input.VpcIds) &&
      equals(one.DNSName, input.DNSName) &&
      (input.ZoneId === undefined || one.ZoneMappings.some(({ ZoneId }) => ZoneId === input.ZoneId)) &&
      hasTags(one.Tags, input),
  );
  const { items, ...rest } = page(wanted, input);
  return () => ({ LoadBalancers: items.map(present), ...rest });
});

const deleteLoadBalancer = action((context, { LoadBalancerId }: { LoadBalancerId: string }) => {
  const loadBalancer = loadBalancerById(context, LoadBalancerId);
  const listener = [...context.state.listeners.values()].find((one) => one.LoadBalancerId === LoadBalancerId);
  if (listener) throw inUse('LoadBalancer', LoadBalancerId, listener.ListenerId);
  checkActive(loadBalancer);
  return () => {
    loadBalancer.LoadBalancerStatus = 'Deleting';
    const JobId = startJob(context, 'Delete', LoadBalancerId, () => context.state.loadBalancers.delete(LoadBalancerId));
    return { JobId };
  };
});

/** Throws unless the listeners and rules of this load balancer may be written now. */
export function checkActive({ LoadBalancerId, LoadBalancerStatus }: LoadBalancer): void {
  if (LoadBalancerStatus === 'Active') return;
  throw incorrectStatus('LoadBalancer', LoadBalancerId, LoadBalancerStatus);
}

export const loadBalancerActions: Record<string, Action> = {
  CreateLoadBalancer: createLoadBalancer,
  GetLoadBalancerAttribute: getLoadBalancerAttribute,
  ListLoadBalancers: listLoadBalancers,
  DeleteLoadBalancer: deleteLoadBalancer,
};
