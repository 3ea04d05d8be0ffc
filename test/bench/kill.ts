import type { Sample } from '../../infra/local/demo/traffic.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';

export type Provider = GatewayTarget['provider'];

export const PROVIDERS: readonly Provider[] = ['alb', 'mse'];

/** The losses of one door in one kill; times are in milliseconds since its first failed request. */
interface Loss {
  lost: number;
  /** When the last failed request began. */
  lastMs: number;
}

/** One kill of a cluster, as it was felt at each door. */
export interface Kill {
  haproxy: Loss;
  gateways: Record<Provider, Loss & { decidedMs: number; verifiedMs: number }>;
}

export interface Seen {
  failedAtMs: number;
  decidedAtMs: number;
  verifiedAtMs: Record<Provider, number>;
  samples: Record<Provider | 'haproxy', readonly Sample[]>;
}

export function killOf({ failedAtMs, decidedAtMs, verifiedAtMs, samples }: Seen): Kill {
  const failures = (door: Provider | 'haproxy') =>
    samples[door]
      .filter(({ failure, endedMs }) => failure !== undefined && endedMs >= failedAtMs)
      .map(({ startedMs }) => Math.max(startedMs, failedAtMs));
  const lossOf = (door: Provider | 'haproxy', firstMs: number): Loss => {
    const own = failures(door);
    return { lost: own.length, lastMs: Math.max(0, ...own.map((atMs) => atMs - firstMs)) };
  };
  const gatewayOf = (provider: Provider) => {
    const firstMs = Math.min(verifiedAtMs[provider], ...failures(provider));
    const [decidedMs, verifiedMs] = [decidedAtMs - firstMs, verifiedAtMs[provider] - firstMs];
    return { ...lossOf(provider, firstMs), decidedMs, verifiedMs };
  };
  const haproxy = lossOf('haproxy', Math.min(failedAtMs, ...failures('haproxy')));
  return { haproxy, gateways: { alb: gatewayOf('alb'), mse: gatewayOf('mse') } };
}

/**
 * Computes the figures of each gateway over several kills. `lostRatio` is the number of lost requests divided by those
 * that HAProxy lost in the same kills.
 */
export function resultsOf(kills: readonly Kill[]) {
  const lostByHaproxy = kills.map(({ haproxy }) => haproxy.lost);
  return PROVIDERS.map((provider) => {
    const own = kills.map(({ gateways }) => gateways[provider]);
    const lost = own.map((loss) => loss.lost);
    return {
      provider,
      verifiedMs: spread(own.map(({ verifiedMs }) => verifiedMs)),
      decidedMs: spread(own.map(({ decidedMs }) => decidedMs)),
      lastLostMs: spread(own.map(({ lastMs }) => lastMs)),
      lost: spread(lost),
      lostByHaproxy: spread(lostByHaproxy),
      lostRatio: Number((sum(lost) / sum(lostByHaproxy)).toFixed(2)),
    };
  });
}

/** With a hundred values or fewer p99 is the largest. */
function spread(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
  return { median: at(0.5), p99: at(0.99), max: at(1) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
