import * as z from 'zod';
import { DisplayName, fleetMetadata, Labels, Port, pageOf, Timestamp } from './common.ts';
import { DryRun } from './plan.ts';

const HeaderName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'must be an HTTP header name');

export const HttpProbe = z
  .strictObject({
    type: z.literal('http'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an absolute http or https URL' })
      .max(2048)
      .meta({ examples: ['https://ingress.hangzhou-a.example.com/healthz'] }),
    method: z.enum(['GET', 'HEAD']).default('GET'),
    headers: z
      .record(HeaderName, z.string().max(1024))
      .refine((headers) => Object.keys(headers).length <= 16, 'must have at most 16 headers')
      .default({}),
    expectedStatus: z
      .strictObject({ from: z.int().min(100).max(599), to: z.int().min(100).max(599) })
      .refine((range) => range.from <= range.to, 'from must not exceed to')
      .default({ from: 200, to: 399 })
      .meta({ description: 'Any other status is a failure. Redirects are not followed.' }),
  })
  .meta({ id: 'HttpProbe' });
export type HttpProbe = z.output<typeof HttpProbe>;

export const TcpProbe = z
  .strictObject({ type: z.literal('tcp'), host: z.string().min(1).max(253), port: Port })
  .meta({ id: 'TcpProbe', description: 'Succeeds when the connection is accepted.' });
export type TcpProbe = z.output<typeof TcpProbe>;

export const Probe = z.discriminatedUnion('type', [HttpProbe, TcpProbe]);
export type Probe = z.output<typeof Probe>;

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

const common = {
  displayName: DisplayName.optional(),
  labels: Labels.default({}),
  region: z
    .string()
    .max(64)
    .optional()
    .meta({ examples: ['cn-hangzhou'] }),
  zone: z.string().max(64).optional(),
  site: z.string().max(64).optional().meta({ description: 'The data centre or the city: the fault domain.' }),
  ingress: Ingress.optional(),
  probes: z.array(Probe).max(4).default([]).meta({
    description: 'An observation succeeds when all probes succeed. Without probes a cluster is never withdrawn.',
  }),
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

export const Observation = z
  .object({
    observedAt: Timestamp,
    outcome: z.enum(['ok', 'fail']),
    latencyMs: z.int().min(0),
    detail: z.string().meta({ description: 'What the prober saw.', examples: ['http: 503', 'http: no answer in 2 s'] }),
  })
  .meta({ id: 'Observation', description: 'What a prober saw of a cluster at one time.' });
export type Observation = z.infer<typeof Observation>;

export const ObservationPage = pageOf('ObservationPage', Observation);

export const ClusterHealth = z
  .object({
    state: HealthState,
    since: Timestamp.optional(),
    consecutiveFailures: z.int().min(0),
    consecutiveSuccesses: z.int().min(0),
    lastObservation: Observation.optional(),
  })
  .meta({ id: 'ClusterHealth' });
export type ClusterHealth = z.infer<typeof ClusterHealth>;

export const Withdrawal = z
  .object({
    since: Timestamp,
    reason: z.string(),
    decision: z.string().meta({ description: 'The decision that withdrew the cluster.' }),
  })
  .meta({
    id: 'Withdrawal',
    description: 'The cluster gets no traffic as long as this is present and another cluster can serve.',
  });

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
    ingress: Ingress.optional(),
    probes: z.array(Probe),
    health: ClusterHealth,
    withdrawal: Withdrawal.optional(),
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Cluster' });
export type Cluster = z.infer<typeof Cluster>;

export const ClusterPage = pageOf('ClusterPage', Cluster);
