import * as z from 'zod';
import { Endpoint } from './cluster.ts';
import { DisplayName, fleetMetadata, Labels, Name, Port, pageOf, Timestamp } from './common.ts';
import { type AskedOf, resourceQuery } from './list-query.ts';
import { DryRun } from './plan.ts';

const unique = (values: readonly (string | number)[]) => new Set(values).size === values.length;

export const ServicePort = z
  .strictObject({
    name: Name,
    port: Port,
    protocol: z
      .enum(['HTTP', 'HTTPS', 'gRPC'])
      .default('HTTP')
      .meta({ description: 'The protocol that the gateway speaks to the endpoints.' }),
  })
  .meta({ id: 'ServicePort' });
export type ServicePort = z.output<typeof ServicePort>;

export const IngressBackend = z
  .strictObject({ type: z.literal('ingress') })
  .meta({ id: 'IngressBackend', description: "The cluster's ingress endpoints serve the service." });

export const EndpointsBackend = z
  .strictObject({
    type: z.literal('endpoints'),
    endpoints: z.array(Endpoint).min(1).max(200),
    remote: z
      .boolean()
      .default(false)
      .meta({ description: 'True when the endpoints are outside the VPC of the gateways.' }),
  })
  .meta({ id: 'EndpointsBackend', description: 'These endpoints serve the service.' });

export const ServiceExport = z
  .strictObject({
    cluster: Name,
    backend: z.discriminatedUnion('type', [IngressBackend, EndpointsBackend]).default({ type: 'ingress' }),
    replicas: z.int().min(1).max(10_000).default(1).meta({
      description: 'The number of ready replicas, which is the weight of the cluster with the strategy `replicas`.',
    }),
    exportedAt: Timestamp.optional().meta({
      description: 'The creation time of the ServiceExport. The oldest export wins conflicts.',
    }),
  })
  .meta({
    id: 'ServiceExport',
    description: 'The offer of a cluster to serve the service for the fleet (KEP-1645 ServiceExport).',
  });
export type ServiceExport = z.output<typeof ServiceExport>;

const thresholds = {
  intervalSeconds: z.int().min(1).max(50).default(2),
  timeoutSeconds: z.int().min(1).max(300).default(2),
  healthyThreshold: z.int().min(2).max(10).default(2),
  unhealthyThreshold: z.int().min(2).max(10).default(2),
};

export const TcpHealthCheck = z.strictObject({ type: z.literal('tcp'), ...thresholds }).meta({ id: 'TcpHealthCheck' });

export const HttpHealthCheck = z
  .strictObject({
    type: z.literal('http'),
    path: z.string().max(80).regex(/^\//, 'must start with /').default('/'),
    method: z.enum(['HEAD', 'GET']).default('HEAD'),
    ...thresholds,
  })
  .meta({ id: 'HttpHealthCheck' });

export const HealthCheck = z.discriminatedUnion('type', [TcpHealthCheck, HttpHealthCheck]);
export type HealthCheck = z.output<typeof HealthCheck>;

export const CookieAffinity = z
  .strictObject({ type: z.literal('cookie'), ttlSeconds: z.int().min(1).max(86_400).default(1000) })
  .meta({
    id: 'CookieAffinity',
    description: 'Requests of one client stay with one endpoint of this service, by a cookie that the gateway sets.',
  });

export const ServiceInput = z
  .strictObject({
    displayName: DisplayName.optional(),
    labels: Labels.default({}),
    namespace: Name.default('default'),
    ports: z
      .array(ServicePort)
      .min(1)
      .max(20)
      .refine((ports) => unique(ports.map((port) => port.port)), 'must not repeat a port')
      .refine((ports) => unique(ports.map((port) => port.name)), 'must not repeat a name'),
    exports: z
      .array(ServiceExport)
      .max(100)
      .default([])
      .refine((exports) => unique(exports.map((item) => item.cluster)), 'must not repeat a cluster'),
    healthCheck: HealthCheck.prefault({ type: 'tcp' }).meta({
      description: "The gateway's own check of each endpoint.",
    }),
    sessionAffinity: CookieAffinity.optional(),
  })
  .meta({ id: 'ServiceInput', description: 'An application that several clusters serve.' });
export type ServiceSpec = z.output<typeof ServiceInput>;

export const ServiceImport = z
  .object({
    type: z.enum(['ClusterSetIP']),
    ports: z.array(ServicePort),
    clusters: z.array(Name).meta({ description: 'The clusters that export the service, oldest export first.' }),
  })
  .meta({
    id: 'ServiceImport',
    description: 'The service as the fleet sees it (KEP-1645 ServiceImport), derived from its exports.',
  });

export const Service = z
  .object({
    ...fleetMetadata,
    displayName: DisplayName.optional(),
    labels: Labels,
    namespace: Name,
    ports: z.array(ServicePort),
    exports: z.array(ServiceExport),
    healthCheck: HealthCheck,
    sessionAffinity: CookieAffinity.optional(),
    import: ServiceImport,
    dryRun: DryRun.optional(),
  })
  .meta({ id: 'Service' });
export type Service = z.infer<typeof Service>;

export const ServicePage = pageOf('ServicePage', Service);

export const ServiceQuery = resourceQuery({
  cluster: Name.optional().meta({ description: 'Only services that this cluster exports.', examples: ['hangzhou-a'] }),
});
export type ServiceQuery = AskedOf<typeof ServiceQuery>;
