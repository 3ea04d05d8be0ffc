/** The declarations of the story: two cities serve one shop behind one gateway. */

import { EDGE_LISTENER, targetOf } from './cloud.ts';

export const fleet = {
  displayName: 'Shop',
  automation: 'automatic',
  health: { failureThreshold: 2, successThreshold: 3, dwellSeconds: 30 },
  failover: { cooldownSeconds: 30, correlation: { action: 'proceed' } },
  drills: [{ name: 'lose-hangzhou', city: 'hangzhou', durationSeconds: 30, recoveryTargetSeconds: 30 }],
  notifications: [{ target: 'oncall' }],
};

/** The actions that take a second person in the end. */
export const approvals = { required: ['break-glass', 'grant'] };

function cluster(city: string, address: string, requestsPerSecond: number) {
  const name = `${city}-a`;
  return {
    kind: 'kubernetes',
    region: `cn-${city}`,
    site: `${city}-1`,
    city,
    ingress: { endpoints: [{ address, port: 80 }] },
    capacity: { requestsPerSecond },
    probes: [{ type: 'http', url: `https://ingress.${name}.example.com/healthz` }],
  };
}

export const clusters = {
  'hangzhou-a': cluster('hangzhou', '10.1.0.8', 1200),
  'shanghai-a': cluster('shanghai', '10.2.0.8', 1200),
};

export const gateway = { target: targetOf(EDGE_LISTENER) };

export const service = {
  namespace: 'shop',
  ports: [{ name: 'http', port: 80 }],
  exports: [
    { cluster: 'hangzhou-a', replicas: 6 },
    { cluster: 'shanghai-a', replicas: 3 },
  ],
};

export const distribution = {
  displayName: 'Hangzhou and Shanghai',
  strategy: 'weighted',
  clusters: [
    { city: 'hangzhou', weight: 70 },
    { city: 'shanghai', weight: 30 },
  ],
};

export const route = {
  gateways: ['edge'],
  hostnames: ['shop.example.com'],
  rules: [{ backendRefs: [{ service: 'shop', port: 80 }], peakRequestsPerSecond: 900 }],
  distribution: { ref: 'two-cities' },
};

/** The fields of a manifest besides its items. */
export const LIST = { apiVersion: 'fairlead.dev/v1', kind: 'List' };

/** Returns a declaration as a manifest has it. */
export function document(kind: string, name: string, spec: object) {
  return { apiVersion: LIST.apiVersion, kind, metadata: { name }, spec };
}
