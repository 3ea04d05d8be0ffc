import * as z from 'zod';
import { City, DisplayName, fleetMetadata, Labels, Name, Percent, Port, pageOf, Site, Timestamp } from './common.ts';
import { Tier } from './distribution.ts';
import { type AskedOf, exactly, listQuery, resourceQuery, span } from './list-query.ts';
import { DryRun } from './plan.ts';
import { Probe } from './probe.ts';

export const Endpoint = z
  .strictObject({ address: z.ipv4().meta({ format: 'ipv4', examples: ['10.0.0.8'] }), port: Port })
  .meta({ id: 'Endpoint' });
export type Endpoint = z.infer<typeof Endpoint>;

export const Ingress = z
  .strictObject({
    endpoints: z.array(Endpoint).min(1).max(20).meta({ description: 'The entry addresses of the cluster.' }),
    remote: z.boolean().default(false).meta({
      description:
        'True when the addresses are outside the VPC of the gateways: in another VPC, in another cloud or in a data centre.',
    }),
  })
  .meta({ id: 'Ingress' });
export type Ingress = z.output<typeof Ingress>;

const declared = {
  capacity: z
    .strictObject({ requestsPerSecond: z.int().min(1).max(100_000_000) })
    .optional()
    .meta({ description: 'The most that the cluster can serve. When absent, it is not limited.' }),
  tier: Tier.default(0).meta({
    description:
      'The tier of the cluster in distributions that name none. Tier 0 serves, and the other tiers stand behind it.',
  }),
  joins: z
    .enum(['when-healthy', 'at-once'])
    .default('when-healthy')
    .meta({
      description:
        'Tells when a cluster that is added to an automatic fleet which already serves gets its first share. when-healthy: once it is ' +
        'found healthy. at-once: immediately.',
    }),
  probes: z
    .array(Probe)
    .max(4)
    .default([])
    .meta({
      description:
        'The probes of the cluster. An observation succeeds when all probes of the path `ingress` succeed. A cluster that nobody ' +
        'watches is never withdrawn.',
    }),
};

const common = {
  displayName: DisplayName.optional(),
  labels: Labels.default({}),
  region: z
    .string()
    .max(64)
    .optional()
    .meta({ examples: ['cn-hangzhou'] }),
  zone: z.string().max(64).optional(),
  site: Site.optional().meta({ description: 'The data centre. Clusters of one site are expected to fail together.' }),
  city: City.optional().meta({ description: 'The city that the site is in.' }),
  ingress: Ingress.optional(),
  ...declared,
};

export const AckClusterInput = z
  .strictObject({ kind: z.literal('ack'), cloudClusterId: z.string().min(1).max(64), ...common })
  .meta({ id: 'AckClusterInput', description: 'A cluster of Alibaba Cloud Container Service for Kubernetes.' });

export const KubernetesClusterInput = z
  .strictObject({ kind: z.literal('kubernetes'), ...common })
  .meta({ id: 'KubernetesClusterInput', description: 'Any other Kubernetes cluster.' });

export const ClusterInput = z
  .discriminatedUnion('kind', [AckClusterInput, KubernetesClusterInput])
  .meta({ id: 'ClusterInput' });
export type ClusterSpec = z.output<typeof ClusterInput>;

export const HealthState = z.enum(['healthy', 'unhealthy', 'unknown']);
export type HealthState = z.infer<typeof HealthState>;

/** The extent of a failure: `Ingress` when the ingress of the cluster alone failed, `Cluster` when the probes around it failed, too. */
export const FailureCause = z.enum(['Ingress', 'Cluster']);
export type FailureCause = z.infer<typeof FailureCause>;

export const Observation = z
  .object({
    voter: Name,
    observedAt: Timestamp,
    outcome: z.enum(['ok', 'fail', 'inconclusive']).meta({
      description:
        'The result. inconclusive: the observation tells nothing about the cluster and is not counted, since the prober itself may be ' +
        'at fault.',
    }),
    cause: FailureCause.optional().meta({ description: 'The cause of a failure.' }),
    latencyMs: z.int().min(0),
    isSlow: z
      .boolean()
      .optional()
      .meta({ description: 'True when the observation succeeded, but took longer than `maxLatencyMs`.' }),
    detail: z.string().meta({
      description: 'A text that describes the answer that the prober got.',
      examples: ['http: 503', 'http: no answer in 2 s'],
    }),
  })
  .meta({ id: 'Observation', description: 'The result of probing a cluster at one time.' });
export type Observation = z.infer<typeof Observation>;

export const ObservationPage = pageOf('ObservationPage', Observation);

export const Vote = z
  .object({
    voter: Name,
    state: HealthState.meta({
      description:
        'The state that the voter currently reports; unknown when it has not reported anything for too long.',
    }),
    since: Timestamp.optional(),
    failures: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'The number of failures among the last `failureWindow` observations of the voter.' }),
    consecutiveFailures: z
      .int()
      .min(0)
      .meta({ description: 'The number of such observations in a row up to now, counted up to 20.' }),
    consecutiveSuccesses: z
      .int()
      .min(0)
      .meta({ description: 'The number of such observations in a row up to now, counted up to 20.' }),
    observedAt: Timestamp.optional().meta({
      description: 'The time of the last observation of the voter that was not inconclusive.',
    }),
    isFresh: z.boolean(),
    isSuspect: z
      .boolean()
      .meta({ description: 'True when the network of the voter itself seems to be at fault. Its vote is then void.' }),
    slowSince: Timestamp.optional().meta({ description: 'The time since which the voter finds the cluster slow.' }),
    cause: FailureCause.optional(),
    detail: z.string(),
  })
  .meta({ id: 'Vote', description: 'The verdict of one voter on a cluster.' });
