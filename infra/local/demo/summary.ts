import type { GatewayTarget } from '../../../schemas/gateway.ts';
import type { LogEntry } from '../cloud/log.ts';
import { countWrites } from '../cloud-writes.ts';
import type { FailureMode } from '../demo-cluster.ts';
import type { Sample } from './traffic.ts';

/** A number for each cluster, such as its share in percent or its count of answers. */
export type Split = Record<string, number>;

/** The measurements of a demonstration; times are in milliseconds since the epoch. */
export interface Facts {
  provider: GatewayTarget['provider'];
  failure: FailureMode;
  samples: readonly Sample[];
  calls: readonly LogEntry[];
  failedAtMs: number;
  withdrawnAtMs: number;
  switchedAtMs: number;
  recoveredAtMs: number;
  returnedAtMs: number;
  sharesBefore: Split;
  sharesDuring: Split;
  sharesAfter: Split;
  observedBefore: Split;
  pinned: { hit: number; of: number };
}

export interface Summary {
  provider: GatewayTarget['provider'];
  failure: FailureMode;
  requests: number;
  failedBeforeSwitch: number;
  /** Failed requests that began after the switch was verified. */
  failedAfterSwitch: number;
  /** Milliseconds from the failure to the decision. */
  detectMs: number;
  /** Milliseconds from the decision until the gateway was verified to follow it. */
  switchMs: number;
  /** Milliseconds from the recovery of the cluster until the declared shares were verified. */
  recoverMs: number;
  /**
   * Calls to the provider, from the failure on, that wrote rules or routes; `poolWrites` counts those that wrote server
   * groups or services.
   */
  ruleWrites: number;
  poolWrites: number;
  sharesBefore: Split;
  sharesDuring: Split;
  sharesAfter: Split;
  /** The answers of each cluster, counted before the failure. */
  observedBefore: Split;
  pinned: { hit: number; of: number };
}

export function summarize(facts: Facts): Summary {
  const failed = facts.samples.filter((sample) => sample.failure !== undefined);
  const writes = countWrites(
    facts.calls.filter((call) => call.product === facts.provider && Date.parse(call.at) >= facts.failedAtMs),
  );
  return {
    provider: facts.provider,
    failure: facts.failure,
    requests: facts.samples.length,
    failedBeforeSwitch: failed.filter((sample) => sample.startedMs <= facts.switchedAtMs).length,
    failedAfterSwitch: failed.filter((sample) => sample.startedMs > facts.switchedAtMs).length,
    detectMs: facts.withdrawnAtMs - facts.failedAtMs,
    switchMs: facts.switchedAtMs - facts.withdrawnAtMs,
    recoverMs: facts.returnedAtMs - facts.recoveredAtMs,
    ruleWrites: writes.rules,
    poolWrites: writes.pools,
    sharesBefore: facts.sharesBefore,
    sharesDuring: facts.sharesDuring,
    sharesAfter: facts.sharesAfter,
    observedBefore: facts.observedBefore,
    pinned: facts.pinned,
  };
}

/** Returns a sentence for each result that is not as it should be. */
export function shortcomings(summary: Summary): string[] {
  const { sharesBefore, sharesDuring, sharesAfter, pinned } = summary;
  const faults: string[] = [];
  if (summary.failedAfterSwitch > 0) {
    faults.push(`${summary.failedAfterSwitch} requests failed after the switch was verified.`);
  }
  if (summary.ruleWrites > 0)
    faults.push(`The failover wrote rules (${summary.ruleWrites} calls); it must move pools only.`);
  if (!same(sharesBefore, { 'hangzhou-a': 60, 'hangzhou-b': 40 }))
    faults.push(`The shares were ${text(sharesBefore)} before.`);
  if (!same(sharesDuring, { 'hangzhou-a': 0, 'hangzhou-b': 100 }))
    faults.push(`The shares were ${text(sharesDuring)} after the switch.`);
  if (!same(sharesAfter, sharesBefore)) faults.push(`The shares are ${text(sharesAfter)} after the recovery.`);
  if (pinned.hit < pinned.of) faults.push(`Only ${pinned.hit} of ${pinned.of} pinned requests reached their cluster.`);
  return faults;
}

export function describe(summary: Summary): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return [
    `Observed before:  ${text(summary.observedBefore)} of 1,000 requests; pinned ${summary.pinned.hit} of ${summary.pinned.of}`,
    `Shares:           ${text(summary.sharesBefore)} | failed: ${text(summary.sharesDuring)} | recovered: ${text(summary.sharesAfter)}`,
    `Failure:          ${summary.failure}, detected in ${seconds(summary.detectMs)}, switched in ${seconds(summary.switchMs)}`,
    `Requests:         ${summary.requests}; failed before the switch: ${summary.failedBeforeSwitch}; after it: ${summary.failedAfterSwitch}`,
    `Calls to ${summary.provider.toUpperCase()}:     ${summary.poolWrites} wrote where requests go, ${summary.ruleWrites} wrote rules`,
    `Recovery:         the declared shares were back after ${seconds(summary.recoverMs)}`,
  ].join('\n');
}

/** Renders the numbers for people, ordered by the names of the clusters. */
export function text(split: Split): string {
  return Object.entries(split)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function same(a: Split, b: Split): boolean {
  return text(a) === text(b);
}
