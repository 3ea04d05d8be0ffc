/** Sentences of reports: what a simulation assumes, what a drill report leaves out, and how the control plane itself is. */

export const REPORTS = {
  PushTakes: ({ seconds }: { seconds: number }) =>
    `Gateways follow a decision, and are verified, ${seconds} s after it.`,
  CallTakes: ({ seconds }: { seconds: number }) =>
    `A call to the cloud takes ${seconds} s, one after the other, and budgets are full when a push begins.`,
  FailsAfterProbe: () => 'A cluster that fails does so right after a probe, and a probe that fails takes its time-out.',
  VotersAgree: () =>
    'Voters that are silent now agree with what is known of the health of each cluster, and all answer in time.',
  PeaksCount: () => 'Requests per second are the peaks that routes declare.',
  NotReadInTime: () => 'It could not be read in time.',
  InstanceMissing: () => 'Its instance is yet to be created.',
  NotLookedAt: ({ action, code }: { action: string; code: string }) =>
    `It cannot be looked at: ${action} answered ${code}.`,

  RefusedUnseen: ({ from, until }: { from: string; until: string }) =>
    `Requests that gateways or clusters refused, reset or answered too late are not seen by Fairlead: the access logs of the gateways have them, from ${from} to ${until}.`,
  DecisionsLost: ({ count }: { count: number }) =>
    `${count} of the decisions of the run cannot be read any more, and are not counted.`,
  NoLoad: ({ services }: { services: string }) => `No load is declared of ${services}: it counts as none.`,
  NoCapacity: ({ clusters }: { clusters: string }) => `No capacity is declared of ${clusters}: it counts as unlimited.`,
  ChangesToPush: () => 'There are changes to push.',
  WritingChanges: ({ done, total }: { done: number; total: number }) => `writing changes: ${done} of ${total}`,
  AsDeclared: () => 'It has the route and the shares, as it was last read.',

  StoreAnswers: () => 'The store answers.',
  StoreUnreadable: () =>
    'The store cannot be read, so that nothing is known of the schedule either; the log has the cause.',
  JobNeverRan: ({ job }: { job: Job }) =>
    `No ${JOBS[job]} has been seen yet: the schedule has not run since Fairlead was installed.`,
  JobRan: ({ job, seconds }: { job: Job; seconds: number }) => `The last ${JOBS[job]} ended ${seconds} s ago.`,
  JobLate: ({ job, seconds }: { job: Job; seconds: number }) =>
    `The last ${JOBS[job]} ended ${seconds} s ago: the schedule has stopped, or each run of it fails.`,
};

const JOBS = {
  probe: 'round of probes',
  sweep: 'sweep of gateways',
  rollouts: 'pass over the rollouts of manifests and distributions',
  deliveries: 'pass over the deliveries of notifications',
};

type Job = keyof typeof JOBS;
