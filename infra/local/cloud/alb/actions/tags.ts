import { missing, notCarried } from '../../errors.ts';
import { type Action, action, type Context, loadBalancerById, serverGroupById } from '../context.ts';
import type { LoadBalancer, ServerGroup, Tag } from '../model.ts';
import { among, hasTags, type PageInput, page, type TagFilter } from '../page.ts';
import { checkTags, toTags } from '../values.ts';

/** The types of resources that can be tagged later; rules and listeners are only tagged when they are created. */
type ResourceType = 'acl' | 'loadbalancer' | 'securitypolicy' | 'servergroup';

interface Input {
  ResourceType: ResourceType;
  ResourceId: string[];
}

function tagged(context: Context, { ResourceType, ResourceId }: Input): (LoadBalancer | ServerGroup)[] {
  return ResourceId.map((id) => {
    if (ResourceType === 'loadbalancer') return loadBalancerById(context, id);
    if (ResourceType === 'servergroup') return serverGroupById(context, id);
    throw notCarried(`resources of type ${ResourceType}`);
  });
}

const tagResources = action((context, input: Input & { Tag: Partial<Tag>[] }) => {
  const resources = tagged(context, input);
  const tags = toTags(input.Tag);
  const merged = (resource: { Tags: Tag[] }) => [
    ...resource.Tags.filter(({ Key }) => !tags.some((tag) => tag.Key === Key)),
    ...tags,
  ];
  checkTags(input.Tag, 'Tag');
  for (const resource of resources) checkTags(merged(resource), 'Tag');
  return () => {
    for (const resource of resources) resource.Tags = merged(resource);
    return {};
  };
});

interface UntagInput extends Input {
  All?: boolean;
  TagKey?: string[];
  Tag?: Partial<Tag>[];
}

const unTagResources = action((context, input: UntagInput) => {
  const resources = tagged(context, input);
  const { All = false, TagKey = [], Tag = [] } = input;
  if (!All && TagKey.length === 0 && Tag.length === 0) throw missing('TagKey');
  const goes = (tag: Tag) => All || TagKey.includes(tag.Key) || Tag.some((one) => hasTags([tag], { Tag: [one] }));
  return () => {
    for (const resource of resources) resource.Tags = resource.Tags.filter((tag) => !goes(tag));
    return {};
  };
});

interface ListInput extends PageInput, TagFilter {
  ResourceType: ResourceType;
  ResourceId?: string[];
}

const listTagResources = action((context, input: ListInput) => {
  const { loadBalancers, serverGroups } = context.state;
  const resources = [
    ...[...loadBalancers.values()].map(({ LoadBalancerId, Tags }) => ({
      id: LoadBalancerId,
      type: 'loadbalancer',
      Tags,
    })),
    ...[...serverGroups.values()].map(({ ServerGroupId, Tags }) => ({ id: ServerGroupId, type: 'servergroup', Tags })),
  ];
  const wanted = resources
    .filter(({ id, type, Tags }) => {
      return type === input.ResourceType && among(id, input.ResourceId) && hasTags(Tags, input);
    })
    .flatMap(({ id, type, Tags }) =>
      Tags.map(({ Key, Value }) => ({ ResourceId: id, ResourceType: type, TagKey: Key, TagValue: Value })),
    );
  const { items, ...rest } = page(wanted, input);
  return () => ({ TagResources: items, ...rest });
});

export const tagActions: Record<string, Action> = {
  TagResources: tagResources,
  UnTagResources: unTagResources,
  ListTagResources: listTagResources,
};
