import * as z from 'zod';
import { City, DisplayName, fleetMetadata, Labels, Name, Percent, Port, pageOf, Site, Timestamp } from './common.ts';
import { Tier } from './distribution.ts';
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
      description: 'The addresses are outside the VPC of the gateways: another VPC, another cloud, a data centre.',
    }),
  })
  .meta({ id: 'Ingress' });
export type Ingress = z.output<typeof Ingress>;

const declared = {
  capacity: z
    .strictObject({ requestsPerSecond: z.int().min(1).max(100_000_000) })
    .optional()
    .meta({ description: 'What the cluster can serve. Absent: it is not limited.' }),
  tier: Tier.default(0).meta({
    description: 'That of the cluster in distributions that name none: 0 serves, the others stand behind it.',
  }),
  joins: z.enum(['when-healthy', 'at-once']).default('when-healthy').meta({
    description:
      'When a cluster that is added to a fleet that serves already gets its first share, in automatic fleets: once it is found healthy, or at once.',
  }),
  probes: z.array(Probe).max(4).default([]).meta({
    description:
      'An observation succeeds when all probes of the path ingress succeed. A cluster that nobody watches is never withdrawn.',
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
  site: Site.optional().meta({ description: 'The data centre: what fails together.' }),
  city: City.optional().meta({ description: 'Where the site is.' }),
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

/** What failed of a cluster: its ingress alone, or also what is around it. */
export const FailureCause = z.enum(['Ingress', 'Cluster']);
export type FailureCause = z.infer<typeof FailureCause>;

export const Observation = z
  .object({
    voter: Name,
    observedAt: Timestamp,
    outcome: z.enum(['ok', 'fail', 'inconclusive']).meta({
      description:
        'inconclusive: says nothing of the cluster, and counts for nothing; the prober itself may be at fault.',
    }),
    cause: FailureCause.optional().meta({ description: 'Of a failure.' }),
    latencyMs: z.int().min(0),
    isSlow: z.boolean().optional().meta({ description: 'It was good, and took longer than maxLatencyMs.' }),
    detail: z.string().meta({ description: 'What the prober saw.', examples: ['http: 503', 'http: no answer in 2 s'] }),
  })
  .meta({ id: 'Observation', description: 'What a prober saw of a cluster at one time.' });
export type Observation = z.infer<typeof Observation>;

export const ObservationPage = pageOf('ObservationPage', Observation);

export const Vote = z
  .object({
    voter: Name,
    state: HealthState.meta({ description: 'What it says now; unknown when it has not said anything for too long.' }),
    since: Timestamp.optional(),
    failures: z.int().min(0).optional().meta({ description: 'Of its last observations, as many as failureWindow.' }),
    consecutiveFailures: z.int().min(0).meta({ description: 'The last ones, up to 20.' }),
    consecutiveSuccesses: z.int().min(0).meta({ description: 'The last ones, up to 20.' }),
    observedAt: Timestamp.optional().meta({ description: 'Of its last observation that says something.' }),
    isFresh: z.boolean(),
    isSuspect: z.boolean().meta({ description: 'Its own network seems to be at fault: its vote is void.' }),
    slowSince: Timestamp.optional().meta({ description: 'Since when it finds the cluster slow.' }),
    cause: FailureCause.optional(),
    detail: z.string(),
  })
  .meta({ id: 'Vote', description: 'What one voter says of a cluster.' });
export type Vote = z.infer<typeof Vote>;

export const Impairment = z
  .object({
    by: z.enum(['latency', 'alert']),
    since: Timestamp,
    detail: z.string(),
  })
  .meta({ id: 'Impairment', description: 'What speaks against a cluster although it answers.' });
export type Impairment = z.infer<typeof Impairment>;

export const ClusterHealth = z
  .object({
    state: HealthState.meta({ description: 'What a majority of the voters said last.' }),
    since: Timestamp.optional(),
    cause: FailureCause.optional().meta({ description: 'Of an unhealthy cluster; Cluster advises to evacuate it.' }),
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
    percent: Percent.meta({ description: 'Of the share that it would have, what is left to it.' }),
    cause: WithdrawalCause,
    since: Timestamp,
    reason: z.string(),
    decision: z.string().meta({ description: 'The decision that withdrew the cluster.' }),
  })
  .meta({
    id: 'Withdrawal',
    description: 'The cluster gets less than its share as long as this is present and another cluster can serve.',
  });

export const ClusterStanding = z
  .object({
    state: z.enum(['up', 'suspected', 'down', 'held', 'ramping', 'joining']).meta({
      description:
        'up: nothing is known against it. suspected: it fails, and a brake keeps it in. down: it fails. held: it has recovered, and waits with what it ' +
        'has. ramping: it gets its share back step by step. joining: it is new, and was never found healthy.',
    }),
    since: Timestamp.optional(),
    reason: z.string().optional(),
    waitsFor: z
      .array(z.enum(['dwell', 'consent', 'turn']))
      .optional()
      .meta({
        description:
          'What a held cluster waits for. dwell: to stay healthy for its dwell time and its cooldown. consent: somebody to restore it, or the end of a ' +
          'freeze window. turn: one site returns at a time.',
      }),
    untilAtMost: Timestamp.optional().meta({ description: 'When the brake of a suspected cluster ends by itself.' }),
  })
  .meta({ id: 'ClusterStanding', description: 'What automation holds a cluster to be.' });
export type ClusterStanding = z.infer<typeof ClusterStanding>;

export const ClusterAtGateway = z
  .object({
    gateway: Name,
    pools: z.int().min(1).meta({ description: 'Of which it is a member.' }),
    unknownPools: z.int().min(0).meta({ description: 'Of which it could not be told what it had.' }),
    minPercent: Percent.meta({ description: 'The least that it had of any of the others.' }),
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
    gateways: z.array(ClusterAtGateway).meta({ description: 'What it had at each gateway when that was read.' }),
    standing: ClusterStanding,
    withdrawal: Withdrawal.optional(),
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Cluster' });
export type Cluster = z.infer<typeof Cluster>;

export const ClusterPage = pageOf('ClusterPage', Cluster);
