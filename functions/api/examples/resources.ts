/** Examples for the OpenAPI document, by operation id. They are not part of the Worker. */

import type * as z from 'zod';
import { type Cluster, ClusterInput, type ObservationPage } from '../../../schemas/cluster.ts';
import type { Condition } from '../../../schemas/common.ts';
import { type Distribution, DistributionInput } from '../../../schemas/distribution.ts';
import { type Fleet, FleetInput } from '../../../schemas/fleet.ts';
import { type Gateway, GatewayInput } from '../../../schemas/gateway.ts';
import { API_VERSION } from '../../../schemas/manifest.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import { type Route, RouteInput } from '../../../schemas/route.ts';
import { type Service, ServiceInput } from '../../../schemas/service.ts';
import { type Example, readExamples } from '../http/example.ts';
import { accessExamples } from './access.ts';
import { approvalExamples } from './approvals.ts';
import { buttonExamples } from './buttons.ts';
import { decision, vote } from './decisions.ts';
import { drillExamples } from './drills.ts';
import { enrolmentExamples } from './enrolments.ts';
import { evidenceExamples } from './evidence.ts';
import { explainExamples } from './explain.ts';
import { healthExamples } from './health.ts';
import { auditExamples, revisionExamples } from './history.ts';
import { manifestExamples } from './manifests.ts';
import { notificationExamples } from './notifications.ts';
import { gatewayPushExamples, operation, operationExamples } from './push.ts';
import { rolloutExamples } from './rollouts.ts';
import { shiftExamples } from './shifts.ts';
import { statusExample } from './status.ts';

const CREATED = '2026-11-23T07:00:00.000Z';
const OBSERVED = '2026-11-23T07:02:05.000Z';

function condition(type: string, reason = type, message = 'As it should be.'): Condition {
  return { type, status: 'True', reason, message, observedRevision: 1, lastTransitionTime: CREATED };
}

const conditions = [
  condition('Accepted', 'Accepted', 'The declaration is valid.'),
  condition('ResolvedRefs', 'ResolvedRefs', 'Everything that it refers to exists.'),
  { ...condition('Programmed', 'Programmed', sentenceOf('Programmed', {})), observedAt: OBSERVED },
  { ...condition('Following', 'Following', sentenceOf('Following', {})), observedAt: OBSERVED },
];

function metadata(name: string, uid: string) {
  return { name, uid: `${uid}_01KAR2Z3V4W5X6Y7Z8A9B0C1D2`, revision: 1, createdAt: CREATED, updatedAt: CREATED };
}

const fleetInput = { displayName: 'Shop', automation: 'automatic' } satisfies z.input<typeof FleetInput>;

const { voters, controlTargets, failover, safety, drills, notifications } = FleetInput.parse({});

const fleet: Fleet = {
  ...metadata('shop', 'flt'),
  displayName: 'Shop',
  labels: {},
  automation: 'automatic',
  health: {
    intervalSeconds: 5,
    timeoutSeconds: 2,
    confirmSeconds: 1,
    failureThreshold: 3,
    failureWindow: 5,
    successThreshold: 5,
    recoveryWindow: 8,
    dwellSeconds: 120,
  },
  voters,
  controlTargets,
  failover,
  safety,
  drills,
  notifications,
  conditions: [...conditions, condition('Automated', 'Automatic', 'Failing clusters are withdrawn and restored.')],
};

const clusterInput = {
  kind: 'ack',
  cloudClusterId: 'c8f1d2e3a4b5c6d7e8f9a0b1c2d3e4f50',
  region: 'cn-hangzhou',
  zone: 'cn-hangzhou-h',
  site: 'hangzhou',
  ingress: { endpoints: [{ address: '10.1.0.8', port: 80 }] },
  probes: [{ type: 'http', url: 'https://ingress.hangzhou-a.example.com/healthz' }],
} satisfies z.input<typeof ClusterInput>;