export type Vote = z.infer<typeof Vote>;

export const Impairment = z
  .object({
    by: z.enum(['latency', 'alert']),
    since: Timestamp,
    detail: z.string(),
  })
  .meta({ id: 'Impairment', description: 'A reason to move traffic away from a cluster although it answers.' });
export type Impairment = z.infer<typeof Impairment>;

export const ClusterHealth = z
  .object({
    state: HealthState.meta({ description: 'The last state that a majority of the voters agreed on.' }),
    since: Timestamp.optional(),
    cause: FailureCause.optional().meta({
      description: 'The cause, when the cluster is unhealthy. `Cluster` is an advice to evacuate it.',
    }),
    impaired: Impairment.optional(),
    votes: z.array(Vote),
    lastObservation: Observation.optional(),
  })
  .meta({ id: 'ClusterHealth' });
export type ClusterHealth = z.infer<typeof ClusterHealth>;

export const WithdrawalCause = z.enum(['failure', 'joining', 'return', 'shift', 'drill', 'impaired']);
export type WithdrawalCause = z.infer<typeof WithdrawalCause>;

export const Withdrawal = z
  .object({
    percent: Percent.meta({ description: 'The part of its normal share that is left to the cluster.' }),
    cause: WithdrawalCause,
    since: Timestamp,
    reason: z.string(),
    decision: z.string().meta({ description: 'The decision that withdrew the cluster.' }),
  })
  .meta({
    id: 'Withdrawal',
    description:
      'A reduction of the share of a cluster. The cluster gets less than its share as long as this is present and another cluster ' +
      'can serve.',
  });

export const ClusterStanding = z
  .object({
    state: z.enum(['up', 'suspected', 'down', 'held', 'ramping', 'joining']).meta({
      description:
        'up: nothing is known against the cluster. suspected: it fails, and a brake keeps it in. down: it fails. held: it has ' +
        'recovered, and waits with the share that it has. ramping: it gets its share back step by step. joining: it is new, and has ' +
        'never been found healthy.',
    }),
    since: Timestamp.optional(),
    reason: z.string().optional(),
    waitsFor: z
      .array(z.enum(['dwell', 'consent', 'turn']))
      .optional()
      .meta({
        description:
          'The conditions that a held cluster waits for. dwell: it has to stay healthy for its dwell time and its cooldown. consent: ' +
          'somebody has to restore it, or a freeze window has to end. turn: one site returns at a time, and it is not the turn of this ' +
          'one.',
      }),
    untilAtMost: Timestamp.optional().meta({
      description: 'The time at which the brake that keeps a suspected cluster in ends by itself.',
    }),
  })
  .meta({ id: 'ClusterStanding', description: 'The state of a cluster in the eyes of automation.' });
export type ClusterStanding = z.infer<typeof ClusterStanding>;

export const ClusterAtGateway = z
  .object({
    gateway: Name,
    pools: z.int().min(1).meta({ description: 'The number of pools of the gateway that the cluster is a member of.' }),
    unknownPools: z
      .int()
      .min(0)
      .meta({ description: 'The number of those pools for which the share of the cluster could not be told.' }),
    minPercent: Percent.meta({ description: 'The smallest share that the cluster had of any of the other pools.' }),
    maxPercent: Percent,
    readAt: Timestamp.optional(),
  })
  .meta({ id: 'ClusterAtGateway' });

export const Cluster = z
  .object({
    ...fleetMetadata,
    kind: z.enum(['ack', 'kubernetes']),
    cloudClusterId: z.string().optional(),
    displayName: DisplayName.optional(),
    labels: Labels,
    region: z.string().optional(),
    zone: z.string().optional(),
    site: z.string().optional(),
    city: z.string().optional(),
    ingress: Ingress.optional(),
    ...declared,
    health: ClusterHealth,
    gateways: z
      .array(ClusterAtGateway)
      .meta({ description: 'The shares that the cluster had at each gateway when that gateway was last read.' }),
    standing: ClusterStanding,
    withdrawal: Withdrawal.optional(),
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Cluster' });
export type Cluster = z.infer<typeof Cluster>;

export const ClusterPage = pageOf('ClusterPage', Cluster);

export const ClusterQuery = resourceQuery({
  city: exactly('Only clusters in this city.', 'Hangzhou'),
  site: exactly('Only clusters in this site.', 'hangzhou-a'),
  health: HealthState.optional().meta({ description: 'The state of their health.', examples: ['unhealthy'] }),
  standing: ClusterStanding.shape.state
    .optional()
    .meta({ description: 'The state of their standing.', examples: ['down'] }),
});
export type ClusterQuery = AskedOf<typeof ClusterQuery>;

export const ObservationQuery = listQuery(
  { fields: ['observedAt'], usual: '-observedAt' },
  {
    voter: Name.optional().meta({ examples: ['edge'] }),
    outcome: Observation.shape.outcome.optional().meta({ examples: ['fail'] }),
    ...span,
  },
);
export type ObservationQuery = AskedOf<typeof ObservationQuery>;
