import * as z from 'zod';
import { ApprovalPolicy } from './approval.ts';
import { DisplayName, Labels, metadata, Name, pageOf, Reason } from './common.ts';
import { DrillInput } from './drill.ts';
import { FailoverInput, SafetyInput, Voter } from './failover.ts';
import { type AskedOf, resourceQuery } from './list-query.ts';
import { NotificationInput } from './notification.ts';
import { DryRun } from './plan.ts';
import { Probe } from './probe.ts';

export const Automation = z.enum(['automatic', 'recommend', 'paused']).meta({
  description:
    'automatic: a failing cluster is withdrawn and restored without asking. recommend: the decision is recorded, and nothing is ' +
    'moved. paused: the same as recommend, and a condition of the fleet shows it. Evidence is recorded in every mode.',
});
export type Automation = z.infer<typeof Automation>;

const hasUniqueNames = (items: readonly { name: string }[]) =>
  new Set(items.map(({ name }) => name)).size === items.length;

/** The fields of a fleet, other than `health`, that guide its failovers. */
const policyFields = {
  voters: z
    .array(Voter)
    .min(1)
    .max(20)
    .refine(hasUniqueNames, 'must not repeat a name')
    .refine(
      (voters) => voters.some(({ type }) => type !== 'gateway-view' && type !== 'alert'),
      'must have a voter other than views of gateways and alerts',
    )
    .default([{ name: 'edge', type: 'edge' }])
    .meta({
      description:
        'The voters that watch the clusters. A cluster changes its health when a majority of those that watch it agree. Alerts are not ' +
        'counted.',
    }),
  controlTargets: z
    .array(Probe)
    .max(4)
    .default([])
    .meta({
      description:
        'Targets that answer as long as the network of a prober works. When one of them does not answer, the observations of that ' +
        'prober are not counted.',
    }),
  failover: FailoverInput.prefault({}),
  safety: SafetyInput.prefault({}),
  drills: z.array(DrillInput).max(20).refine(hasUniqueNames, 'must not repeat a name').default([]),
  notifications: z.array(NotificationInput).max(10).default([]),
};

/** The fields of a fleet that control how observations become health, and health becomes a decision. */
const healthFields = {
  intervalSeconds: z.int().min(1).max(60).meta({ description: 'The time between two probe rounds.' }),
  timeoutSeconds: z
    .int()
    .min(1)
    .max(30)
    .meta({ description: 'The time after which a probe without an answer has failed.' }),
  confirmSeconds: z
    .number()
    .min(0.1)
    .max(30)
    .meta({
      description:
        'The time from the start of a failed probe of a healthy cluster to its next probe. A value below 1 finds a failure sooner, and ' +
        'takes shorter disturbances for failures.',
    }),
  failureThreshold: z.int().min(1).max(10).meta({
    description: 'A voter finds a cluster unhealthy when this many of its last `failureWindow` observations failed.',
  }),
  failureWindow: z.int().min(1).max(20).meta({
    description:
      'The number of last observations in which a voter looks for failures. The default is 2 × failureThreshold - 1.',
  }),
  successThreshold: z
    .int()
    .min(1)
    .max(20)
    .meta({
      description:
        'A voter finds a cluster healthy when none of this many last observations failed, and at most one of the last ' +
        '`recoveryWindow`.',
    }),
  recoveryWindow: z
    .int()
    .min(1)
    .max(20)
    .meta({
      description:
        'The number of last observations that a voter looks at before an unhealthy cluster is healthy again. The default is 8, or ' +
        '`failureWindow` when that is more.',
    }),
  dwellSeconds: z
    .int()
    .min(0)
    .max(86_400)
    .meta({ description: 'The time that a cluster must stay healthy before its share returns.' }),
};

export const HealthPolicy = z.object(healthFields).meta({ id: 'HealthPolicy' });
export type HealthPolicy = z.infer<typeof HealthPolicy>;

/** Tells whether no observations can make a cluster unhealthy and healthy at once: a recovery never has room for `failureThreshold` failures. */
function hasGap({ failureThreshold, failureWindow, successThreshold, recoveryWindow }: HealthPolicy): boolean {
  if (failureWindow <= successThreshold) return true;
  return failureThreshold >= 2 && failureWindow <= recoveryWindow;
}

export const HealthPolicyInput = z
  .strictObject({
    intervalSeconds: healthFields.intervalSeconds.default(5),
    timeoutSeconds: healthFields.timeoutSeconds.default(2),
    confirmSeconds: healthFields.confirmSeconds.default(1),
    failureThreshold: healthFields.failureThreshold.default(3),
    failureWindow: healthFields.failureWindow.optional(),
    successThreshold: healthFields.successThreshold.default(5),
    recoveryWindow: healthFields.recoveryWindow.optional(),
    dwellSeconds: healthFields.dwellSeconds.default(120),
  })
  .transform(({ failureWindow, recoveryWindow, ...policy }): HealthPolicy => {
    const failures = failureWindow ?? 2 * policy.failureThreshold - 1;
    return { ...policy, failureWindow: failures, recoveryWindow: recoveryWindow ?? Math.max(8, failures) };
  })
  .refine((policy) => policy.successThreshold >= policy.failureThreshold, {
    path: ['successThreshold'],
    message: 'must be at least failureThreshold, or a flapping cluster returns faster than it leaves',
  })
  .refine((policy) => policy.failureWindow >= policy.failureThreshold, {
    path: ['failureWindow'],
    message: 'must be at least failureThreshold, or no cluster is ever found unhealthy',
  })
  .refine(hasGap, {
    path: ['recoveryWindow'],
    message:
      'must be at least failureWindow, with a failureThreshold of at least 2 (or successThreshold must be at least failureWindow): ' +
      'otherwise the same observations would make a cluster unhealthy and healthy',
  })
  .meta({ id: 'HealthPolicyInput' });

const defaultDistribution = Name.optional().meta({
  description: 'The distribution of routes that have none of their own.',
});

export const FleetInput = z
  .strictObject({
    displayName: DisplayName.optional(),
    labels: Labels.default({}),
    automation: Automation.default('recommend'),
    approvals: ApprovalPolicy.optional(),
    defaultDistribution,
    health: HealthPolicyInput.prefault({}),
    ...policyFields,
  })
  .meta({ id: 'FleetInput', description: 'A set of clusters that serve the same applications.' });
export type FleetSpec = z.output<typeof FleetInput>;

export const PauseInput = z
  .strictObject({ reason: Reason })
  .meta({ id: 'PauseInput', description: 'Pauses the automation of a fleet.' });

export const Fleet = z
  .object({
    ...metadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    automation: Automation,
    approvals: ApprovalPolicy.optional(),
    defaultDistribution,
    health: HealthPolicy,
    ...policyFields,
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Fleet' });
export type Fleet = z.infer<typeof Fleet>;

export const FleetPage = pageOf('FleetPage', Fleet);

export const FleetQuery = resourceQuery({ automation: Automation.optional().meta({ examples: ['automatic'] }) });
export type FleetQuery = AskedOf<typeof FleetQuery>;