const observation = { voter: 'edge', observedAt: OBSERVED, outcome: 'ok', latencyMs: 31, detail: 'http: 200' } as const;

const cluster: Cluster = {
  fleet: 'shop',
  ...metadata('hangzhou-a', 'cls'),
  kind: 'ack',
  cloudClusterId: clusterInput.cloudClusterId,
  labels: {},
  region: 'cn-hangzhou',
  zone: 'cn-hangzhou-h',
  site: 'hangzhou',
  ingress: { ...clusterInput.ingress, remote: false },
  probes: ClusterInput.parse(clusterInput).probes,
  tier: 0,
  joins: 'when-healthy',
  conditions: [
    ...conditions,
    condition('Healthy', 'Healthy', 'Its probes succeed.'),
    condition('Serving', 'Serving', 'It may get traffic.'),
  ],
  standing: { state: 'up' },
  health: {
    state: 'healthy',
    since: CREATED,
    votes: [vote],
    lastObservation: observation,
  },
  gateways: [{ gateway: 'edge', pools: 12, unknownPools: 0, minPercent: 70, maxPercent: 70, readAt: OBSERVED }],
};

const gatewayInput = {
  target: {
    provider: 'alb',
    regionId: 'cn-hangzhou',
    loadBalancerId: 'alb-0nxbccddee1122334',
    listenerIds: ['lsn-abcdef0123456789'],
  },
} satisfies z.input<typeof GatewayInput>;

const gateway: Gateway = {
  fleet: 'shop',
  ...metadata('edge', 'gtw'),
  labels: {},
  ...gatewayInput,
  credentials: 'default',
  policy: 'sync',
  drift: 'alert',
  conditions,
  address: 'alb-0nxbccddee1122334.cn-hangzhou.alb.aliyuncsslb.com',
  sync: {
    state: 'Verified',
    reason: 'Programmed',
    message: 'The gateway is as declared.',
    attempts: 0,
    lastAttemptAt: CREATED,
    verifiedAt: CREATED,
  },
  reading: {
    readAt: OBSERVED,
    poolsReadAt: OBSERVED,
    deviationCount: 0,
    deviations: [],
    clusters: [
      { cluster: 'hangzhou-a', pools: 12, unknownPools: 0, minPercent: 70, maxPercent: 70 },
      { cluster: 'shanghai-b', pools: 12, unknownPools: 0, minPercent: 30, maxPercent: 30 },
    ],
    orphans: [],
    foreign: [],
  },
};

const serviceInput = {
  namespace: 'shop',
  ports: [{ name: 'http', port: 80 }],
  exports: [
    { cluster: 'hangzhou-a', replicas: 6, exportedAt: '2026-11-01T00:00:00.000Z' },
    { cluster: 'shanghai-b', replicas: 2, exportedAt: '2026-11-02T00:00:00.000Z' },
  ],
} satisfies z.input<typeof ServiceInput>;

const ports: Service['ports'] = [{ name: 'http', port: 80, protocol: 'HTTP' }];

const service: Service = {
  fleet: 'shop',
  ...metadata('checkout', 'svc'),
  labels: {},
  namespace: 'shop',
  ports,
  exports: serviceInput.exports.map((item) => ({ ...item, backend: { type: 'ingress' } })),
  healthCheck: {
    type: 'tcp',
    intervalSeconds: 2,
    timeoutSeconds: 2,
    healthyThreshold: 2,
    unhealthyThreshold: 2,
  },
  conditions,
  import: { type: 'ClusterSetIP', ports, clusters: ['hangzhou-a', 'shanghai-b'] },
};

const distributionInput = {
  displayName: 'Two cities',
  strategy: 'weighted',
  clusters: [
    { city: 'hangzhou', weight: 70 },
    { city: 'shanghai', weight: 30 },
  ],
} satisfies z.input<typeof DistributionInput>;

const distribution: Distribution = {
  fleet: 'shop',
  ...metadata('two-cities', 'dst'),
  labels: {},
  ...distributionInput,
  conditions,
};

