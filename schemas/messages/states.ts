/**
 * Sentences about the state of resources: their conditions, the pushes to gateways, and what a plan is to be read with.
 * The reasons that a state is computed from are in `reasons.ts`.
 */

interface Count {
  count: number;
}

type Deviations = Count & Record<'verb' | 'kind' | 'key' | 'detail', string | undefined>;

const objects = (count: number) => `${count} ${count === 1 ? 'object' : 'objects'}`;

const first = ({ count, verb, kind, key, detail }: Deviations) =>
  `${count}; the first: ${verb} of ${kind} ${key} (${detail}).`;

export const STATES = {
  // Conditions.
  DeclarationValid: () => 'The declaration is valid.',
  RefsExist: () => 'Everything that it refers to exists.',
  NothingChangedByHand: () => 'Nobody has changed what was verified.',
  ChangedByHand: ({ count }: Count) => `Somebody changed ${objects(count)} at the gateway.`,
  QuotasHaveRoom: () => 'All quotas have room.',
  AutomationActs: () => 'Failing clusters are withdrawn and restored.',
  AutomationRecommends: () => 'Decisions are recorded; nothing is moved.',
  AutomationPaused: () => 'Automation is paused; nothing is moved.',
  PolicySound: () => 'Nothing speaks against the policy.',
  NoVoterSilent: () => 'No voter is silent.',
  NeverHeard: ({ voter }: { voter: string }) => `${voter} has never said anything`,
  NotHeardSince: ({ voter, since }: { voter: string; since: string }) => `${voter} has said nothing since ${since}`,
  LossesNotWorkedOut: ({ count }: Count) =>
    `Losses that were too much to be worked out: ${count}. Any other one can be borne.`,
  LossBorne: ({ kind }: { kind: string }) => `Any one ${kind} can be lost: others serve what it serves now.`,
  LossUnborne: ({ loss, why, others }: { loss: string; why: string; others: number }) =>
    `Without ${loss}: ${why}.${others > 0 ? ` The same is true of ${others} more.` : ''}`,
  ProbesSucceed: () => 'Its probes succeed.',
  ProbesFail: () => 'Its probes fail.',
  HealthUnknown: () => 'Too few observations yet, or no probes.',
  MayGetTraffic: () => 'It may get traffic.',
  WithdrawnUnread: ({ why }: { why: string }) => `It is withdrawn (${why}); what gateways give it is not known.`,
  WithdrawnAndServed: ({ why, percent }: { why: string; percent: number }) =>
    `It is withdrawn (${why}), and gateways give it up to ${percent} % of a pool all the same.`,

  // Pushes.
  NotPushedYet: () => 'Not pushed yet.',
  PushAccepted: () => 'Accepted by the cloud, and not read back yet.',
  PushUnderWay: ({ done, total }: { done: number; total: number }) => `Changes are being made: ${done} of ${total}.`,
  NobodyTookItUp: () => 'no run has taken it up',
  WaitsForFailover: () => 'waits for a failover',
  WaitsForNextRun: () => 'waits for the next run',
  PushYielded: () => 'A failover goes first; the rest follows at once.',
  PushContinues: () => 'The time of this run is over; the next one goes on.',
  PushStalePlan: () => 'The plan is not true any more: ask for the plan of now, and send its digest.',
  PushHeld: () => 'The fleet is being written as a whole; the gateway follows when that is done.',
  PushBusy: () => 'Another writer is at work on this gateway.',
  PushLeaseLost: () => 'Another writer took over.',
  GatewayNotDeclared: () => 'The gateway is no longer declared.',
  GatewayAsDeclared: () => 'The gateway is as declared.',
  ChangesReadBack: ({ count }: Count) => `Changes applied and read back: ${count}.`,
  LeftAsMade: ({ count }: Count) => ` Left as somebody made them at the gateway: ${count}.`,
  DeviationsRefused: (given: Deviations) => `The cloud, or a limit, refuses changes: ${first(given)}`,
  DeviationsNotAsWritten: (given: Deviations) => `After applying, differences are left: ${first(given)}`,
  DeviationsPending: (given: Deviations) => `Changes are yet to be made: ${first(given)}`,
  DeviationsObserveOnly: (given: Deviations) =>
    `The gateway differs from what is declared, and its policy is observe-only: ${first(given)}`,
  DeviationsDrifted: (given: Deviations) =>
    `Somebody changed objects at the gateway, and its drift policy leaves them so: ${first(given)}`,
  DeviationsWaiting: (given: Deviations) => `What shall go stays until what takes its place is there: ${first(given)}`,
  UnexpectedError: ({ name }: { name: string }) =>
    `The run ended with an unexpected error (${name}): gateway.failed in the log has the cause.`,
  CloudRefused: ({ action, code, message }: Record<'action' | 'code' | 'message', string>) =>
    `${action} answered ${code}: ${message.replace(/\.?$/, '.')} The configuration before it keeps serving.`,

  // Notices of plans.
  PlanNotRead: ({ readAt }: { readAt: string | undefined }) =>
    `The gateway could not be read, and nothing was pushed.${readAt === undefined ? '' : ` It was last read at ${readAt}.`}`,
  PlanObserveOnly: () => 'The policy of the gateway is observe-only: nothing of this is written.',
  PlanUpsertOnly: () => 'The policy of the gateway is upsert-only: what is no longer declared stays.',
  PlanOverwrites: ({ count }: Count) => `This overwrites what somebody changed at the gateway: ${objects(count)}.`,
  PlanReverts: ({ count }: Count) => `What somebody changed at the gateway is undone: ${objects(count)}.`,
  PlanLeaves: ({ drift, count }: Count & { drift: string }) =>
    `What somebody changed at the gateway is left so, as the drift policy ${drift} says: ${objects(count)}.`,
  PlanOrphans: ({ count }: Count) =>
    `What carries our mark at the gateway and is not known here is deleted when it is found again ten minutes later: ${objects(count)}.`,
  PlanNearQuota: ({ quota, used, allowed }: { quota: string; used: number; allowed: number }) =>
    `${quota}: ${used} of ${allowed} would be in use.`,
  PlanNeverRead: () => 'The gateway could not be read, and has never been: what it takes can be told once it has been.',
  PlanProvisions: ({ provider }: { provider: string }) =>
    `The ${provider} instance is created first; what it takes besides can be told once it is there.`,
};
