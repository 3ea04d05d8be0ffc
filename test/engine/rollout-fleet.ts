import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import { runProbeRound } from '../../functions/engine/probe/probe.ts';
import { sweep } from '../../functions/engine/schedule/sweep.ts';
import { createInstance } from '../../infra/local/instances.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { type Clusters, startClusters } from './edge.ts';
import {
  accountOf,
  type ControlPlane,
  edgeOf,
  type Json,
  type Options,
  quietApi,
  startControlPlane,
} from './harness.ts';
import { type Saved, savePlane } from './saved.ts';

export const FLEET = '/v1/fleets/prod';
export const PROVIDERS = ['alb', 'mse'] as const;
type Provider = (typeof PROVIDERS)[number];

export const ROUND_MS = 5000;
const HOST = 'shop.example.com';

/**
 * Declares fleet `prod` of clusters a and b behind a gateway of each kind, with a route that uses the distribution
 * `main`, which gives everything to a.
 */
export interface RolloutFleet extends ControlPlane {
  clusters: Clusters;
  rounds(n: number): Promise<void>;
  /** The percentage of answers that clients get from b, at each gateway. */
  shareOfB(): Promise<Record<Provider, number>>;
  main(): Promise<Json>;
  post(path: string, body?: object): Promise<{ status: number; body: Json }>;
}

export const split = (a: number, b: number) => [
  { cluster: 'a', weight: a },
  { cluster: 'b', weight: b },
];
export const toB = (steps: object[], b = 100) => ({ clusters: split(100 - b, b), steps, reason: 'b has new nodes' });
export const ROLLOUTS = `${FLEET}/distributions/main/rollouts`;

interface Kept {
  saved: Saved;
  targets: Map<Provider, GatewayTarget>;
  clusters: Clusters;
}

let kept: Promise<Kept> | undefined;

export async function startRolloutFleet(options: Options = {}): Promise<RolloutFleet> {
  kept ??= keep();
  const { saved, targets, clusters } = await kept;
  const plane = await startControlPlane({ jobLatencyMs: 20, ...options, saved });
  const edges = PROVIDERS.map((provider) => edgeOf(plane, targetOf(targets, provider), clusters));
  return {
    ...plane,
    clusters,
    rounds: async (n) => {
      for (let round = 0; round < n; round++) await runRound(plane);
    },
    shareOfB: async () => {
      const [alb, mse] = await Promise.all(edges.map(async (edge) => (await edge.split(100, HOST))['b'] ?? 0));
      return { alb: alb ?? 0, mse: mse ?? 0 };
    },
    main: async () => (await plane.api('GET', `${FLEET}/distributions/main`)).body,
    post: (path, body) => plane.api('POST', `${ROLLOUTS}${path}`, body),
    close: async () => {
      try {
        await plane.close();
      } finally {
        await Promise.all([clusters.a.recover(), clusters.b.recover()]);
      }
    },
  };
}

async function runRound({ deps, clock }: ControlPlane): Promise<void> {
  await runProbeRound(deps());
  await sweep(deps());
  await stepRollouts(deps());
  clock.advance(ROUND_MS);
}

function targetOf(targets: ReadonlyMap<Provider, GatewayTarget>, provider: Provider): GatewayTarget {
  const target = targets.get(provider);
  if (target === undefined) throw new Error(`There is no gateway of ${provider}.`);
  return target;
}

async function keep(): Promise<Kept> {
  const plane = await startControlPlane();
  const clusters = await startClusters();
  const targets = new Map<Provider, GatewayTarget>();
  const quiet = quietApi(plane);
  const put = async (path: string, body: unknown) => {
    const { status, body: answer } = await quiet('PUT', FLEET + path, body);
    if (status !== 201) throw new Error(`PUT ${path}: ${JSON.stringify(answer)}`);
  };
  const health = {
    ...{ intervalSeconds: 5, timeoutSeconds: 1, confirmSeconds: 1 },
    ...{ failureThreshold: 3, successThreshold: 3, dwellSeconds: 60 },
  };
  await put('', {
    automation: 'automatic',
    health,
    failover: { cooldownSeconds: 0, correlation: { action: 'ignore' } },
  });
  for (const name of ['a', 'b'] as const) {
    const { host, port } = clusters[name].address;
    const ingress = { endpoints: [{ address: host, port }] };
    const probes = [{ type: 'http', url: `http://${host}:${port}/healthz` }];
    await put(`/clusters/${name}`, { kind: 'kubernetes', city: name === 'a' ? 'north' : 'south', ingress, probes });
  }
  await put('/services/shop', { ports: [{ name: 'http', port: 80 }], exports: [{ cluster: 'a' }, { cluster: 'b' }] });
  await put('/distributions/main', { strategy: 'weighted', clusters: split(100, 0) });
  for (const provider of PROVIDERS) {
    const target = await createInstance[provider](accountOf(plane));
    targets.set(provider, target);
    await put(`/gateways/${provider}`, { target });
  }
  await put('/routes/shop', {
    gateways: PROVIDERS,
    hostnames: [HOST],
    rules: [{ backendRefs: [{ service: 'shop', port: 80 }] }],
    distribution: { ref: 'main' },
  });
  for (let round = 0; round < 5; round++) await runRound(plane);
  const saved = await savePlane(plane);
  await plane.close();
  return { saved, targets, clusters };
}