const routeInput = {
  gateways: ['edge'],
  hostnames: ['shop.example.com'],
  rules: [
    { matches: [{ path: { type: 'Prefix', value: '/checkout' } }], backendRefs: [{ service: 'checkout', port: 80 }] },
  ],
  distribution: {
    strategy: 'weighted',
    clusters: [
      { cluster: 'hangzhou-a', weight: 70 },
      { cluster: 'shanghai-b', weight: 30 },
    ],
  },
} satisfies z.input<typeof RouteInput>;

const route: Route = {
  fleet: 'shop',
  ...metadata('checkout', 'rte'),
  labels: {},
  gateways: ['edge'],
  hostnames: ['shop.example.com'],
  rules: [
    {
      matches: [{ path: { type: 'Prefix', value: '/checkout' }, headers: [], queryParams: [], cookies: [] }],
      filters: [],
      backendRefs: [{ service: 'checkout', port: 80, weight: 1 }],
    },
  ],
  distribution: {
    strategy: 'weighted',
    clusters: routeInput.distribution.clusters,
  },
  distributionUsed: { from: 'route' },
  conditions,
  parents: [
    {
      gateway: 'edge',
      conditions,
      readAt: OBSERVED,
      backends: [
        {
          service: 'checkout',
          port: 80,
          clusters: [
            { cluster: 'hangzhou-a', wantedPercent: 70, verifiedPercent: 70 },
            { cluster: 'shanghai-b', wantedPercent: 30, verifiedPercent: 30 },
          ],
        },
      ],
    },
  ],
  shares: [
    {
      service: 'checkout',
      port: 80,
      clusters: [
        {
          cluster: 'hangzhou-a',
          declaredPercent: 70,
          effectivePercent: 0,
          reason: 'Down',
          message: sentenceOf('Down', {}),
        },
        {
          cluster: 'shanghai-b',
          declaredPercent: 30,
          effectivePercent: 100,
          reason: 'TakesOver',
          message: sentenceOf('TakesOver', {}),
        },
      ],
    },
  ],
};

const observations: z.output<typeof ObservationPage> = { items: [observation] };

export const examples: Record<string, Example> = {
  ...resourceExamples('Fleet', FleetInput, fleetInput, fleet),
  ...resourceExamples('Cluster', ClusterInput, clusterInput, cluster),
  listObservations: { response: observations },
  ...evidenceExamples,
  ...gatewayPushExamples,
  ...operationExamples,
  ...resourceExamples('Gateway', GatewayInput, gatewayInput, gateway),
  ...resourceExamples('Service', ServiceInput, serviceInput, service),
  ...resourceExamples('Distribution', DistributionInput, distributionInput, distribution),
  ...rolloutExamples,
  ...resourceExamples('Route', RouteInput, routeInput, route),
  ...shiftExamples({ decision }),
  ...drillExamples(decision),
  ...buttonExamples(decision, fleet),
  ...readExamples(['Decision', 'Decisions'], decision),
  ...explainExamples(decision),
  getFleetStatus: { response: statusExample(decision) },
  ...manifestExamples(
    {
      items: [
        { apiVersion: API_VERSION, kind: 'Fleet', metadata: { name: 'shop' }, spec: fleetInput },
        { apiVersion: API_VERSION, kind: 'Route', metadata: { name: 'checkout' }, spec: routeInput },
      ],
    },
    operation,
  ),
  ...notificationExamples,
  ...auditExamples,
  ...accessExamples,
  ...enrolmentExamples,
  ...approvalExamples,
  ...healthExamples,
};

function resourceExamples<I>(
  title: string,
  schema: z.ZodType<object, I>,
  input: I,
  view: { name: string; uid: string; createdAt: string },
): Record<string, Example> {
  return {
    ...readExamples([title, `${title}s`], view),
    [`put${title}`]: { body: input, response: view },
    [`delete${title}`]: { response: { plans: [] } },
    ...revisionExamples(title, schema.parse(input), view),
  };
}
