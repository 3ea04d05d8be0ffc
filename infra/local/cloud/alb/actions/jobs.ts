import { type Action, action } from '../context.ts';
import { among, equals, type PageInput, page } from '../page.ts';

interface ListInput extends PageInput {
  JobIds?: string[];
  ApiName?: string;
  ResourceIds?: string[];
  ResourceType?: string;
  /** The earliest time of creation to list, in milliseconds since the epoch. */
  BeginTime?: number;
  EndTime?: number;
}

const listAsynJobs = action((context, input: ListInput) => {
  const { BeginTime = 0, EndTime = Number.MAX_SAFE_INTEGER } = input;
  const wanted = context.jobs
    .list()
    .filter(
      ({ job, resourceIds }) =>
        among(job.Id, input.JobIds) &&
        equals(job.ApiName, input.ApiName) &&
        equals(job.ResourceType, input.ResourceType) &&
        resourceIds.some((id) => among(id, input.ResourceIds)) &&
        job.CreateTime >= BeginTime &&
        job.CreateTime <= EndTime,
    );
  const { items, ...rest } = page(wanted, input);
  return () => ({ Jobs: items.map(({ job }) => ({ ...job })), ...rest });
});

export const jobActions: Record<string, Action> = { ListAsynJobs: listAsynJobs };
